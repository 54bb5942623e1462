# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``holdfast list``: the backups of a job."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from . import clock, history
from .definition.model import Job
from .places import Places
from .prune import decisions
from .repository.local import Repository
from .repository.manifest import timestamp


def backups(job: Job, places: Places) -> dict[str, Any]:
    """Every backup of a job, the newest first, and the files in its repository that are none.

    Each backup: id, created, age (seconds), future (whether it is dated in the future, and has no age), size (octets),
    purpose, imported (when it was brought here, or None), artifacts (their number), kept_for, goes (with the next
    prune), verified (when the last check passed, or None), drilled (when the last drill began, or None), drill (its
    verdict, or None), problem (empty when there is none), repository.
    Each unmanaged file: path, size, modified.
    """
    repository = Repository(job.repository, job.name)
    now = datetime.now(timezone.utc)
    entries = repository.entries()
    checks = history.last_checks(places, job.name)
    drills = history.last_drills(places, job.name)
    kept = decisions(job, places, entries, now)
    rows = []
    for entry in reversed(entries):
        check = checks.get(entry.id, {})
        manifest = entry.manifest
        problem = entry.problem or check.get("damaged", "")
        future = manifest is not None and clock.in_future(manifest.moment, now)
        verified = check.get("time") or (manifest.verified.get("at") if manifest else None)
        rows.append(
            {
                "id": entry.id,
                "job": job.name,
                "created": manifest.created if manifest else None,
                "age": round((now - manifest.moment).total_seconds()) if manifest and not future else None,
                "future": future,
                "size": manifest.size if manifest else None,
                "purpose": manifest.purpose if manifest else None,
                "imported": manifest.imported if manifest else None,
                "artifacts": len(manifest.artifacts) if manifest else None,
                "kept_for": kept[entry.id].why if entry.id in kept else "",
                "goes": entry.id in kept and not kept[entry.id].keep,
                "verified": None if problem else verified,
                "drilled": drills.get(entry.id, {}).get("time"),
                "drill": drills[entry.id].get("verdict", "ended") if entry.id in drills else None,
                "problem": problem,
                "repository": str(job.repository),
            }
        )
    unmanaged = [
        {
            "path": str(path),
            "size": status.st_size,
            "modified": timestamp(clock.from_seconds(int(status.st_mtime))),
        }
        for path, status in repository.unmanaged()
    ]
    return {"job": job.name, "repository": str(job.repository), "backups": rows, "unmanaged": unmanaged}
