# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``holdfast prune``: delete what retention lets go, and say why for every backup."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timezone
from typing import Any

from . import clock, history, retention
from .definition.model import Job
from .places import Places
from .progress import Progress
from .repository import leftovers, lock
from .repository.local import Entry, Repository


def prune(job: Job, places: Places, progress: Progress, dry_run: bool) -> list[dict[str, Any]]:
    """Decide about every backup of a job; delete those that go, unless it is a dry run.

    One mapping per backup, the newest first: backup, keep, why, size.
    """
    if dry_run:
        return [_row(entry, decision) for entry, decision in _decide(job, places, _repository(job))]
    with history.record(places, job.name, "prune") as line, lock.hold(places, job.name, "prune"):
        return _apply(job, places, line, progress)


def after_backup(job: Job, places: Places, progress: Progress) -> list[dict[str, Any]]:
    """As :func:`prune`, by whoever holds the job's lock already."""
    with history.record(places, job.name, "prune") as line:
        return _apply(job, places, line, progress)


def decisions(job: Job, places: Places, entries: Iterable[Entry], now: datetime) -> dict[str, retention.Decision]:
    """What retention decides about each backup with a readable manifest, by its id."""
    checks, proved = history.last_checks(places, job.name), history.proved(places, job.name)
    candidates = [
        retention.Candidate(
            id=entry.id,
            created=entry.manifest.moment,
            good=not entry.problem and not checks.get(entry.id, {}).get("damaged"),
            safety=entry.manifest.purpose == "safety",
            proved=entry.id in proved,
            imported=entry.manifest.imported is not None,
        )
        for entry in entries
        if entry.manifest is not None
    ]
    written = history.newest(places, job.name)
    return {decision.id: decision for decision in retention.decide(candidates, job.keep, now, written)}


def _apply(job: Job, places: Places, line: dict[str, Any], progress: Progress) -> list[dict[str, Any]]:
    repository = _repository(job)
    ahead = clock.behind([history.newest(places, job.name)], datetime.now(timezone.utc))
    if ahead is not None:
        progress.warn(
            f"the clock is earlier than {clock.told(ahead)}, when the history was written: nothing is deleted"
        )
    for done in leftovers.clear(repository):
        progress.step(done)
    rows = []
    line["deleted"] = []
    decided = _decide(job, places, repository)
    listed = Counter(file for entry, _decision in decided for file in _files(entry))
    for entry, decision in decided:
        if not decision.keep:
            repository.delete(entry, {file for file in _files(entry) if listed[file] > 1})
            listed.subtract(_files(entry))
            line["deleted"].append(entry.id)
            progress.step(f"deleted {entry.id}: {decision.why}")
        rows.append(_row(entry, decision))
    return rows


def _decide(job: Job, places: Places, repository: Repository) -> list[tuple[Entry, retention.Decision]]:
    entries = {entry.id: entry for entry in repository.entries()}
    decided = decisions(job, places, entries.values(), datetime.now(timezone.utc))
    drilled = lock.being_drilled(places, job.name)
    if drilled in decided and not decided[drilled].keep:
        decided[drilled] = retention.Decision(drilled, True, "a drill is at work on it")
    for entry in entries.values():
        if entry.manifest is None:
            why = f"its manifest cannot be read, so nothing of it is touched ({entry.problem})"
            decided[entry.id] = retention.Decision(entry.id, True, why)
    return [(entries[name], decided[name]) for name in sorted(entries, reverse=True)]


def _files(entry: Entry) -> list[str]:
    return [artifact.file for artifact in entry.manifest.artifacts] if entry.manifest else []


def _repository(job: Job) -> Repository:
    return Repository(job.repository, job.name)


def _row(entry: Entry, decision: retention.Decision) -> dict[str, Any]:
    return {
        "backup": entry.id,
        "keep": decision.keep,
        "why": decision.why,
        "size": entry.manifest.size if entry.manifest else None,
    }
