# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names in a repository: ``<job>_<time>`` for a backup, ``<source>_<time>.<extension>`` for an artifact."""

from __future__ import annotations

import re
from datetime import datetime, timezone

TIME_FORMAT = "%Y%m%d_%H%M%S"
STAMP_LENGTH = len("20250816_155503")
MANIFEST = ".manifest.json"
CHECKSUMS = ".sha256"
PROOF = ".proof.json"
DELETING = ".deleting"
STAMPED = re.compile(r"(?P<stem>.+)_(?P<stamp>\d{8}_\d{6})(?P<rest>\..+)?", re.ASCII)


def stamp(moment: datetime) -> str:
    """A moment as names carry it: UTC, to the second."""
    return moment.astimezone(timezone.utc).strftime(TIME_FORMAT)


def backup_id(job: str, moment: datetime) -> str:
    return f"{job}_{stamp(moment)}"


def split(name: str) -> tuple[str, datetime, str] | None:
    """(job or source, moment, extension) of a stamped name, or None."""
    match = STAMPED.fullmatch(name)
    if match is None:
        return None
    try:
        moment = datetime.strptime(match["stamp"], TIME_FORMAT).replace(tzinfo=timezone.utc)
    except ValueError:
        return None
    # Years of less than four digits are not written as they are read.
    return (match["stem"], moment, match["rest"] or "") if stamp(moment) == match["stamp"] else None


def job_of_id(name: str) -> str | None:
    """The job whose backup has this id; None when it is no id."""
    parts = split(name)
    return parts[0] if parts is not None and not parts[2] else None


def artifact(source: str, moment: datetime, extension: str) -> str:
    return f"{source}_{stamp(moment)}{extension}"


def partial(backup: str) -> str:
    """The hidden directory in which a backup is made; it exists as long as the backup is unfinished."""
    return f".{backup}.partial"


def deleting(backup: str) -> str:
    """What a manifest is renamed to while its artifacts are deleted."""
    return f".{backup}{DELETING}"


def deleted(name: str) -> str | None:
    """The backup whose manifest was renamed to this, or None for any other name."""
    return name[1 : -len(DELETING)] if name.startswith(".") and name.endswith(DELETING) else None
