# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The proofs of restored databases that were swapped in: what was written since shows in the difference."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import quote

from . import proof, reading
from .errors import Damaged, HoldfastError, cause_of
from .places import Places
from .repository.artifact import sync_directory, write_file
from .visible import as_json

ENDING = ".proof.json"


def keep(places: Places, job: str, before: str, found: dict[str, Any]) -> None:
    """before: the name that the replaced database has now."""
    path = _path(places, job, before)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        write_file(path, as_json(found) + "\n")
        sync_directory(path.parent)
    except (OSError, HoldfastError) as error:
        raise HoldfastError(
            str(path.parent),
            f"what a rollback needs to know cannot be kept there: {cause_of(error)}",
            f"Free space in {places.state}, or make it writable. Nothing was replaced.",
        ) from error


def read(places: Places, job: str, before: str) -> dict[str, Any] | None:
    path = _path(places, job, before)
    try:
        return proof.read(path, reading.read(path))
    except (OSError, Damaged):
        return None


def forget(places: Places, job: str, before: str) -> None:
    with contextlib.suppress(OSError):
        _path(places, job, before).unlink()


def tidy(places: Places, job: str, there: Iterable[str]) -> None:
    """Forget those whose replaced database was deleted. there: the databases that the job put aside."""
    known = {_path(places, job, before) for before in there}
    for path in _directory(places, job).glob(f"*{ENDING}"):
        if path not in known:
            with contextlib.suppress(OSError):
                path.unlink()


def _directory(places: Places, job: str) -> Path:
    return places.history(job).parent / "swapped"


def _path(places: Places, job: str, before: str) -> Path:
    # A database may have any name.
    return _directory(places, job) / f"{quote(before, safe='')}{ENDING}"
