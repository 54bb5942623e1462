# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which facts about a job are good, and which are not: pure decisions behind ``holdfast status``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from . import clock
from .repository.manifest import moment
from .schedule import parse
from .units import count, duration, size

OK, WARNING, CRITICAL, UNKNOWN = "ok", "warning", "critical", "unknown"
EXIT_STATUS = {OK: 0, UNKNOWN: 0, WARNING: 1, CRITICAL: 2}
SEVERITY = {OK: 0, UNKNOWN: 0, WARNING: 1, CRITICAL: 2}
GRACE = timedelta(hours=1)
DRILL_GRACE = timedelta(days=1)
LOW_DISK = 0.10
BACKUPS_THAT_SHOULD_FIT = 3
BRING = "restore.yml -e upload=DIRECTORY, or holdfast import DIRECTORY"


@dataclass(frozen=True)
class Check:
    """One point of the report. level: ok, warning, critical, or unknown for what this host cannot see."""

    point: str
    level: str
    text: str
    next_step: str = ""


def worst(checks: Iterable[Check]) -> str:
    """The level of the whole: unknown points do not make it worse."""
    levels = {check.level for check in checks}
    return CRITICAL if CRITICAL in levels else WARNING if WARNING in levels else OK


def storage(kind: str, directory: str | None, mounts: Sequence[Mapping[str, Any]]) -> Check:
    """Does the data directory outlive the container? mounts: the engine's, with Destination, Source and Name."""
    point = "Volume mount"
    if kind != "container":
        text = "not in a container" if kind == "socket" else "on the server's host, not visible from here"
        return Check(point, OK if kind == "socket" else UNKNOWN, text)
    if directory is None:
        return Check(point, UNKNOWN, "the role may not read data_directory", "GRANT pg_read_all_settings to it.")
    for mount in sorted(mounts, key=lambda mount: -len(mount["Destination"])):
        inside = mount["Destination"].rstrip("/")
        if directory == inside or directory.startswith(inside + "/"):
            return Check(point, OK, f"{mount.get('Name') or mount.get('Source')} on {mount['Destination']}")
    return Check(
        point,
        CRITICAL,
        f"{directory} is on no volume: the data is lost when the container is removed",
        "Mount a volume or a host directory there.",
    )


def backups(
    listed: Sequence[Mapping[str, Any]],
    last_run: Mapping[str, Any] | None,
    killed: str | None,
    since: datetime | None,
    schedule: str | None,
    now: datetime,
) -> Check:
    """Is there a good backup as young as the schedule promises?

    listed: the newest first; last_run: that made a regular one; killed: the backup that a killed run left unfinished;
    since: when the run began that is making one; now: aware, local. Only regular backups count as recent: a safety
    backup, or one that was adopted or imported, comes from no schedule, and hides no run that fails every night.
    """
    point = "Recent backups"
    if killed is not None:
        text = f"the run that made {killed} was killed"
        return Check(point, CRITICAL, text, "holdfast backup removes what it left, and makes another.")
    listed = [backup for backup in listed if not backup["future"]]
    good = [backup for backup in listed if not backup["problem"]]
    damaged = len(listed) - len(good)
    regular = [backup for backup in good if backup["purpose"] == "backup" and not backup["imported"]]
    if last_run is not None and last_run["result"] not in ("ok", "locked"):
        cause = (last_run.get("error") or last_run["result"]).splitlines()[0]
        return Check(point, CRITICAL, f"the last run failed: {cause}", "holdfast backup -v shows the details.")
    if not good:
        text = "there is none" if not listed else f"all {damaged} are damaged"
        return Check(point, CRITICAL, text, "holdfast backup")
    if not regular:
        text = f"there is no regular one, but {count(len(good), 'safety, adopted or imported one')}"
        return Check(point, CRITICAL, text, "holdfast backup")
    total = sum(backup["size"] or 0 for backup in listed)
    newest = regular[0]
    summary = f"{count(len(good), 'good backup')}, {size(total)}; the newest is {duration(newest['age'])} old"
    if newest is not good[0]:
        kind = "imported" if good[0]["imported"] else good[0]["purpose"]
        summary = f"{summary.replace('newest is', 'newest regular one is')} (a newer one is {kind})"
    due = parse(schedule).previous(now - GRACE) if schedule else None
    begun = now - timedelta(seconds=newest["age"])
    if since is not None and not clock.in_future(since, now):
        # A large database may take longer than the grace. A run that is older than what is due hangs.
        begun = max(begun, since)
        summary += f"; another is being made since {since.astimezone(now.tzinfo):%Y-%m-%d %H:%M}"
    if due is not None and begun < due:
        text = f"{summary}, and one was due at {due:%Y-%m-%d %H:%M}"
        return Check(point, CRITICAL, text, "holdfast backup")
    if damaged:
        return Check(point, WARNING, f"{summary}; {damaged} damaged", "holdfast list")
    return Check(point, OK, summary)


def to_be_filled(check: Check, newest: str | None) -> Check:
    """The check of the recent backups where the databases hold no table, as on a host that is there to be restored: it
    advises to restore, because a backup of them would be the latest one.

    newest: the id of the newest good backup.
    """
    if not check.next_step.startswith("holdfast backup"):
        return check
    step = (
        f"Restore first (holdfast restore {newest})"
        if newest
        else f"Restore first, if there is a backup elsewhere ({BRING})"
    )
    step += ": a backup of a database without a table would be the latest one."
    return replace(check, text=f"{check.text}; no database of the job holds a table", next_step=step)


