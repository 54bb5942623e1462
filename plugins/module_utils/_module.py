# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Between Ansible and the core: a module's parameters become a job, the core's errors become the module's."""

from __future__ import annotations

from typing import Any, Callable, NamedTuple

from ansible.module_utils.basic import AnsibleModule

from ._core.codec import COMPRESSIONS, FORMATS
from ._core.definition.load import load
from ._core.definition.model import Connection, Job
from ._core.definition.parse import ENGINES, SSL_MODES, parse
from ._core.errors import HoldfastError
from ._core.places import Places
from ._core.progress import Progress
from ._core.retention import Keep
from ._core.terminal.blocks import Block
from ._core.terminal.draw import lines

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
    "repository": {"type": "path"},
    "schedule": {"type": "str", "default": Job.schedule},
    "keep": {"type": "dict", "options": KEEP},
}


class Request(NamedTuple):
    """What a module works with: its parameters, where things are kept, the job, and what to tell progress to."""

    parameters: dict[str, Any]
    check_mode: bool
    places: Places
    job: Job
    progress: Progress


class _Collected(Progress):
    def __init__(self, module: AnsibleModule) -> None:
        self.steps: list[str] = []
        self._module = module

    def step(self, text: str) -> None:
        self.steps.append(text)

    def warn(self, text: str) -> None:
        self._module.warn(text)


def run(
    options: dict[str, Any],
    act: Callable[[Request], dict[str, Any]],
    view: Callable[[dict[str, Any]], list[Block]],
    **constraints: Any,
) -> None:
    """A whole module: parse, one call, format.

    view makes the lines that people read, as the program would print them. constraints are those of AnsibleModule, such
    as required_if.
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
        result = act(Request(module.params, module.check_mode, places, job, progress))
    except HoldfastError as error:
        module.fail_json(msg=str(error), next_step=error.next_step, steps=progress.steps)
    module.exit_json(**result, summary=lines(view(result)), steps=progress.steps)
