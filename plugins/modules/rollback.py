#!/usr/bin/python
# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
module: rollback
short_description: Undo the last swap of a database
version_added: 0.1.0
description:
  - Puts the database that M(holdfast.postgres.restore) replaced by a swap back under its name, by renaming.
  - The present one is kept beside it under another name. Nothing is deleted.
  - Refuses when something was written since the swap, and names what, because that would go out of use.
extends_documentation_fragment:
  - holdfast.postgres.attributes
  - holdfast.postgres.job
attributes:
  check_mode:
    support: full
    details: Fails where the rollback would be refused, and tells why.
  diff_mode:
    support: none
  idempotent:
    support: none
    details: A swap can be undone once.
options:
  database:
    description: The live database. By default the only one of the job.
    type: str
  force:
    description: Whether to go on although something was written since the swap. It is kept with the database put aside.
    type: bool
    default: false
author:
  - The holdfast.postgres contributors (@holdfast)
seealso:
  - module: holdfast.postgres.restore
"""

EXAMPLES = r"""
- name: Undo the last swap
  holdfast.postgres.rollback:
    job: curriculum_library_api
"""

RETURN = r"""
database:
  description: The database that is again what it was.
  returned: success
  type: str
  sample: library
backup:
  description: The backup whose restore was undone.
  returned: success
  type: str
  sample: curriculum_library_api_20250816_155503
before:
  description: The name that the database had since the swap.
  returned: success
  type: str
  sample: library_before_20250817_090000
replacing:
  description: What is live before the rollback, and the database that takes its place.
  returned: success
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
      description: Always V(rollback).
      type: str
      sample: rollback
    safety:
      description: Whether a safety backup is made first. A rollback makes none, because it deletes nothing.
      type: bool
      sample: false
    backup:
      description: The backup whose restore is undone.
      type: str
      sample: curriculum_library_api_20250816_155503
    before:
      description: The database that takes its place.
      type: str
      sample: library_before_20250817_090000
    there:
      description: Size, sessions, tables and rows of that one.
      type: dict
      sample: {"size": 41943040, "sessions": 0, "tables": 4, "rows": 80041}
    created:
      description: When that one went out of use.
      type: str
      sample: "2025-08-17T09:00:00Z"
    age:
      description: How many seconds ago that was.
      type: int
      sample: 900
    proved:
      description: Always none.
      type: dict
    summary:
      description: The same in lines for people, and what was written since the swap.
      type: list
      elements: str
aside:
  description: The name of the database that is out of use now.
  returned: success, not in check mode
  type: str
  sample: library_undone_20250817_093000
changes:
  description: What was written since the swap. None, when that is not known.
  returned: success
  type: list
  elements: str
outage:
  description: For how many seconds the database was out of reach.
  returned: success, not in check mode
  type: float
  sample: 0.04
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

from ansible_collections.holdfast.postgres.plugins.module_utils._core import rollback
from ansible_collections.holdfast.postgres.plugins.module_utils._core.definition.model import Job
from ansible_collections.holdfast.postgres.plugins.module_utils._core.errors import Refused, UsageError
from ansible_collections.holdfast.postgres.plugins.module_utils._core.terminal import restore_views
from ansible_collections.holdfast.postgres.plugins.module_utils._core.terminal.draw import lines
from ansible_collections.holdfast.postgres.plugins.module_utils._core.terminal.replacing import replacing
from ansible_collections.holdfast.postgres.plugins.module_utils._module import Long, Request, run

OPTIONS = {"database": {"type": "str"}, "force": {"type": "bool", "default": False}}


def undo(request: Request) -> dict[str, Any]:
    database, force = request.parameters["database"] or _only(request.job), request.parameters["force"]
    result = rollback.rollback(
        request.job, database, request.places, request.progress, dry_run=request.check_mode, force=force
    )
    if request.check_mode and result["changes"] != [] and not force:
        told = "\n".join(result["changes"] or ["what was written is not known"])
        raise Refused(f"database {database}", f"it has changed since the swap:\n{told}", "Put it aside with force.")
    summary = [*lines(replacing(result["replacing"])), *(f"  {change}" for change in result["changes"] or ())]
    return {"changed": True, **result, "replacing": {**result["replacing"], "summary": summary}}


def _only(job: Job) -> str:
    if len(job.databases) > 1:
        there = ", ".join(source.database for source in job.databases)
        raise UsageError(f"job {job.name}", f"it has several databases: {there}", "Say which one.")
    return job.databases[0].database


def main() -> None:
    run(OPTIONS, undo, restore_views.rolled_back, Long("rollback", lasting=True))


if __name__ == "__main__":
    main()
