# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``holdfast show``: one backup, and how to restore it by hand."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from . import history
from .definition.model import Job
from .errors import Damaged
from .places import Places
from .repository.local import Entry

DRILL = ("time", "verdict", "where", "recovery", "evidence", "error")


def describe(job: Job, entry: Entry, places: Places) -> dict[str, Any]:
    """The manifest of a backup, where it is, its last check and drill, and what is wrong with it at first sight."""
    if entry.manifest is None:
        raise Damaged(entry.id, entry.problem)
    check = history.last_checks(places, job.name).get(entry.id)
    drill = history.last_drills(places, job.name).get(entry.id)
    return {
        **asdict(entry.manifest),
        "directory": str(entry.directory),
        "size": entry.manifest.size,
        "last_check": {key: check.get(key) for key in ("time", "result", "error")} if check else None,
        "last_drill": {key: drill.get(key) for key in DRILL} if drill else None,
        "problem": entry.problem,
    }
