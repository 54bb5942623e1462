# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every run of a verb that makes, checks, changes or removes something, as one line of JSON."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import time
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any

from . import reading, shape
from .errors import CannotLoad, Damaged, HoldfastError, Locked, NotProved, Unrecorded
from .places import Places
from .repository.manifest import moment, timestamp
from .visible import as_json

# What is relied on when a line is read; verbs add more.
LINE = shape.keys(
    {
        "time": shape.stamp,
        "verb": shape.words,
        "result": shape.one_of("ok", "failed", "locked", "ended"),
    },
    {
        "seconds": shape.number,
        "error": shape.text,
        "damaged": shape.words,
        "verdict": shape.one_of("proved", "not proved", "differs", "failed"),
        "backup": shape.words,
        "purpose": shape.words,
        "size": shape.whole,
        "where": shape.optional(shape.text),
        "recovery": shape.number,
        "evidence": shape.words,
        "dry_run": shape.boolean,
        "replaced": shape.boolean,
    },
    others=True,
)
# What was done, for whoever will not find it in the history.
DONE = {
    "backup": "backup {backup} is complete and verified, and in the repository",
    "verify": "backup {backup} is whole",
    "drill": "the drill of backup {backup} is done: {verdict}",
    "restore": "backup {backup} was restored into database {database}",
    "rollback": "database {database} is again what it was before",
    "prune": "backups deleted: {deleted}",
    "adopt": "{backup} is a backup now",
    "import": "backup {backup} is in the repository",
}


@contextlib.contextmanager
def record(places: Places, job: str, verb: str) -> Iterator[dict[str, Any]]:
    """Append a line when the block ends, however it ends. The block adds what it learns to the yielded mapping.

    Fields: time (when it began), verb, result (ok, failed, locked or ended), seconds, error, damaged (what is wrong
    with the backup that the block is about), load (failed, when that is why), verdict (differs, when what was restored
    is not what was backed up), and what the block added. A drill adds every verdict (proved, not proved, differs or
    failed), where it was, its recovery time in seconds, and the path of its evidence.
    """
    line: dict[str, Any] = {"time": timestamp(datetime.now(timezone.utc)), "verb": verb, "result": "ok"}
    start = time.monotonic()
    try:
        yield line
    except HoldfastError as error:
        line["result"] = "locked" if isinstance(error, Locked) else "failed"
        line["error"] = str(error)
        if isinstance(error, NotProved):
            line.update(verdict="differs", **({"damaged": error.cause} if error.damaged else {}))
        elif isinstance(error, Damaged) and error.thing == line.get("backup"):
            line["damaged"] = error.cause
            if isinstance(error, CannotLoad):
                line["load"] = "failed"
        raise
    except BaseException as error:
        line["result"] = "ended"
        line["error"] = f"{type(error).__name__}: {error}"
        raise
    finally:
        line["seconds"] = round(time.monotonic() - start, 3)
        try:
            _append(places, job, line)
        except HoldfastError as error:
            # What went wrong before it matters more.
            if line["result"] == "ok":
                raise _unrecorded(error, line) from error


def read(places: Places, job: str) -> list[dict[str, Any]]:
    """All lines, the oldest first. A line that a crash cut short, or that is none of ours, is left out."""
    return [line for _number, line in _lines(places, job) if line is not None]


def unreadable(places: Places, job: str) -> list[int]:
    """The numbers of the lines that are left out. What they said of a backup is not known."""
    return [number for number, line in _lines(places, job) if line is None]


def _lines(places: Places, job: str) -> Iterator[tuple[int, dict[str, Any] | None]]:
    try:
        with reading.opened(places.history(job)) as history:
            for number, octets in enumerate(history, 1):
                if not octets.strip():
                    continue
                try:
                    line = shape.loads(octets)
                    LINE(line, "it")
                except shape.Misshapen:
                    line = None
                yield number, line
    except FileNotFoundError:
        return
    except OSError as error:
        raise _unusable(places, job, error) from error


