# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``holdfast import``: publish a backup whose files were brought to this host."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import IO, Any

from . import clock, history, space
from .definition import load
from .errors import Damaged, HoldfastError, Refused, UsageError
from .pipes import CHUNK
from .places import Places
from .progress import Progress
from .repository import leftovers, lock, manifest, names
from .repository.artifact import Writer
from .repository.local import Repository
from .repository.manifest import Artifact, Manifest, timestamp
from .units import size as in_units

TWICE = "It holds one backup: its artifacts, and its manifest."
FETCH_AGAIN = "Bring it here once more: it was cut short or changed on the way. Nothing was imported."


def bring(directory: Path, job_name: str | None, places: Places, progress: Progress) -> dict[str, Any]:
    """Copy a backup from a directory into the repository of its job, and publish it, whole or not at all.

    Every artifact is hashed as it is copied, and must be what its manifest says. The directory stays as it is; whoever
    owns it may be anybody, so no link in it is followed. The outcome: backup, job, directory (the repository), size,
    and already, when the very same backup was there before.
    """
    with _opened(directory) as source:
        backup = _the_only_one(directory, source)
        path = directory / (backup + names.MANIFEST)
        with _file(directory, source, path.name) as stream:
            brought = manifest.parse(stream.read(), path, backup)
        job = load.load(places, job_name or brought.job)
        if brought.job != job.name:
            raise Refused(
                f"backup {backup}",
                f"it is a backup of job {brought.job}, and not of {job.name}",
                "Deploy a job of that name here, or restore one of its files by its path.",
            )
        with history.record(places, job.name, "import") as line, lock.hold(places, job.name, "import"):
            line.update(backup=backup, source=str(directory))
            repository = Repository(job.repository, job.name)
            outcome = {"backup": backup, "job": job.name, "directory": str(job.repository), "size": brought.size}
            repository.create()
            for done in leftovers.clear(repository):
                progress.step(done)
            already = _is_there(repository, brought)
            if not already:
                _require_past(brought)
                _require_sums(directory, source, brought)
                _publish(repository, directory, source, brought, progress)
            line["size"] = brought.size
            return {**outcome, "already": already}


def _publish(repository: Repository, directory: Path, source: int, brought: Manifest, progress: Progress) -> None:
    room = "Free space there, or move the repository to a larger disk."
    space.require(repository.directory, brought.size + space.RESERVE, f"backup {brought.id}", room)
    hidden = repository.begin(brought.id)
    try:
        for artifact in brought.artifacts:
            progress.step(f"copying {artifact.file} ({in_units(artifact.size)})")
            _copy(directory, source, artifact, hidden)
        repository.publish(replace(brought, imported=timestamp(datetime.now(timezone.utc))))
    except BaseException:
        # The next run clears up what cannot be now.
        with contextlib.suppress(HoldfastError):
            leftovers.clear(repository)
        raise
    progress.step(f"backup {brought.id} is imported: {in_units(brought.size)}")


def _copy(directory: Path, source: int, artifact: Artifact, hidden: Path) -> None:
    with _file(directory, source, artifact.file) as stream, Writer(hidden / artifact.file) as writer:
        while writer.size <= artifact.size and (chunk := stream.read(CHUNK)):
            writer.write(chunk)
    if writer.size != artifact.size:
        cause = f"it has not the {artifact.size} octets that its manifest tells"
        raise Damaged(str(directory / artifact.file), cause, FETCH_AGAIN)
    if writer.sha256 != artifact.sha256:
        raise Damaged(str(directory / artifact.file), "its checksum is not that of its manifest", FETCH_AGAIN)


def _is_there(repository: Repository, brought: Manifest) -> bool:
    """Whether the repository has the same backup already; another one of its name is refused."""
    for entry in repository.entries():
        if entry.id == brought.id:
            if entry.manifest is None or entry.manifest.artifacts != brought.artifacts or entry.problem:
                cause = f"another backup of that name, or a damaged one, is in {repository.directory}"
                raise Refused(f"backup {brought.id}", cause, "Move the files of that one away first.")
            return True
    return False


def _require_past(brought: Manifest) -> None:
    if clock.in_future(brought.moment, datetime.now(timezone.utc)):
        raise Refused(
            f"backup {brought.id}",
            "it is dated in the future",
            "Set the clock of this host; if that is right, restore one of the backup's files by its path.",
        )


def _require_sums(directory: Path, source: int, brought: Manifest) -> None:
    """The .sha256 may be missing, but must not say anything else than the manifest."""
    name = brought.id + names.CHECKSUMS
    if name in os.listdir(source):
        with _file(directory, source, name) as stream:
            if stream.read() != brought.checksums().encode():
                raise Damaged(str(directory / name), "it does not agree with the manifest", FETCH_AGAIN)


def _the_only_one(directory: Path, source: int) -> str:
    found = [name for name in sorted(os.listdir(source)) if name.endswith(names.MANIFEST) and not name.startswith(".")]
    if len(found) != 1:
        told = "there is no manifest in it" if not found else f"there are several backups in it: {', '.join(found)}"
        raise UsageError(f"directory {directory}", told, TWICE)
    return found[0][: -len(names.MANIFEST)]


@contextlib.contextmanager
def _opened(directory: Path) -> Iterator[int]:
    try:
        descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise UsageError(f"directory {directory}", error.strerror or str(error), TWICE) from error
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _file(directory: Path, source: int, name: str) -> Iterator[IO[bytes]]:
    """A regular file of the directory itself; a link or a pipe in its place is refused."""
    options = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        with os.fdopen(os.open(name, options, dir_fd=source), "rb", buffering=0) as stream:
            if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
                raise Refused(str(directory / name), "it is no regular file", FETCH_AGAIN)
            yield stream
    except FileNotFoundError as error:
        raise Damaged(str(directory / name), "it is missing", FETCH_AGAIN) from error
    except OSError as error:
        raise HoldfastError(str(directory / name), f"cannot be read: {error.strerror or error}", FETCH_AGAIN) from error
