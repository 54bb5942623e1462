#!/usr/bin/python
# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
module: follow
short_description: Follow a run that goes on without a connection
version_added: 0.1.0
description:
  - Tells the steps of a run that M(holdfast.postgres.dump), M(holdfast.postgres.restore) or another module has begun on
    the host, and at its end returns what that module returns.
  - The action plugins of these modules use it. A playbook does not need it.
extends_documentation_fragment:
  - holdfast.postgres.attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
  idempotent:
    support: full
options:
  run:
    description: The run.
    type: str
    required: true
  after:
    description: How many of its steps are known already.
    type: int
    default: 0
  wait:
    description: For how many seconds to wait for the next step, or the end.
    type: int
    default: 0
  forget:
    description: Whether to delete what is left of the run, which has ended, because its result has arrived.
    type: bool
    default: false
author:
  - The holdfast.postgres contributors (@holdfast)
seealso:
  - module: holdfast.postgres.dump
  - module: holdfast.postgres.restore
"""

EXAMPLES = r"""
- name: See what a run is doing
  holdfast.postgres.follow:
    run: 0123456789abcdef
"""

RETURN = r"""
followed:
  description: What is known of the run. When it has ended, everything else is what its own module returns.
  returned: always
  type: dict
  contains:
    steps:
      description: Its steps, without the first O(after) ones.
      type: list
      elements: dict
      sample: [{"time": "2025-08-16T15:55:03Z", "text": "dumping database library (12.0 MiB)"}]
    at_work:
      description: Whether it goes on.
      type: bool
"""

import json
import signal
import sys
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.holdfast.postgres.plugins.module_utils._core import runs
from ansible_collections.holdfast.postgres.plugins.module_utils._core.places import Places

GONE = (
    "run {id} is not known on this host: the host was restarted, or somebody else has waited for its result.\n"
    '"holdfast list" and "holdfast status" show what it has left.'
)
KILLED = "run {id} was killed before its end.\n{errors}\nWhat it left unfinished is undone by the next run on the job."


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "run": {"type": "str", "required": True},
            "after": {"type": "int", "default": 0},
            "wait": {"type": "int", "default": 0},
            "forget": {"type": "bool", "default": False},
        },
        supports_check_mode=True,
    )
    # When the connection goes, what Ansible's wrapper has put on the host must go, too.
    for number in (signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, _leave)
    run = runs.find(Places.from_environment(), module.params["run"])
    followed: dict[str, Any] = {"steps": [], "at_work": False}
    if module.params["forget"]:
        if run is not None and not module.check_mode:
            run.forget()
        module.exit_json(followed=followed)
    if run is None:
        module.fail_json(msg=GONE.format(id=module.params["run"]), followed=followed)
    steps, at_work = run.wait(module.params["after"], module.params["wait"])
    followed = {"steps": steps, "at_work": at_work}
    if at_work:
        module.exit_json(followed=followed)
    result = run.result()
    if result is None:
        errors = run.complaints()
        module.fail_json(msg=KILLED.format(id=run.id, errors=errors.strip()), followed=followed)
    # Not through exit_json, which would make this module's result of it.
    sys.stdout.write(json.dumps({**result, "followed": followed}) + "\n")
    raise SystemExit


def _leave(*_: object) -> None:
    # sudo sends one after the other, and the second one must not interrupt what the first one begins.
    for number in (signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    raise SystemExit(1)


if __name__ == "__main__":
    main()
