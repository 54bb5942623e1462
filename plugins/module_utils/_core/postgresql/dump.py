# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From a server to a stream of octets: pg_dump and pg_dumpall with their compression."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator
from typing import Callable

from ..codec import Codec, compressor, dump_option
from ..errors import HoldfastError, ProgramFailed, ServerError
from ..process import Command, Pipeline, copy, run
from . import catalog, encodings, grants
from .archive import through
from .server import Server, database_option
from .workspace import workspace

# Milliseconds. Whoever waits for a table that the snapshot holds makes the dump wait behind it.
LOCK_TIMEOUT = 20_000
Receiver = Callable[[bytes], object]


class BeginAgain(ServerError):
    """Others keep the dump from being made, or from being whole. attempts: how often it is worth while to try."""

    attempts = 3


class TableWanted(BeginAgain):
    """Somebody waits for a table that the dump's snapshot holds, and the dump would wait for them."""


def table_wanted(database: str) -> TableWanted:
    return TableWanted(
        f"database {database}",
        "another session wants a table of it for itself alone",
        "Back up when no table is being altered, or end that session.",
    )


class CatalogChanged(BeginAgain):
    """What the snapshot knows is gone, or another thing by now: the dump may name what it does not hold."""

    attempts = 6


def dump_database(
    server: Server,
    database: str,
    codec: Codec,
    parallel: int,
    owner: str,
    receive: Receiver,
    snapshot: str | None = None,
) -> None:
    """Stream a dump of one database. parallel counts only for a directory archive; owner names its workspace.

    snapshot: of a session that holds the tables locked. Raises :class:`TableWanted` when that is in a third one's way.
    """
    major = server.client_major("pg_dump")
    options = [
        "--no-password",
        f"--format={codec.format}",
        dump_option(codec, major),
        # A database may carry another one for its applications, which need not have every character.
        f"--encoding={encodings.of(server, database)}",
        database_option(database),
    ]
    if snapshot is not None:
        options += [f"--snapshot={snapshot}", f"--lock-wait-timeout={LOCK_TIMEOUT}"]

    def dump_to(file: str, *more: str) -> Command:
        return server.client("pg_dump", *options, *more, f"--file={file}", "--no-sync")

    with _explained(database, server.role):
        if codec.format != "directory" and not server.relayed:
            _stream([server.client("pg_dump", *options), *compressor(codec)], receive)
            return
        with workspace(server, owner) as area:
            if codec.format == "directory":
                run(dump_to(f"{area.path}/archive", f"--jobs={parallel}"))
                _stream([area.pack(), *compressor(codec)], receive)
            elif area.outside is None:
                _stream([server.client("pg_dump", *options), *compressor(codec)], receive)
            else:
                with area.written(dump_to) as stream:
                    through(compressor(codec), stream, receive)


def dump_globals(server: Server, codec: Codec, receive: Receiver) -> bool:
    """Stream roles and tablespaces; whether the roles' passwords went along, which not every role may read."""
    with server.session() as session:
        with_passwords = catalog.may_read_passwords(session)
    options = ["--no-password", "--globals-only", f"--database={server.connection.maintenance_database}"]
    if not with_passwords:
        options.append("--no-role-passwords")
    _stream([server.client("pg_dumpall", *options), *compressor(codec)], receive)
    return with_passwords


def _stream(commands: list[Command], receive: Receiver) -> None:
    with Pipeline(commands, sink=subprocess.PIPE) as pipeline:
        copy(pipeline, receive)


@contextlib.contextmanager
def _explained(database: str, role: str) -> Iterator[None]:
    """Add the next step to the errors whose cure is known."""
    try:
        yield
    except ProgramFailed as error:
        told = str(error)
        # The timeout of pg_dump's locks is one of statements.
        timeout = "statement timeout" in told and "LOCK TABLE" in told
        if timeout or "could not obtain lock on relation" in told:
            raise table_wanted(database) from error
        next_step = grants.next_step(told, role)
        if not next_step:
            raise
        raise HoldfastError(error.thing, error.cause, next_step) from error
