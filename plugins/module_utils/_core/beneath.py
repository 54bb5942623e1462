# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Opening what lies below a directory that somebody else rules, and nothing outside of it."""

from __future__ import annotations

import errno
import os

# As many as the kernel follows.
LINKS = 40


def open_beneath(root: int, path: str, flags: int = os.O_PATH) -> int:
    """Open a path as if the directory were the root of the file system; the descriptor, which the caller closes.

    Links are followed as they would be there, one by one: none leads out, whoever puts one in the way at any moment.
    Raises OSError as open does.
    """
    left = [part for part in reversed(path.split("/")) if part not in ("", ".")]
    way = [os.dup(root)]
    links = 0
    try:
        while left:
            part = left.pop()
            if part == "..":
                if len(way) > 1:
                    os.close(way.pop())
                continue
            # A link itself is opened by O_PATH, and by nothing else that is told not to follow it.
            found = os.open(part, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=way[-1])
            try:
                target = os.readlink("", dir_fd=found)
            except OSError as error:
                if error.errno not in (errno.ENOENT, errno.EINVAL):
                    os.close(found)
                    raise
                way.append(found)
                continue
            os.close(found)
            links += 1
            if links > LINKS:
                raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)
            if target.startswith("/"):
                while len(way) > 1:
                    os.close(way.pop())
            left += [word for word in reversed(target.split("/")) if word not in ("", ".")]
        if flags == os.O_PATH:
            return os.dup(way[-1])
        return os.open(f"/proc/self/fd/{way[-1]}", flags | os.O_CLOEXEC)
    finally:
        for descriptor in way:
            os.close(descriptor)
