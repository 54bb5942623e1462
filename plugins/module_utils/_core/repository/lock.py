# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One writer per job, and beside it one drill, which only reads."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Callable

from .. import reading, shape
from ..errors import HoldfastError, Locked
from ..places import Places
from .manifest import timestamp

HOLDER = shape.keys(
    {"pid": shape.whole, "verb": shape.words, "since": shape.stamp}, {"backup": shape.optional(shape.words)}
)


@contextlib.contextmanager
def hold(places: Places, job: str, verb: str, drilled: str | None = None) -> Iterator[None]:
    """Hold the job's lock; :class:`Locked` names the holder. The kernel frees it however the holder ends.

    drilled: hold the lock of its drills instead, for the drill of that backup.
    """
    descriptor = _open(places.drill_lock(job) if drilled else places.lock(job))
    with contextlib.ExitStack() as stack:
        stack.callback(os.close, descriptor)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            told = _told(_holder(os.pread(descriptor, 4096, 0)))
            raise Locked(f"job {job}", f"{told} is at work on it", "Wait until it is done, or end it.") from None
        holder = {"pid": os.getpid(), "verb": verb, "since": timestamp(datetime.now(timezone.utc)), "backup": drilled}
        os.truncate(descriptor, 0)
        # Only the kernel's lock counts; the holder's name is a courtesy that a full disk may refuse.
        with contextlib.suppress(OSError):
            os.pwrite(descriptor, json.dumps(holder).encode(), 0)
        try:
            yield
        finally:
            os.truncate(descriptor, 0)


@contextlib.contextmanager
def queue(places: Places, waiting: Callable[[], None]) -> Iterator[None]:
    """Wait until no other job of this host is drilled; waiting is called when there is one."""
    descriptor = _open(places.drills_lock())
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waiting()
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def at_work(places: Places, job: str) -> dict[str, Any] | None:
    """pid, verb and since of the run that holds the job, without asking for the lock, which could be in its way."""
    return _at_work(places.lock(job))


def being_drilled(places: Places, job: str) -> str | None:
    """The backup whose drill is at work."""
    holder = _at_work(places.drill_lock(job))
    return None if holder is None else holder.get("backup")


def _at_work(lock: Path) -> dict[str, Any] | None:
    try:
        return _holder(reading.read(lock))
    except OSError:
        return None


def _open(path: Path) -> int:
    try:
        path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        return reading.written(path)
    except OSError as error:
        next_step = "Run this as root." if isinstance(error, PermissionError) else ""
        raise HoldfastError(f"lock {path}", error.strerror or str(error), next_step) from error


def _holder(octets: bytes) -> dict[str, Any] | None:
    """Who holds a lock, as its file tells; None when that cannot be, or is gone."""
    try:
        holder: dict[str, Any] = shape.loads(octets)
        HOLDER(holder, "it")
    except shape.Misshapen:
        return None
    return holder if Path(f"/proc/{holder['pid']}").exists() else None


def _told(holder: dict[str, Any] | None) -> str:
    if holder is None:
        return "another run of holdfast"
    return f"process {holder['pid']} (holdfast {holder['verb']}, since {holder['since']})"
