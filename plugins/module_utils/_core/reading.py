# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Opening files that anybody may have put something else in the place of: only a regular file is read. A pipe would
keep us waiting for ever, and a device has no end."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import IO


def opened(path: Path) -> IO[bytes]:
    """A file, open to be read; OSError when it cannot be, or is no regular file."""
    return os.fdopen(_regular(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)), "rb")


def read(path: Path) -> bytes:
    """All of a small file. Raises as :func:`opened`."""
    with opened(path) as stream:
        return stream.read()


def written(path: Path, more: int = 0) -> int:
    """A file, open to be read and written, and made with mode 0600 when it is not there. Raises as :func:`opened`.

    more: further flags, such as O_APPEND.
    """
    return _regular(os.open(path, os.O_RDWR | os.O_CREAT | os.O_NONBLOCK | os.O_CLOEXEC | more, 0o600))


def _regular(descriptor: int) -> int:
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return descriptor
    os.close(descriptor)
    raise OSError(errno.EINVAL, "it is no regular file")
