# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs that outlive the connection on which they were asked for, as files that whoever comes next can read.

<run>/runs/<id>/    0700
    request         what was asked, and since when; locked as long as the run is at work
    steps           a line of JSON for each step
    output          what the run printed: its result, as JSON
    errors          what it printed besides
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import re
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from . import clock, reading, shape
from .errors import HoldfastError
from .places import Places
from .repository.manifest import timestamp

# Seconds for which the result of a run that nobody has waited for is kept.
KEPT = 3600
REQUEST = shape.keys({"digest": shape.words, "since": shape.stamp})


@dataclass(frozen=True)
class Run:
    """One run, by its directory."""

    directory: Path

    @property
    def id(self) -> str:
        return self.directory.name

    @property
    def output(self) -> Path:
        return self.directory / "output"

    @property
    def errors(self) -> Path:
        return self.directory / "errors"

    def request(self) -> dict[str, Any]:
        """digest (of what was asked) and since; empty when it cannot be read."""
        return _read(self.directory / "request", REQUEST) or {}

    def age(self) -> float:
        """Seconds since it began; 0 when nobody knows."""
        with contextlib.suppress(OSError):
            return max(0.0, time.time() - (self.directory / "request").stat().st_mtime)
        return 0.0

    def at_work(self) -> bool:
        try:
            descriptor = os.open(self.directory / "request", os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(descriptor)
        return False

    def tell(self, text: str) -> None:
        """Add a step. A full disk must not end the run."""
        line = {"time": timestamp(datetime.now(timezone.utc)), "text": text}
        with contextlib.suppress(OSError):
            descriptor = reading.written(self.directory / "steps", os.O_APPEND)
            try:
                os.write(descriptor, json.dumps(line).encode() + b"\n")
            finally:
                os.close(descriptor)

    def steps(self, after: int = 0) -> list[dict[str, str]]:
        """time and text of each step, without the first ones."""
        found = []
        with contextlib.suppress(OSError):
            for line in reading.read(self.directory / "steps").split(b"\n"):
                with contextlib.suppress(shape.Misshapen):
                    found.append(shape.checked(line, _is_step))
        return found[after:]

    def wait(self, after: int, seconds: float) -> tuple[list[dict[str, str]], bool]:
        """The steps after the first ones, as soon as there are any, and whether the run is at work."""
        deadline = time.monotonic() + seconds
        while True:
            # Asked first: what is told between the two is not lost.
            at_work = self.at_work()
            steps = self.steps(after)
            if steps or not at_work or time.monotonic() >= deadline:
                return steps, at_work
            time.sleep(0.1)

    def result(self) -> dict[str, Any] | None:
        """What a run that has ended printed; None when it was killed before."""
        return _read(self.output, _is_result)

    def complaints(self) -> str:
        """What it printed besides its result."""
        with contextlib.suppress(OSError):
            return reading.read(self.errors).decode("utf-8", "replace")
        return ""

    def ended(self) -> datetime:
        """When a run that is no longer at work wrote for the last time; long ago when it is forgotten meanwhile."""
        last = 0.0
        with contextlib.suppress(FileNotFoundError):
            last = max(path.lstat().st_mtime for path in [self.directory, *self.directory.iterdir()])
        return clock.from_seconds(last)

    def forget(self) -> None:
        shutil.rmtree(self.directory, ignore_errors=True)


@dataclass(frozen=True)
class Claim:
    """The run that does what was asked.

    new: it is for the caller to do, who holds its lock. Otherwise it is at work, or has ended. earlier says what became
    of a run of the same request that does not count any more.
    """

    run: Run
    new: bool
    earlier: str = ""


def _is_step(value: Any, where: str) -> None:
    # A name in it may be no UTF-8, so it need not be a text that can be written.
    if not isinstance(value, dict) or set(value) != {"time", "text"} or not isinstance(value["text"], str):
        raise shape.Misshapen(f"{where} is no step")
    shape.stamp(value["time"], where)


def _is_result(value: Any, where: str) -> None:
    """Every module says that it failed, and of what, or whether it changed something."""
    told = isinstance(value, dict) and (
        isinstance(value.get("msg"), str)
        if value.get("failed", False) is True
        else isinstance(value.get("changed"), bool) and value.get("failed", False) is False
    )
    if not told:
        raise shape.Misshapen(f"{where} is no result of a module")


def find(places: Places, run_id: str) -> Run | None:
    run = Run(_directory(places) / run_id)
    return run if re.fullmatch(r"[0-9a-f]{16}", run_id) and run.directory.is_dir() else None


def look(places: Places, asked: dict[str, Any], history: list[dict[str, Any]], reuse: bool) -> Run | None:
    """The run that does, or did, what is asked.

    asked holds no secrets. reuse: the result of a run that has ended counts, see :func:`counts`.
    """
    for run in _all(places):
        if run.request().get("digest") == _digest(asked):
            if run.at_work():
                return run
            if reuse and counts(run.result(), run.ended(), datetime.now(timezone.utc), history):
                return run
    return None


def claim(places: Places, run_id: str, asked: dict[str, Any], history: list[dict[str, Any]], reuse: bool) -> Claim:
    """The same, or that of the id, or a new one of that id; what is left of older ones is deleted."""
    earlier = ""
    with _one_at_a_time(places) as directory:
        # Who lost the connection before the answer came asks again, perhaps for what has ended meanwhile.
        run = find(places, run_id) or look(places, asked, history, reuse)
        if run is not None:
            return Claim(run, False)
        ended = [(run, run.ended()) for run in _all(places) if not run.at_work()]
        now = datetime.now(timezone.utc)
        # While the clock is wrong nobody knows how old anything is.
        wrong = clock.behind((moment for _run, moment in ended), now) is not None
        for run, moment in ended:
            same = run.request().get("digest") == _digest(asked)
            if same:
                earlier = _fate(run)
            if same or (not wrong and (now - moment).total_seconds() > KEPT):
                run.forget()
        return Claim(_begin(directory / run_id, _digest(asked)), True, earlier)


def counts(result: dict[str, Any] | None, ended: datetime, now: datetime, history: list[dict[str, Any]]) -> bool:
    """Whether a run that has ended, and whose result nobody has got, is the answer to the same request asked again.

    Only if it succeeded, within the last hour, and nothing was done to the job since. One that ended in the future, as
    by a clock that was set back, does not: nobody knows what was done since.
    """
    if result is None or result.get("failed") or not 0 <= (now - ended).total_seconds() <= KEPT:
        return False
    done = (line["time"] for line in history if not line.get("dry_run"))
    return not any(begun > timestamp(ended) for begun in done)


def _digest(asked: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()


def _read(path: Path, check: shape.Check) -> dict[str, Any] | None:
    """What a file of a run says, or None when it says nothing that could be meant."""
    with contextlib.suppress(OSError, shape.Misshapen):
        found: dict[str, Any] = shape.checked(reading.read(path), check)
        return found
    return None


def _all(places: Places) -> list[Run]:
    directory = _directory(places)
    return [Run(path) for path in sorted(directory.iterdir()) if path.is_dir()] if directory.is_dir() else []


def _fate(run: Run) -> str:
    result, since = run.result(), run.request().get("since", "")
    if result is None:
        return f"the same was begun at {since}, and killed"
    told = f"the same was begun at {since}, lost its connection, and ended at {timestamp(run.ended())}"
    if result.get("failed"):
        return f"{told}: it failed: {str(result.get('msg', '')).partition(chr(10))[0]}"
    return f"{told}: it succeeded"


def _begin(directory: Path, digest: str) -> Run:
    try:
        directory.mkdir(mode=0o700)
        # Stays open, and with it locked, until the last process that has it ends.
        descriptor = os.open(directory / "request", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        request = {"digest": digest, "since": timestamp(datetime.now(timezone.utc))}
        os.write(descriptor, json.dumps(request).encode())
    except OSError as error:
        raise _unusable(directory, error) from error
    return Run(directory)


@contextlib.contextmanager
def _one_at_a_time(places: Places) -> Iterator[Path]:
    directory = _directory(places)
    try:
        directory.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        directory.mkdir(mode=0o700, exist_ok=True)
        descriptor = os.open(directory, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise _unusable(directory, error) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield directory
    finally:
        os.close(descriptor)


def _directory(places: Places) -> Path:
    return places.run / "runs"


def _unusable(directory: Path, error: OSError) -> HoldfastError:
    next_step = "Run this as root." if isinstance(error, PermissionError) else ""
    return HoldfastError(f"directory {directory}", error.strerror or str(error), next_step)
