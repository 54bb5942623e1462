# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Clearing up after a killed run: what it had begun is undone, what it was deleting is deleted."""

from __future__ import annotations

import shutil
import stat

from ..errors import Damaged
from . import names
from .artifact import sync_directory
from .local import PUBLISHING, Repository, read_list
from .manifest import read


def clear(repository: Repository) -> list[str]:
    """Must be called under the job's lock. What was done, as sentences."""
    done = []
    for backup, state in _found(repository):
        if state == "deleting":
            _finish_deleting(repository, backup)
            done.append(f"finished deleting {backup}")
        elif state == "partial":
            _undo(repository, backup)
            done.append(f"removed the unfinished {backup}")
    return done


def unfinished(repository: Repository) -> list[str]:
    """The backups that are being made, or were when their run was killed."""
    return [backup for backup, state in _found(repository) if state == "partial"]


def _found(repository: Repository) -> list[tuple[str, str]]:
    found = []
    for name, status in sorted(repository.files().items()):
        backup, _dot, state = name.removeprefix(".").rpartition(".")
        # What is of another kind is not ours, whatever its name.
        kind = stat.S_ISDIR if state == "partial" else stat.S_ISREG
        if name.startswith(".") and repository.owns(backup) and kind(status.st_mode):
            found.append((backup, state))
    return found


def _finish_deleting(repository: Repository, backup: str) -> None:
    tombstone = repository.directory / names.deleting(backup)
    try:
        manifest = read(tombstone, backup)
    except Damaged:
        manifest = None
    repository.bury(tombstone, manifest)


def _undo(repository: Repository, backup: str) -> None:
    hidden = repository.directory / names.partial(backup)
    with repository.changing():
        if not (repository.directory / (backup + names.MANIFEST)).exists():
            for file in repository.unclaimed(backup, read_list(hidden / PUBLISHING)):
                # What is still in the hidden directory was not moved: its namesake outside is not ours.
                if not (hidden / file).exists():
                    (repository.directory / file).unlink(missing_ok=True)
        shutil.rmtree(hidden)
        sync_directory(repository.directory)
