#!/usr/bin/python
# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
module: restore
short_description: Restore a backup
version_added: 0.1.0
description:
  - Restores one database of a backup in the place of the live one, or into a new database.
  - The backup is verified first, and what was restored is compared with the proof that was taken with the backup.
  - Roles that the backup needs and the server lacks are created from the globals of the backup.
  - Shows its steps as they happen. Works apart from the connection; when that breaks, the same task finds it again.
extends_documentation_fragment:
  - holdfast.postgres.attributes
  - holdfast.postgres.job
attributes:
  check_mode:
    support: full
    details: Verifies the backup, reads it to its end, and checks the server, the roles and the disk space. Nothing is
      changed.
  diff_mode:
    support: none
  idempotent:
    support: none
    details: A restore into a new database that exists is refused, any other one replaces the live database every time.
options:
  backup:
    description:
      - An id, V(latest), V(latest-verified), a time such as V(2025-08-16T15:55) in UTC, or a path.
      - A time means the newest backup that is not younger. Damaged backups are passed over.
      - The path may be that of a dump that another tool made, such as one of the suffix C(.sql.gz).
    type: str
    default: latest
  mode:
    description:
      - V(swap) restores beside the live database, compares, makes a safety backup of the live one, and exchanges the
        two by renaming. The one that was live is kept, and M(holdfast.postgres.rollback) brings it back.
      - V(new) restores into a new database, O(into), which gets its name only when it is complete.
      - V(in_place) makes a safety backup of the live database, and replaces its content in one transaction.
      - V(tables) restores the O(tables) into the live database, and changes nothing that is there.
      - With V(swap) and V(in_place), a live database that does not exist is created.
    type: str
    choices: [swap, new, in_place, tables]
    default: swap
  into:
    description: The name of the new database, with O(mode=new).
    type: str
  tables:
    description: The tables to restore with O(mode=tables), each as C(schema.name), or C(name) in the schema C(public).
    type: list
    elements: str
  to:
    description: The schema that the O(tables) are restored into, or C(schema.name) for a single one. By default
      C(restored_<time>).
    type: str
  database:
    description: Which database of the backup, when it holds several.
    type: str
  accept_differences:
    description: Whether to go on, with a warning, although what was restored differs from the proof of its backup.
    type: bool
    default: false
  safety_backup:
    description: Whether a swap makes a safety backup of the live database first. It keeps the database itself anyway.
    type: bool
    default: true
author:
  - The holdfast.postgres contributors (@holdfast)
seealso:
  - module: holdfast.postgres.rollback
  - module: holdfast.postgres.drill
  - module: holdfast.postgres.dump
  - module: holdfast.postgres.verify
  - module: holdfast.postgres.backup_info
"""

EXAMPLES = r"""
- name: Look at yesterday's rows beside the live database
  holdfast.postgres.restore:
    job: curriculum_library_api
    backup: "2025-08-15"
    mode: new
    into: library_yesterday

- name: Go back to the newest backup
  holdfast.postgres.restore:
    job: curriculum_library_api
  register: restored

- name: Bring back the rows of one table, beside what is there
  holdfast.postgres.restore:
    job: curriculum_library_api
    mode: tables
    tables: [public.curricula]
    to: public.curricula_yesterday

- name: Say how to undo it
  ansible.builtin.debug:
    var: restored.undo
"""

RETURN = r"""
backup:
  description: The backup that was restored, or the name of the file.
  returned: success
  type: str
  sample: curriculum_library_api_20250816_155503
database:
  description: The database that holds its content now.
  returned: success
  type: str
  sample: library_yesterday
replaces:
  description: Whether that database was there before.
  returned: success, not with mode=tables
  type: bool
renamed:
  description: The tables, and the names that they have now.
  returned: success, with mode=tables
  type: list
  elements: dict
  sample: [{"table": "public.curricula", "now": "public.curricula_yesterday"}]
before:
  description: The name that the replaced database has now, or none.
  returned: success, not in check mode, not with mode=tables
  type: str
  sample: library_before_20250817_090000
