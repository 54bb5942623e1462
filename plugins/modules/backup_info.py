#!/usr/bin/python
# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
module: backup_info
short_description: List the backups of a job
version_added: 0.1.0
description:
  - Lists the backups of a job with their size, age, and what retention keeps them for.
  - Files in the repository that have no manifest are listed apart.
extends_documentation_fragment:
  - holdfast.postgres.attributes
  - holdfast.postgres.job
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
  idempotent:
    support: full
options:
  backup:
    description:
      - Describe this backup as well.
      - An id, V(latest), V(latest-verified), a time such as V(2025-08-16T15:55) in UTC, or a path.
    type: str
author:
  - The holdfast.postgres contributors (@holdfast)
seealso:
  - module: holdfast.postgres.dump
  - module: holdfast.postgres.restore
"""

EXAMPLES = r"""
- name: Look at the backups of a job
  holdfast.postgres.backup_info:
    job: curriculum_library_api
  register: library

- name: Insist on a backup of the last day
  ansible.builtin.assert:
    that: library.backups[0].age < 86400

- name: Find the files of the backup that was the newest on a certain evening
  holdfast.postgres.backup_info:
    job: curriculum_library_api
    backup: "2025-08-16T20:00"
"""

RETURN = r"""
repository:
  description: The directory with the backups.
  returned: success
  type: str
  sample: /root/database_backups
backups:
  description: The backups, the newest first.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: Its name.
      type: str
      sample: curriculum_library_api_20250816_155503
    created:
      description: When it was begun, in UTC.
      type: str
      sample: "2025-08-16T15:55:03Z"
    age:
      description: Its age in seconds; none when it is dated in the future.
      type: int
      sample: 3600
    future:
      description: Whether it is dated in the future. It is no V(latest) then, and counts for nothing in retention.
      type: bool
      sample: false
    size:
      description: Octets of all its artifacts.
      type: int
      sample: 12288
    imported:
      description: When it was brought to this host with C(holdfast import), or none.
      type: str
      sample: "2025-08-17T09:12:00Z"
    kept_for:
      description: Why retention keeps it.
      type: str
      sample: newest good, day 1 of 7
    verified:
      description: When the last check passed; none when it failed.
      type: str
      sample: "2025-08-16T15:55:04Z"
    problem:
      description: What is wrong with it, or nothing.
      type: str
      sample: ""
unmanaged:
  description: Dumps in the repository without a manifest.
  returned: success
  type: list
  elements: dict
  sample: [{"path": "/root/database_backups/old_20250816_155503.sql.gz", "size": 12288}]
backup:
  description: The backup that was asked for, with its artifacts and the directory they are in.
  returned: when O(backup) is given
  type: dict
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

from ansible_collections.holdfast.postgres.plugins.module_utils._core import listing, show, which
from ansible_collections.holdfast.postgres.plugins.module_utils._core.terminal import views
from ansible_collections.holdfast.postgres.plugins.module_utils._module import Request, run


def inform(request: Request) -> dict[str, Any]:
    result = {"changed": False, **listing.backups(request.job, request.places)}
    if request.parameters["backup"] is not None:
        entry = which.find_backup(request.places, request.parameters["backup"], job=request.job)[1]
        result["backup"] = show.describe(request.job, entry, request.places)
    return result


def main() -> None:
    run({"backup": {"type": "str"}}, inform, views.listing)


if __name__ == "__main__":
    main()
