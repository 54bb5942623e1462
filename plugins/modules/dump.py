#!/usr/bin/python
# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
module: dump
short_description: Back up the databases of a job
version_added: 0.1.0
description:
  - Dumps every source of a job, verifies what was written, and only then calls it a backup by writing its manifest.
  - Deletes afterwards what the job's retention lets go; never the newest good backup.
  - On any error nothing of the new backup stays, and the earlier ones are as they were.
extends_documentation_fragment:
  - holdfast.postgres.attributes
  - holdfast.postgres.job
attributes:
  check_mode:
    support: full
    details: Makes the checks that precede a dump, server, databases, programs and disk space, and dumps nothing.
  diff_mode:
    support: none
  idempotent:
    support: none
    details: Every run makes a backup.
author:
  - The holdfast.postgres contributors (@holdfast)
seealso:
  - module: holdfast.postgres.verify
  - module: holdfast.postgres.restore
  - module: holdfast.postgres.backup_info
"""

EXAMPLES = r"""
- name: Back up a deployed job before a migration
  holdfast.postgres.dump:
    job: curriculum_library_api
  register: before_migration

- name: Back up a database where nothing is deployed
  holdfast.postgres.dump:
    definition:
      name: library
      databases:
        - database: library
"""

RETURN = r"""
backup:
  description: The manifest of the new backup. In check mode, none.
  returned: success, not in check mode
  type: dict
  contains:
    id:
      description: Its name.
      type: str
      sample: curriculum_library_api_20250816_155503
    size:
      description: Octets of all its artifacts.
      type: int
      sample: 12288
    artifacts:
      description: Its files, with size, SHA-256, format, compression, and how to restore each by hand.
      type: list
      elements: dict
pruned:
  description: What retention decided about each backup.
  returned: success, not in check mode
  type: list
  elements: dict
  sample: [{"backup": "curriculum_library_api_20250816_155503", "keep": true, "why": "newest good, day 1 of 7"}]
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

from dataclasses import asdict
from typing import Any

from ansible_collections.holdfast.postgres.plugins.module_utils._core.backup import backup, rehearse
from ansible_collections.holdfast.postgres.plugins.module_utils._core.terminal import views
from ansible_collections.holdfast.postgres.plugins.module_utils._core.terminal.blocks import Block, Line
from ansible_collections.holdfast.postgres.plugins.module_utils._module import Long, Request, run


def dump(request: Request) -> dict[str, Any]:
    if request.check_mode:
        rehearse(request.job, request.progress)
        return {"changed": True}
    manifest, pruned = backup(request.job, request.places, request.progress)
    return {"changed": True, "backup": {**asdict(manifest), "size": manifest.size}, "pruned": pruned}


def view(result: dict[str, Any]) -> list[Block]:
    if "backup" not in result:
        return [Line("A backup can be made: the server, its databases, the programs and the disk are ready.")]
    return views.backup_made(result["backup"])


def main() -> None:
    run({}, dump, view, Long("backup", lasting=False))


if __name__ == "__main__":
    main()
