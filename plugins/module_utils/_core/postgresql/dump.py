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
from ..errors import HoldfastError, ProgramFailed
from ..process import Command, Pipeline, copy, run
from . import catalog
from .archive import through
from .quote import identifier
from .server import Server, database_option
from .workspace import workspace

Receiver = Callable[[bytes], object]


def dump_database(server: Server, database: str, codec: Codec, parallel: int, owner: str, receive: Receiver) -> None:
    """Stream a dump of one database. parallel counts only for a directory archive; owner names its workspace."""
    major = server.client_major("pg_dump")
    options = [
        "--no-password",
        f"--format={codec.format}",
        dump_option(codec, major),
        database_option(database),
    ]

    def dump_to(file: str, *more: str) -> Command:
        return server.client("pg_dump", *options, *more, f"--file={file}", "--no-sync")

    with _explained(server.role):
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
def _explained(role: str) -> Iterator[None]:
    """Add the next step to the errors whose cure is known."""
    try:
        yield
    except ProgramFailed as error:
        told, name = str(error), identifier(role)
        if "permission denied for large object" in told:
            next_step = (
                f"Role {role} cannot be given all large objects at once: grant it each of them (docs/security.md has "
                "the statement), or back up as a superuser."
            )
        elif "permission denied for" in told:
            next_step = f"GRANT pg_read_all_data TO {name}; or back up as a superuser."
        elif "query would be affected by row-level security" in told:
            next_step = f"ALTER ROLE {name} BYPASSRLS; or back up as a superuser: its policies would hide rows."
        else:
            raise
        raise HoldfastError(error.thing, error.cause, next_step) from error