def last_checks(places: Places, job: str) -> dict[str, dict[str, Any]]:
    """The last check of each backup that came to a verdict, by its id: a verify, a drill that proved it, or whatever
    found damage.

    One that failed for another reason, such as a server that is down, says nothing about the backup. That what was
    restored differs from the proof, or that it cannot be loaded, is beyond a verify: only a later drill takes it back.
    """
    found: dict[str, dict[str, Any]] = {}
    for line in read(places, job):
        backup = line.get("backup", "")
        verified = line.get("verb") == "verify" and line.get("result") == "ok"
        before = found.get(backup, {})
        if verified and (before.get("verdict") == "differs" or before.get("load") == "failed"):
            continue
        if backup and (verified or line.get("damaged") or line.get("verdict") == "proved"):
            found[backup] = line
    return found


def last_drills(places: Places, job: str) -> dict[str, dict[str, Any]]:
    """The last drill of each backup that was begun, by its id; its verdict is left out when it was ended."""
    found: dict[str, dict[str, Any]] = {}
    for line in read(places, job):
        if line.get("verb") == "drill" and line.get("result") != "locked" and "backup" in line:
            # The latest comes last.
            found.pop(line["backup"], None)
            found[line["backup"]] = line
    return found


def newest(places: Places, job: str) -> datetime | None:
    """The latest time of any line; it may be later than now, when the clock was wrong once."""
    return max((moment(line["time"]) for line in read(places, job) if "time" in line), default=None)


def proved(places: Places, job: str) -> set[str]:
    """The backups that the last drill which came to a verdict proved.

    A drill that was ended, or for which the engine was down, takes nothing back.
    """
    found: set[str] = set()
    for line in read(places, job):
        backup = line.get("backup", "")
        if line.get("verb") == "drill" and line.get("verdict") == "proved":
            found.add(backup)
        elif line.get("damaged") or line.get("verdict") in ("differs", "not proved"):
            found.discard(backup)
    return found


def last_drill(places: Places, job: str) -> dict[str, Any] | None:
    """The last drill of any backup that was begun."""
    return next(reversed(last_drills(places, job).values()), None)


def _append(places: Places, job: str, line: dict[str, Any]) -> None:
    path = places.history(job)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = reading.written(path, os.O_APPEND)
    except OSError as error:
        raise _unusable(places, job, error) from error
    try:
        # A drill and a backup of the same job end when they end.
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        _write_whole(descriptor, line)
    except OSError as error:
        raise _unusable(places, job, error) from error
    finally:
        os.close(descriptor)


def _write_whole(descriptor: int, line: dict[str, Any]) -> None:
    """All of the line, or nothing of it."""
    text = as_json(line) + "\n"
    size = os.fstat(descriptor).st_size
    if size and os.pread(descriptor, 1, size - 1) != b"\n":
        # A crash cut the last line short: it must not swallow this one.
        text = "\n" + text
    # A name that is no UTF-8 is written as JSON escapes it.
    left = memoryview(text.encode("utf-8", "backslashreplace"))
    try:
        while left:
            left = left[os.write(descriptor, left) :]
    except OSError:
        with contextlib.suppress(OSError):
            os.ftruncate(descriptor, size)
        raise


def _unrecorded(error: HoldfastError, line: dict[str, Any]) -> Unrecorded:
    known = {"backup": "-", "database": "-", "verdict": "-", **line}
    known["deleted"] = ", ".join(line.get("deleted") or ["none"])
    done = "nothing was to be changed" if line.get("dry_run") else DONE[line["verb"]].format_map(known)
    told = Unrecorded(error.thing, f"{error.cause}. Only the record is missing: {done}", error.next_step)
    told.replaced = bool(line.get("replaced"))
    return told


def _unusable(places: Places, job: str, error: OSError) -> HoldfastError:
    next_step = "Run this as root." if isinstance(error, PermissionError) else ""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EROFS):
        next_step = f"Free space in {places.state}, or make it writable."
    return HoldfastError(f"history {places.history(job)}", error.strerror or str(error), next_step)
