# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which backup is meant: an id, ``latest``, ``latest-verified``, a time, or the path of a file, which has a ``/``.

Words come before files: a file named ``latest`` where the program is run changes nothing. ``latest`` is the newest good
backup, ``latest-verified`` the newest that a drill restored and proved. Neither is ever one that is dated in the
future.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from . import clock, history
from .definition import load
from .definition.model import Job
from .errors import Damaged, DefinitionError, UnknownBackup, UnknownJob, UsageError
from .places import Places
from .repository import names
from .repository.local import Entry, Repository

TIME = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d))?)?\s*(Z|[+-]\d\d:?\d\d)?", re.ASCII)
FORMS = "Give an id (holdfast list shows them), latest, latest-verified, a time such as 2025-08-16T15:55, or a path."
LATEST, LATEST_VERIFIED = "latest", "latest-verified"
# Nobody is to be led to a backup of the empty database of a host that is there to be restored.
NONE_YET = (
    "holdfast backup makes one; holdfast import DIRECTORY takes one that was made elsewhere, to be restored here."
)
WORDS = (LATEST, LATEST_VERIFIED)


@dataclass(frozen=True)
class Choice:
    """A backup of a job's repository, or a file without a manifest. passed_over: newer ones that are damaged, or dated
    in the future."""

    job: Job
    entry: Entry | None = None
    file: Path | None = None
    passed_over: tuple[str, ...] = ()


def find(places: Places, wanted: str, job_name: str | None = None, job: Job | None = None) -> Choice:
    """The backup that is meant. job, or job_name, says whose; without either it is found by the id or the path.

    Raises :class:`UnknownBackup`, which lists the backups that there are, or :class:`Damaged` for a named backup
    whose manifest cannot be read.
    """
    if job is None and job_name is not None:
        job = load.load(places, job_name)
    if "/" in wanted:
        return _by_path(places, Path(wanted).absolute(), job)
    whose = names.job_of_id(wanted)
    if job is None and whose is not None:
        job = load.load(places, whose)
    if job is None:
        job = load.load(places)
    entries = Repository(job.repository, job.name).entries()
    if whose is not None:
        return _by_id(job, entries, wanted)
    failed = failures(places, job.name)
    if wanted == LATEST:
        return _newest(job, entries, failed, "", entries)
    if wanted == LATEST_VERIFIED:
        return _newest_proved(job, entries, failed, history.proved(places, job.name))
    moment = parse_time(wanted)
    if moment is None:
        here = f" The path of a file in this directory is ./{wanted}" if wanted and Path(wanted).exists() else ""
        raise UnknownBackup(f"backup {wanted!r}", "it is neither an id, nor a time, nor a path", FORMS + here)
    before = [entry for entry in entries if entry.manifest is None or entry.manifest.moment <= moment]
    return _newest(job, before, failed, f" not after {moment:%Y-%m-%dT%H:%M:%SZ}", entries)


def find_backup(places: Places, wanted: str, job_name: str | None = None, job: Job | None = None) -> tuple[Job, Entry]:
    """As :func:`find`, for what can only be done with a backup that has a manifest."""
    choice = find(places, wanted, job_name, job)
    if choice.entry is None:
        raise UnknownBackup(
            f"file {choice.file}",
            "it has no manifest, so it is no backup",
            f"holdfast adopt {choice.file} gives it one.",
        )
    return choice.job, choice.entry


def failures(places: Places, job: str) -> dict[str, str]:
    """What is wrong with the backups whose last check failed, by the backup's id."""
    checks: Mapping[str, Mapping[str, Any]] = history.last_checks(places, job)
    return {backup: line["damaged"] for backup, line in checks.items() if line.get("damaged")}


