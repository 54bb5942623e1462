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
  keep_sequences:
    description:
      - Whether a swap leaves the sequences where the backup has them.
      - Otherwise they are raised to where those of the live database are, so that no id is given out twice.
    type: bool
    default: false
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
replacing:
  description: What is live before the restore, and the backup that takes its place. None, when nothing is replaced.
  returned: success, not with mode=tables
  type: dict
  contains:
    database:
      description: The live database.
      type: str
      sample: library
    server:
      description: Where it is.
      type: str
      sample: container library-db
    size:
      description: Its size in bytes.
      type: int
      sample: 41943040
    tables:
      description: How many tables it has. None, when it cannot be read.
      type: int
      sample: 4
    rows:
      description: About how many rows they have, by PostgreSQL's statistics. None, when it cannot be read.
      type: int
      sample: 80041
    sessions:
      description: How many sessions of clients are in it.
      type: int
      sample: 5
    mode:
      description: How it is replaced, V(swap) or V(in_place).
      type: str
      sample: swap
    safety:
      description: Whether a safety backup of it is made first.
      type: bool
      sample: true
    backup:
      description: The backup, or the path of the file, that takes its place.
      type: str
      sample: curriculum_library_api_20250816_155503
    created:
      description: When that was made; when a file was written.
      type: str
      sample: "2025-08-16T15:55:03Z"
    age:
      description: For how many seconds it has been there.
      type: int
      sample: 7200
    proved:
      description: The C(tables) and C(rows) in the backup. None, when it has no proof.
      type: dict
      sample: {"tables": 4, "rows": 80000}
    summary:
      description: All this in lines for people.
      type: list
      elements: str
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
sequences_raised:
  description: The sequences that a swap raised to where those of the live database were, each with its last values.
  returned: success, not in check mode, not with mode=tables
  type: list
  elements: dict
  sample: [{"sequence": "public.users_id_seq", "from": 50000, "to": 50003}]
itself:
  description:
    - What belongs to the database itself, such as owner, privileges and settings.
    - C(taken_from) is V(live), or V(backup) where there is no live database, or an empty one. C(differences) lists how
      the one differs from the other.
  returned: success, not with mode=tables
  type: dict
  sample: {"taken_from": "live", "differences": ["setting work_mem: '8MB' instead of '4MB'"]}
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
from ansible_collections.holdfast.postgres.plugins.module_utils._core.request import MODES, MODULE, RestoreRequest
from ansible_collections.holdfast.postgres.plugins.module_utils._core.terminal import restore_views
from ansible_collections.holdfast.postgres.plugins.module_utils._core.terminal.blocks import Block
from ansible_collections.holdfast.postgres.plugins.module_utils._core.terminal.draw import lines
from ansible_collections.holdfast.postgres.plugins.module_utils._core.terminal.replacing import replacing
from ansible_collections.holdfast.postgres.plugins.module_utils._module import Long, Request, run

OPTIONS = {
    "backup": {"type": "str", "default": "latest"},
    "mode": {"type": "str", "choices": [*MODES], "default": "swap"},
    "into": {"type": "str"},
    "tables": {"type": "list", "elements": "str"},
    "to": {"type": "str"},
    "database": {"type": "str"},
    "accept_differences": {"type": "bool", "default": False},
    "safety_backup": {"type": "bool", "default": True},
    "keep_sequences": {"type": "bool", "default": False},
}


def bring_back(request: Request) -> dict[str, Any]:
    asked = _asked(request)
    asked.check()
    choice = which.find(request.places, request.parameters["backup"], job=request.job)
    act = tables.restore_tables if asked.mode == "tables" else restore.restore
    result = act(choice, request.places, request.progress, asked)
    if not request.check_mode and result["proof"]["result"] == "differs":
        request.progress.warn(f"{result['database']} is in use although it differs from the proof: see the summary")
    facts = result.get("replacing")
    told = {"replacing": {**facts, "summary": lines(replacing(facts))}} if facts else {}
    return {"changed": True, **result, **told}


def _asked(request: Request) -> RestoreRequest:
    options = request.parameters
    return RestoreRequest(
        mode=options["mode"],
        into=options["into"],
        tables=tuple(options["tables"] or ()),
        to=options["to"],
        database=options["database"],
        safety=options["safety_backup"],
        keep_sequences=options["keep_sequences"],
        accept_differences=options["accept_differences"],
        dry_run=request.check_mode,
        words=MODULE,
    )


def view(result: dict[str, Any]) -> list[Block]:
    return restore_views.restored_tables(result) if result["mode"] == "tables" else restore_views.restored(result)


def main() -> None:
    run(OPTIONS, bring_back, view, Long("restore", lasting=True))


if __name__ == "__main__":
    main()
