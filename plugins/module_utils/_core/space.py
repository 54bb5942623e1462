# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Is there room? Asked before anything is written."""

from __future__ import annotations

import os
from pathlib import Path

from .errors import NoSpace
from .units import size

MARGIN = 1.2
DUMP_OF_DATABASE = 0.5
RESERVE = 16 * 1024 * 1024
FILES = 32


def free(directory: Path) -> int:
    """Octets that we may still write below a directory, which need not exist yet."""
    while not directory.exists():
        directory = directory.parent
    status = os.statvfs(directory)
    return status.f_bavail * status.f_frsize


def total(directory: Path) -> int:
    while not directory.exists():
        directory = directory.parent
    status = os.statvfs(directory)
    return status.f_blocks * status.f_frsize


def obstacle(directory: Path) -> str:
    """What keeps files from being made below a directory, which need not exist yet, however much is free; or nothing.

    File systems that make inodes as they need them tell of none, and have none to run out of.
    """
    while not directory.exists():
        directory = directory.parent
    status = os.statvfs(directory)
    if status.f_flag & os.ST_RDONLY:
        return "it is read-only"
    if status.f_files and status.f_favail < FILES:
        return f"it has room for {status.f_favail} more files, however small: no more inodes are free"
    return ""


def for_backup(last_backup: int, databases: int) -> int:
    """Octets that a backup will take: a margin above the last one's size, or, for the first, half the databases."""
    return round(last_backup * MARGIN if last_backup else databases * DUMP_OF_DATABASE) + RESERVE


def require(directory: Path, needed: int, purpose: str, next_step: str, title: str = "") -> None:
    """Raise :class:`NoSpace` unless that many octets are free. title: the directory, as people know it."""
    obstructed = obstacle(directory)
    if obstructed:
        raise NoSpace(title or str(directory), f"{purpose} needs to write files, and {obstructed}", next_step)
    available = free(directory)
    if available < needed:
        raise NoSpace(
            title or str(directory),
            f"{purpose} needs about {size(needed)}, and {size(available)} are free",
            next_step,
        )
