# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which databases of a server are ours: what the state of this host knows of them.

A comment alone says nothing, for whoever owns a database can write any. A database is one of ours when its name, its
OID on this server, and its comment are those that we noted before it got them.
"""

from __future__ import annotations

import contextlib
import json
import secrets
import socket
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from .errors import HoldfastError, cause_of
from .repository.artifact import sync_directory, write_file

if TYPE_CHECKING:
    import psycopg

    Session = psycopg.Connection[Any]

ENDING = ".json"


@dataclass(frozen=True)
class Record:
    """What we noted of a database.

    name:   its name
    server: the system identifier of its server
    oid:    its OID there; None as long as it is not known to exist
    mark:   its whole comment, with a token that nobody else knew beforehand
    facts:  what else there is to remember
    """

    name: str
    server: str
    oid: int | None
    mark: str
    facts: dict[str, Any] = field(default_factory=dict)


def token() -> str:
    return secrets.token_hex(16)


def host() -> str:
    return socket.gethostname()


def identity(session: Session) -> str:
    """The server's system identifier, which a copy of its files shares, and no other server has."""
    return str(session.execute("SELECT system_identifier FROM pg_control_system()").fetchall()[0][0])


def note(directory: Path, record: Record) -> None:
    """Keep a record; it is on the disk on return. Must be called under the lock of the job whose directory it is."""
    path = _path(directory, record.name)
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        unfinished = directory / ".unfinished"
        unfinished.unlink(missing_ok=True)
        write_file(unfinished, json.dumps(asdict(record), ensure_ascii=False) + "\n")
        unfinished.replace(path)
        sync_directory(directory)
    except (OSError, HoldfastError) as error:
        raise HoldfastError(
            str(directory),
            f"that database {record.name} is ours cannot be noted there: {cause_of(error)}",
            "Free space there, or make it writable. Nothing was replaced.",
        ) from error


def noted(directory: Path) -> list[Record]:
    """All records of a directory, by name. What cannot be read is no record: it makes no database ours."""
    found = []
    for path in sorted(directory.glob(f"[!.]*{ENDING}")):
        with contextlib.suppress(OSError, ValueError, TypeError):
            record = Record(**json.loads(path.read_text(encoding="utf-8")))
            if _path(directory, record.name) == path and isinstance(record.facts, dict):
                found.append(record)
    return found


def forget(directory: Path, name: str) -> None:
    with contextlib.suppress(OSError):
        _path(directory, name).unlink()


def _path(directory: Path, name: str) -> Path:
    # A database may have any name.
    return directory / f"{quote(name, safe='')}{ENDING}"
