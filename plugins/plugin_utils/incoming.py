# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A file that arrives on the controller in pieces, under a name of its own until it is complete and checked.

<directory>/.<file>.part    what has arrived; a later attempt goes on where it ends
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from ansible_collections.holdfast.postgres.plugins.module_utils._core.errors import Damaged, Locked, Refused

CHUNK = 1024 * 1024


def plain_name(name: str) -> str:
    """The name, which a host has told; Refused unless it is that of a visible file and leads nowhere else."""
    if not name or name.startswith(".") or "/" in name or "\0" in name:
        raise Refused(f"file {name!r}", "a backup has no file of such a name", "Do not trust that host.")
    return name


def private(directory: Path) -> None:
    """Create a directory, and those above it, for this user alone."""
    for path in [*reversed(directory.parents), directory]:
        with contextlib.suppress(FileExistsError):
            path.mkdir(mode=0o700)
    directory.chmod(0o700)


def is_there(path: Path, size: int, sha256: str) -> bool:
    """Whether the complete file is there already, with this content."""
    if not path.is_file() or path.stat().st_size != size:
        return False
    with path.open("rb") as stream:
        return _hash(stream.fileno()).hexdigest() == sha256


class Incoming:
    """What has arrived of one file. Made by :func:`receive`."""

    def __init__(self, descriptor: int, path: Path) -> None:
        self._descriptor = descriptor
        self._path = path
        self._hash = _hash(descriptor)
        self.size = os.fstat(descriptor).st_size

    def add(self, piece: Path) -> None:
        """Append the content of a file."""
        with piece.open("rb") as stream:
            while chunk := stream.read(CHUNK):
                self._hash.update(chunk)
                written = 0
                while written < len(chunk):
                    written += os.write(self._descriptor, chunk[written:])
                self.size += len(chunk)

    def forget(self) -> None:
        """Begin again."""
        os.ftruncate(self._descriptor, 0)
        self._hash, self.size = hashlib.sha256(), 0

    def matches(self, sha256: str) -> bool:
        return self._hash.hexdigest() == sha256

    def publish(self) -> bool:
        """Give the file its name, once it is on the disk; whether the file of that name had other content before."""
        os.fsync(self._descriptor)
        changed = not is_there(self._path, self.size, self._hash.hexdigest())
        _part(self._path).replace(self._path)
        descriptor = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        return changed

    def damaged(self) -> Damaged:
        """The error for content that is not what it should be, which is deleted."""
        _part(self._path).unlink()
        return Damaged(
            self._path.name,
            "what arrived is not what the manifest says",
            'It is damaged on the host, or was on its way: run "holdfast verify" there, or fetch an older backup.',
        )


@contextlib.contextmanager
def alone(directory: Path) -> Iterator[None]:
    """While nobody else receives into the directory; Locked when somebody does."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Locked(str(directory), "it is being fetched already", "Wait for that.") from error
        yield
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def receive(path: Path) -> Iterator[Incoming]:
    """What has arrived of the file path. Its directory exists, and is ours alone."""
    descriptor = os.open(_part(path), os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        yield Incoming(descriptor, path)
    finally:
        os.close(descriptor)


def _part(path: Path) -> Path:
    return path.with_name(f".{path.name}.part")


def _hash(descriptor: int) -> hashlib._Hash:
    """The hash of all that a file holds, whatever was read of it."""
    found, offset = hashlib.sha256(), 0
    while chunk := os.pread(descriptor, CHUNK, offset):
        found.update(chunk)
        offset += len(chunk)
    return found
