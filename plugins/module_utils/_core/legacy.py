# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A dump without a manifest: what can be learnt from the file alone, and whether it may be restored."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from .codec import Codec, recognise
from .errors import Refused
from .postgresql.archive import damaged, read_to_end
from .postgresql.psql_commands import Scan
from .postgresql.server import Server
from .verify import HashingReader

MAGIC = ((b"\x1f\x8b", "gzip"), (b"\x28\xb5\x2f\xfd", "zstd"))
KNOWN = ".sql, .sql.gz, .sql.zst, .dump, .dump.gz, .dump.zst, .dir.tar, .dir.tar.gz or .dir.tar.zst"
VERSION = re.compile(rb"^-- Dumped from database version (\d+)", re.MULTILINE)
SWITCH = re.compile(r"\\c(?:onnect)?(?:\s|\Z)")
CLUSTER = re.compile(rb"^-- PostgreSQL database cluster dump$", re.MULTILINE)


@dataclass(frozen=True)
class Dump:
    """A file that was read to its end. major: of the server it was taken from, where the dump tells."""

    path: Path
    codec: Codec
    size: int
    sha256: str
    major: int | None


def inspect(path: Path, server: Server) -> Dump:
    """Read a dump to its end; :class:`Damaged` when it is not whole, :class:`Refused` when it is no dump of one
    database."""
    codec = _codec(path)
    scan = _Scan(path)
    with path.open("rb", buffering=0) as stream:
        reader = HashingReader(stream)
        size = path.stat().st_size
        read_to_end(path, reader, codec, server, scan.see)
        scan.finish()
        return Dump(path, codec, size, reader.finish(), scan.major)


def _codec(path: Path) -> Codec:
    codec = recognise(path.name)
    if codec is None:
        raise Refused(
            f"file {path}",
            "its name does not say what kind of dump it is",
            f"Name it so that it ends in {KNOWN}.",
        )
    with path.open("rb") as stream:
        head = stream.read(512)
    found = next((name for magic, name in MAGIC if head.startswith(magic)), "none")
    if not head:
        raise damaged(path, "it is empty")
    if found != codec.outer:
        raise Refused(
            f"file {path}",
            f"its name says {codec.outer} compression, and its content is {found}",
            "Rename it to what it is.",
        )
    return codec


class _Scan:
    """Looks for what would lead a restore astray, in the SQL of a dump as it streams by."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._rest = b""
        self._commands = Scan()
        self.major: int | None = None

    def see(self, chunk: bytes) -> None:
        text = self._rest + chunk
        cut = text.rfind(b"\n") + 1
        lines, self._rest = text[:cut], text[cut:][:65536]
        if self.major is None:
            version = VERSION.search(lines)
            self.major = int(version[1]) if version else None
        if CLUSTER.search(lines[:4096]):
            raise Refused(
                f"file {self._path}",
                "it is a dump of a whole cluster (pg_dumpall), not of one database",
                "Restore it by hand into an empty cluster, with psql.",
            )
        if self._commands.see(chunk):
            self._refuse()

    def finish(self) -> None:
        if self._commands.finish():
            self._refuse()

    def _refuse(self) -> None:
        found = self._commands.found
        if SWITCH.match(found):
            raise Refused(
                f"file {self._path}",
                f"it switches to another database ({found})",
                "It was made with pg_dump --create: restore it by hand, or remove that line and the CREATE DATABASE.",
            )
        raise Refused(
            f"file {self._path}",
            f"it holds more than SQL and rows, and psql would act on it: {found}",
            "Find out where it comes from. What pg_dump wrote holds no such thing.",
        )