def parse_time(text: str) -> datetime | None:
    """A time as people write it, in UTC unless it says otherwise; a day alone means its end. None: it is no time."""
    match = TIME.fullmatch(text.strip())
    if match is None:
        return None
    year, month, day, hour, minute, second, zone = match.groups()
    clock = (hour, minute, second or "59") if hour else ("23", "59", "59")
    offset = "+0000" if zone in (None, "Z") else zone.replace(":", "")
    try:
        moment = datetime.strptime(
            f"{year}-{month}-{day} {clock[0]}:{clock[1]}:{clock[2]} {offset}", "%Y-%m-%d %H:%M:%S %z"
        )
        return moment.astimezone(timezone.utc)
    except (ValueError, OverflowError) as error:
        raise UsageError(f"time {text!r}", str(error), FORMS) from error


def job_of(places: Places, path: Path, job_name: str | None = None) -> Job:
    """The job in whose repository a file is; else the one named, or the only one there is."""
    if job_name is not None:
        return load.load(places, job_name)
    jobs = []
    for name in load.names(places):
        # Another job's definition may be wrong: it is not asked for.
        with contextlib.suppress(DefinitionError):
            jobs.append(load.load(places, name))
    for job in jobs:
        if path.resolve().parent == job.repository.resolve():
            return job
    try:
        return load.load(places)
    except UnknownJob as error:
        raise UnknownJob(
            f"file {path}", "it is in no job's repository", "Say with --job which job it belongs to."
        ) from error


def _by_id(job: Job, entries: list[Entry], wanted: str) -> Choice:
    for entry in entries:
        if entry.id == wanted:
            if entry.manifest is None:
                raise Damaged(f"backup {wanted}", entry.problem, "Its artifacts may be whole: name one by its path.")
            return Choice(job, entry)
    raise UnknownBackup(f"backup {wanted}", f"job {job.name} has none of that name", _there_are(entries))


def _newest(job: Job, entries: list[Entry], failed: Mapping[str, str], limit: str, everything: list[Entry]) -> Choice:
    passed_over: list[str] = []
    now = datetime.now(timezone.utc)
    for entry in reversed(entries):
        # A safety backup holds what a restore replaced: whoever wants that back names it.
        if entry.manifest is not None and entry.manifest.purpose == "safety":
            continue
        problem = entry.problem or failed.get(entry.id, "")
        if entry.manifest is not None and clock.in_future(entry.manifest.moment, now):
            problem = "dated in the future"
        if not problem:
            return Choice(job, entry, passed_over=tuple(passed_over))
        passed_over.append(f"{entry.id} ({problem.splitlines()[0]})")
    cause, next_step = f"job {job.name} has no good backup{limit}", _there_are(everything)
    if passed_over:
        cause += "; passed over are " + "; ".join(passed_over)
        next_step += " One that was passed over is only used when its id is given."
    raise UnknownBackup("backup", cause, next_step)


def _newest_proved(job: Job, entries: list[Entry], failed: Mapping[str, str], proved: Collection[str]) -> Choice:
    try:
        return _newest(job, [entry for entry in entries if entry.id in proved], failed, "", entries)
    except UnknownBackup as error:
        cause = f"no drill has proved any of job {job.name}'s good backups"
        raise UnknownBackup("backup", cause, "holdfast drill restores the latest one, and proves it.") from error


def _by_path(places: Places, path: Path, job: Job | None) -> Choice:
    if not path.is_file():
        raise UnknownBackup(f"backup {path}", "there is no such file", FORMS)
    if job is None:
        job = job_of(places, path)
    if path.resolve().parent == job.repository.resolve():
        for entry in Repository(job.repository, job.name).entries():
            files = {artifact.file for artifact in entry.manifest.artifacts} if entry.manifest else set()
            if path.name in files | {entry.id + names.MANIFEST, entry.id + names.CHECKSUMS}:
                return _by_id(job, [entry], entry.id)
    return Choice(job, file=path)


def _there_are(entries: list[Entry]) -> str:
    if not entries:
        return f"There is no backup yet. {NONE_YET}"
    newest = ", ".join(entry.id for entry in entries[:-6:-1])
    return f"The newest are {newest}." if len(entries) > 1 else f"There is only {newest}."