def dated(check: Check, future: Sequence[str], written: datetime | None, now: datetime) -> Check:
    """The check of the recent backups, and whether anything is dated in the future.

    future: the backups that are; written: when the newest line of the history was.
    """
    if future:
        text = f"dated in the future, so the clock is wrong or was so once: {', '.join(future)}"
        step = "Set the clock. If it is right, move the files of that backup away: until then nothing is deleted."
    elif clock.behind([written], now) is not None:
        text = f"the clock is earlier than {clock.told(written)}, when the history was written" if written else ""
        step = "Set the clock. If it is right, remove the later lines from the history: until then nothing is deleted."
    else:
        return check
    return Check(check.point, CRITICAL, f"{text}; {check.text}", step)


def known(check: Check, unreadable: Sequence[int], history: str) -> Check:
    """The check of the recent backups, and whether the history can be read. unreadable: the numbers of its lines that
    cannot: what they say of a backup is not known."""
    if not unreadable:
        return check
    numbers = ", ".join(map(str, unreadable[:3])) + (" ..." if len(unreadable) > 3 else "")
    text = f"{check.text}; {count(len(unreadable), 'line')} of the history cannot be read"
    step = f"Look at line {numbers} of {history}, and remove it. What it says of a backup is not known."
    return Check(check.point, worst([check, Check("", WARNING, "")]), text, check.next_step or step)


def drilled(
    check: Check, last: Mapping[str, Any] | None, oldest: datetime | None, schedule: str | None, now: datetime
) -> Check:
    """The check of the recent backups, and what drills say of them.

    last: the history's line of the last drill of any backup; oldest: when the oldest backup was made. What a drill
    found different is critical until a later one proves a backup; a drill that could not be made, or that is overdue,
    is a warning.
    """
    due = parse(schedule).previous(now - DRILL_GRACE) if schedule else None
    begun = moment(last["time"]) if last else oldest
    if last is not None and clock.in_future(moment(last["time"]), now):
        drill = Check(check.point, WARNING, "the last drill is dated in the future", "holdfast drill")
    elif last is not None and last.get("verdict") in ("proved", "not proved"):
        age = duration((now - moment(last["time"])).total_seconds())
        drill = Check(check.point, OK, f"drilled {age} ago: {last['verdict']}")
    elif last is not None:
        cause = (last.get("damaged") or last.get("error") or last["result"]).splitlines()[0]
        text = f"the last drill failed: {cause}"
        step = f"less {last['evidence']}" if last.get("evidence") else "holdfast drill"
        drill = Check(check.point, CRITICAL if last.get("damaged") else WARNING, text, step)
    else:
        drill = Check(check.point, OK, "never drilled")
    if drill.level == OK and due is not None and begun is not None and begun < due:
        text = f"{drill.text}, and a drill was due at {due:%Y-%m-%d %H:%M}"
        drill = Check(check.point, WARNING, text, "holdfast drill")
    worse = drill if SEVERITY[drill.level] > SEVERITY[check.level] else check
    return Check(check.point, worse.level, f"{check.text}; {drill.text}", worse.next_step)


def disk(directory: str, free: int, total: int, next_backup: int, obstacles: Mapping[str, str]) -> Check:
    """Will the next backups fit? All in octets. obstacles: what keeps files from being made, by the directory."""
    point = "Disk space"
    text = f"{size(free)} of {size(total)} free in {directory}"
    for place, obstacle in obstacles.items():
        if obstacle:
            return Check(point, CRITICAL, f"{text}; {place} cannot be written to: {obstacle}", "Mend that first.")
    if free < next_backup:
        step = "Free space there, or keep fewer backups."
        return Check(point, CRITICAL, f"{text}; the next backup needs about {size(next_backup)}", step)
    if free < next_backup * BACKUPS_THAT_SHOULD_FIT or (total and free / total < LOW_DISK):
        return Check(point, WARNING, text, "Free space there, or keep fewer backups.")
    return Check(point, OK, text)


def scheduled(expression: str | None, found: Sequence[str], problem: str, now: datetime) -> Check:
    """Will the next backup be started? found: what starts it; problem: why that does not work, or empty."""
    point = "Schedule"
    if expression is None:
        return Check(point, OK, "none: this job is backed up by hand")
    if not found:
        text = f"{expression!r}, but no timer and no cron file starts it"
        return Check(point, CRITICAL, text, "Deploy the job again (deploy_backup.yml).")
    if problem:
        return Check(point, CRITICAL, f"{', '.join(found)}: {problem}", "Start the scheduler.")
    next_run = parse(expression).next(now)
    text = f"{expression!r} by {', '.join(found)}"
    return Check(point, OK, f"{text}; next {next_run:%Y-%m-%d %H:%M}" if next_run else text)


def drills_scheduled(check: Check, expression: str | None, found: Sequence[str], problem: str, now: datetime) -> Check:
    """The check of a schedule that is there, and whether the next drill will be started as well."""
    if expression is None or check.level != OK:
        return check
    if not found or problem:
        text = f"{check.text}; drills {expression!r}, but {problem or 'no timer and no cron file starts them'}"
        return Check(check.point, WARNING, text, "Deploy the job again (deploy_backup.yml).")
    next_run = parse(expression).next(now)
    return Check(check.point, OK, f"{check.text}; next drill {next_run:%Y-%m-%d %H:%M}" if next_run else check.text)


def growth(now_size: int, earlier: int | None) -> float | None:
    """The change as a share of the earlier size: 0.1 for a tenth more. None when there is nothing to compare."""
    return None if not earlier else (now_size - earlier) / earlier
