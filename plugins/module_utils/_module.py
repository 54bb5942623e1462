# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Between Ansible and the core: a module's parameters become a job, the core's errors become the module's."""

from __future__ import annotations

import os
import sys
import traceback
from typing import Any, Callable, NamedTuple, NoReturn

from ansible.module_utils.basic import AnsibleModule

from ._core import detach, history, runs
from ._core.codec import COMPRESSIONS, FORMATS
from ._core.definition.load import load
from ._core.definition.model import Connection, Job
from ._core.definition.parse import ENGINES, PROOFS, SSL_MODES, parse
from ._core.errors import HoldfastError
from ._core.places import Places
from ._core.progress import Progress
from ._core.retention import Keep
from ._core.terminal.blocks import Block
from ._core.terminal.draw import lines
from ._core.visible import visible

KEEP = {option: {"type": "int", "default": default} for option, default in vars(Keep()).items()}

CONNECTION = {
    "container": {"type": "str"},
    "engine": {"type": "str", "choices": sorted(ENGINES)},
    "host": {"type": "str"},
    "port": {"type": "int", "default": Connection.port},
    "socket": {"type": "path", "default": Connection.socket},
    "os_user": {"type": "str"},
    "user": {"type": "str", "default": Connection.user},
    "password": {"type": "str", "no_log": True},
    "password_file": {"type": "path", "no_log": False},
    "restore_user": {"type": "str"},
    "restore_password": {"type": "str", "no_log": True},
    "restore_password_file": {"type": "path", "no_log": False},
    "sslmode": {"type": "str", "choices": list(SSL_MODES)},
    "sslrootcert": {"type": "path"},
    "maintenance_database": {"type": "str", "default": Connection.maintenance_database},
    "work_dir": {"type": "path", "default": Connection.work_dir},
}

DEFINITION = {
    "name": {"type": "str", "required": True},
    "connection": {"type": "dict", "options": CONNECTION},
    "databases": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {"database": {"type": "str", "required": True}, "name": {"type": "str"}},
    },
    "globals": {"type": "bool", "default": Job.globals},
    "format": {"type": "str", "choices": sorted(FORMATS), "default": Job.format},
    "compression": {"type": "str", "choices": sorted(COMPRESSIONS), "default": Job.compression},
    "compression_level": {"type": "int"},
    "parallel": {"type": "int", "default": Job.parallel},
    "proof": {"type": "str", "choices": sorted(PROOFS), "default": Job.proof},
    "repository": {"type": "path"},
    "schedule": {"type": "str", "default": Job.schedule},
    "drill_schedule": {"type": "str", "default": Job.drill_schedule},
    "keep": {"type": "dict", "options": KEEP},
}


FOUND = "The same {verb} was begun before and lost its connection: it would be followed, or its result returned."


class Request(NamedTuple):
    """What a module works with: its parameters, where things are kept, the job, and what to tell progress to."""

    parameters: dict[str, Any]
    check_mode: bool
    places: Places
    job: Job
    progress: Progress


class Long(NamedTuple):
    """What the action plugin of a module that may take hours needs to know of it.

    lasting: a result that nobody has got, because the connection was lost, answers the same request that comes again.
    """

    verb: str
    lasting: bool


class _Collected(Progress):
    """Steps for the result, and for whoever follows the run."""

    def __init__(self, module: AnsibleModule) -> None:
        self.steps: list[str] = []
        self.run: runs.Run | None = None
        self._module = module

    def step(self, text: str) -> None:
        self.steps.append(text)
        if self.run is not None:
            self.run.tell(text)

    def warn(self, text: str) -> None:
        self._module.warn(visible(text))


def run(
    options: dict[str, Any],
    act: Callable[[Request], dict[str, Any]],
    view: Callable[[dict[str, Any]], list[Block]],
    long: Long | None = None,
    **constraints: Any,
) -> None:
    """A whole module: parse, one call, format.

    view makes the lines that people read, as the program would print them. With long, the action plugin may have the
    work done apart from the connection. constraints are those of AnsibleModule, such as required_if.
    """
    module = AnsibleModule(
        argument_spec={"job": {"type": "str"}, "definition": {"type": "dict", "options": DEFINITION}, **options},
        mutually_exclusive=[("job", "definition")],
        supports_check_mode=True,
        **constraints,
    )
    progress = _Collected(module)
    places = Places.from_environment()
    try:
        if module.params["definition"] is None:
            job = load(places, module.params["job"])
        else:
            job = parse(module.params["definition"], places.backups)
        if long:
            _join(module, long, places, job, progress)
        result = act(Request(module.params, module.check_mode, places, job, progress))
    except HoldfastError as error:
        replaced = {"replaced": True} if error.replaced else {}
        module.fail_json(msg=str(error), next_step=error.next_step, steps=progress.steps, **replaced)
    except KeyboardInterrupt:
        module.fail_json(msg="it was ended by a signal; what was unfinished is undone", steps=progress.steps)
    module.exit_json(**{"steps": progress.steps, **result}, summary=lines(view(result)))


def _join(module: AnsibleModule, long: Long, places: Places, job: Job, progress: _Collected) -> None:
    """Return in the process that does the work. Everybody else is told of the run that does it, or did, and ends."""
    options = {name: value for name, value in module.params.items() if name not in ("job", "definition")}
    # As text a job has no secrets.
    asked = {"verb": long.verb, "job": repr(job), "options": options}
    done = history.read(places, job.name)
    if module.check_mode:
        run = runs.look(places, asked, done, long.lasting)
        if run is not None:
            module.exit_json(**_known(run), changed=True, steps=[], summary=[FOUND.format(verb=long.verb)])
        return
    run_id = os.environ.get("HOLDFAST_RUN")
    if run_id is None:
        return
    claim = runs.claim(places, run_id, asked, done, long.lasting)
    if not claim.new:
        module.exit_json(**_known(claim.run), new=claim.run.id == run_id)
    if detach.detach(claim.run.output, claim.run.errors):
        _leave(lambda: module.exit_json(**_known(claim.run), new=True))
    progress.run = claim.run
    if claim.earlier:
        progress.step(claim.earlier)


def _leave(tell: Callable[[], None]) -> NoReturn:
    """End at once: Ansible's wrapper deletes a module's code when it returns, and the other process needs that."""
    done = False
    try:
        tell()
    except SystemExit:
        done = True
    finally:
        if not done:
            # Nobody else would hear of it.
            traceback.print_exc()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0 if done else 1)


def _known(run: runs.Run) -> dict[str, Any]:
    return {
        "holdfast_run": run.id,
        "at_work": run.at_work(),
        "since": run.request().get("since", ""),
        "age": round(run.age()),
    }
