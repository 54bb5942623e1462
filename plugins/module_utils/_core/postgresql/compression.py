# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What PostgreSQL's programs can compress and decompress themselves, which is settled when they are built."""

from __future__ import annotations

from ..codec import DUMP_KNOWS_ZSTD, Codec, choose
from ..errors import ProgramFailed, Refused
from ..process import run
from .server import Server

# It looks at its options before it looks for a server.
ASK = ("--format=custom", "--compress=zstd:1", "--no-password", "--host=/nonexistent", "--dbname=postgres")
UNSUPPORTED = "not support compression"


def fitting(server: Server, format: str, compression: str, level: int | None) -> Codec:
    """The codec for a job's wishes and the pg_dump that serves the server."""
    matters = format != "plain" and compression == "zstd"
    return choose(format, compression, level, matters and has_zstd(server))


def has_zstd(server: Server) -> bool:
    """Whether the client programs compress with zstd: from 16 on they do, unless they were built without it."""
    if server.client_major("pg_dump") < DUMP_KNOWS_ZSTD:
        return False
    try:
        run(server.client("pg_dump", *ASK))
    except ProgramFailed as error:
        return UNSUPPORTED not in str(error)
    return True


def require(title: str, codec: Codec, server: Server) -> None:
    """Raise :class:`Refused` when the server's client programs cannot decompress an archive of that codec."""
    if codec.inside and codec.format != "plain" and codec.compression == "zstd" and not has_zstd(server):
        raise unreadable(title, server)


def unreadable(title: str, server: Server) -> Refused:
    return Refused(
        title,
        f"it is compressed with zstd, which the PostgreSQL programs for {server.title} were built without",
        "Restore it where they have zstd: Debian's packages and the official images do.",
    )
