# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From a server to a stream of octets: pg_dump and pg_dumpall with their compression."""

from __future__ import annotations

import subprocess
from typing import Callable

from ..codec import Codec, compressor, dump_option
from ..process import Command, Pipeline, copy, run
from . import catalog
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
    if codec.format != "directory":
        _stream([server.client("pg_dump", *options), *compressor(codec)], receive)
        return
    with workspace(server, owner) as area:
        run(server.client("pg_dump", *options, f"--jobs={parallel}", f"--file={area.path}/archive"))
        _stream([area.pack()], receive)


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
