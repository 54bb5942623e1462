# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writing an artifact: hashed while it streams, on the disk when it is said to be."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
from pathlib import Path

from ..errors import HoldfastError, NoSpace
from ..space import obstacle


class Writer:
    """A new file of mode 0600 that counts and hashes what is written to it. Use as a context."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size = 0
        self._hash = hashlib.sha256()

    def __enter__(self) -> Writer:
        try:
            self._descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise disk_error(self.path, error) from error
        return self

    def __exit__(self, error_type: object, *_: object) -> None:
        try:
            if error_type is None:
                os.fsync(self._descriptor)
        except OSError as error:
            raise disk_error(self.path, error) from error
        finally:
            os.close(self._descriptor)

    def write(self, chunk: bytes) -> int:
        view = memoryview(chunk)
        try:
            while view:
                view = view[os.write(self._descriptor, view) :]
        except OSError as error:
            raise disk_error(self.path, error) from error
        self._hash.update(chunk)
        self.size += len(chunk)
        return len(chunk)

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()


def disk_error(path: Path, error: OSError) -> HoldfastError:
    """The error for a failed write: a full disk is named as such."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return NoSpace(
            str(path.parent),
            f"the disk is full ({obstacle(path.parent) or error.strerror})",
            "Free space there, or keep fewer backups; the unfinished backup was removed, the others are untouched.",
        )
    return HoldfastError(str(path), f"cannot be written: {error.strerror or error}")


def write_file(path: Path, text: str) -> None:
    """A new small file: whole, and on the disk on return, or not there."""
    try:
        with Writer(path) as writer:
            # A name that is no UTF-8 is written as JSON would escape it.
            writer.write(text.encode("utf-8", "backslashreplace"))
    except HoldfastError:
        with contextlib.suppress(OSError):
            path.unlink()
        raise


def sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
