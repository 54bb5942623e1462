#!/usr/bin/python
# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
module: restore
short_description: Restore a backup
version_added: 0.1.0
description:
  - Restores one database of a backup into a new database, or in place of the live one.
  - The backup is verified first. A new database gets its name only when it is complete.
  - In place, a safety backup of the live database is made first, and everything is replaced in one transaction, so that
    a failure leaves the database as it was.
  - Roles that the backup needs and the server lacks are created from the globals of the backup.
extends_documentation_fragment:
  - holdfast.postgres.attributes
  - holdfast.postgres.job
attributes:
  check_mode:
    support: full
    details: Verifies the backup, and checks the server, the roles and the disk space. Nothing is changed.
  diff_mode:
    support: none
  idempotent:
    support: none
    details: A restore into a database that exists is refused, and one in place replaces it every time.
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
      - V(new) restores into a new database, O(into).
      - V(in_place) replaces the live database. It creates it where it does not exist.
    type: str
    choices: [new, in_place]
    required: true
  into:
    description: The name of the new database.
    type: str
  database:
    description: Which database of the backup, when it holds several.
    type: str
author:
  - The holdfast.postgres contributors (@holdfast)
seealso:
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
    mode: in_place
  register: restored

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
tables:
  description: The tables of the restored database with their number of rows.
  returned: success, not in check mode
  type: list
  elements: dict
  sample: [{"schema": "public", "table": "users", "rows": 42}]
roles_created:
  description: The roles that the server lacked.
  returned: success
  type: list
  elements: str
safety:
  description: The safety backup of the database that was replaced, or none.
  returned: success, not in check mode
  type: str
  sample: curriculum_library_api_20250817_090000
passed_over:
  description: Newer backups that were not taken because they are damaged.
  returned: success
  type: list
  elements: str
undo:
  description: How to undo the restore.
  returned: success, not in check mode
  type: str
  sample: DROP DATABASE "library_yesterday"
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
steps:
  description: What was done, in order.
  returned: always
  type: list
  elements: str
"""

from typing import Any

from ansible_collections.holdfast.postgres.plugins.module_utils._core import restore, which
from ansible_collections.holdfast.postgres.plugins.module_utils._core.terminal import views
from ansible_collections.holdfast.postgres.plugins.module_utils._module import Long, Request, run

OPTIONS = {
    "backup": {"type": "str", "default": "latest"},
    "mode": {"type": "str", "choices": ["new", "in_place"], "required": True},
    "into": {"type": "str"},
    "database": {"type": "str"},
}


def bring_back(request: Request) -> dict[str, Any]:
    options = request.parameters
    choice = which.find(request.places, options["backup"], job=request.job)
    result = restore.restore(
        choice,
        request.places,
        request.progress,
        mode=options["mode"],
        into=options["into"],
        database=options["database"],
        dry_run=request.check_mode,
    )
    return {"changed": True, **result}


def main() -> None:
    run(OPTIONS, bring_back, views.restored, Long("restore", lasting=True), required_if=[("mode", "new", ["into"])])


if __name__ == "__main__":
    main()