outage:
  description: For how many seconds a swap kept the database out of reach.
  returned: success, not in check mode
  type: float
  sample: 0.04
proof:
  description: What became of the comparison. Its C(result) is V(proved), V(differs) or V(no proof).
  returned: success, not in check mode
  type: dict
tables:
  description: The tables of the restored database with their number of rows.
  returned: success, not in check mode
  type: list
  elements: dict
  sample: [{"table": "public.users", "rows": 42}]
roles_created:
  description: The roles that the server lacked.
  returned: success
  type: list
  elements: str
roles_notes:
  description:
    - What to know about them. Which are created with rights beyond the database, which memberships are not granted,
      and which members of theirs are not created.
  returned: success
  type: list
  elements: str
safety:
  description: The safety backup of the database that was replaced, or none.
  returned: success, not in check mode
  type: str
  sample: curriculum_library_api_20250817_090000
passed_over:
  description: Newer backups that were not taken because they are damaged, or dated in the future.
  returned: success
  type: list
  elements: str
undo:
  description: How to undo the restore.
  returned: success, not in check mode
  type: str
  sample: holdfast rollback library
seconds:
  description: How long it took.
  returned: success, not in check mode
  type: float
  sample: 12.8
summary:
  description: The result in lines for people, as the program prints it.
  returned: success
  type: list
  elements: str
replaced:
  description: The live database was replaced before what made the module fail.
  returned: failure, if so
  type: bool
steps:
  description: What was done, in order; in check mode, what would be.
  returned: always
  type: list
  elements: str
"""

from typing import Any

from ansible_collections.holdfast.postgres.plugins.module_utils._core import restore, tables, which
from ansible_collections.holdfast.postgres.plugins.module_utils._core.terminal import views
from ansible_collections.holdfast.postgres.plugins.module_utils._core.terminal.blocks import Block
from ansible_collections.holdfast.postgres.plugins.module_utils._core.which import Choice
from ansible_collections.holdfast.postgres.plugins.module_utils._module import Long, Request, run

OPTIONS = {
    "backup": {"type": "str", "default": "latest"},
    "mode": {"type": "str", "choices": ["swap", "new", "in_place", "tables"], "default": "swap"},
    "into": {"type": "str"},
    "tables": {"type": "list", "elements": "str"},
    "to": {"type": "str"},
    "database": {"type": "str"},
    "accept_differences": {"type": "bool", "default": False},
    "safety_backup": {"type": "bool", "default": True},
}


def bring_back(request: Request) -> dict[str, Any]:
    options = request.parameters
    choice = which.find(request.places, options["backup"], job=request.job)
    result = _tables(request, choice) if options["mode"] == "tables" else _database(request, choice)
    if not request.check_mode and result["proof"]["result"] == "differs":
        request.progress.warn(f"{result['database']} is in use although it differs from the proof: see the summary")
    return {"changed": True, **result}


def _database(request: Request, choice: Choice) -> dict[str, Any]:
    options = request.parameters
    return restore.restore(
        choice,
        request.places,
        request.progress,
        mode=options["mode"],
        into=options["into"],
        database=options["database"],
        dry_run=request.check_mode,
        accept_differences=options["accept_differences"],
        safety=options["safety_backup"],
    )


def _tables(request: Request, choice: Choice) -> dict[str, Any]:
    options = request.parameters
    return tables.restore_tables(
        choice,
        request.places,
        request.progress,
        options["tables"],
        options["to"],
        options["database"],
        dry_run=request.check_mode,
        accept_differences=options["accept_differences"],
    )


def view(result: dict[str, Any]) -> list[Block]:
    return views.restored_tables(result) if result["mode"] == "tables" else views.restored(result)


def main() -> None:
    required = [("mode", "new", ["into"]), ("mode", "tables", ["tables"])]
    run(OPTIONS, bring_back, view, Long("restore", lasting=True), required_if=required)


if __name__ == "__main__":
    main()
