# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading an artifact to its end without restoring it."""

from __future__ import annotations

import contextlib
import re
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Callable, Protocol, cast

from .. import blame
from ..codec import Codec, decompressor
from ..errors import Damaged, HoldfastError, ProgramFailed, Refused
from ..pipes import CHUNK
from ..process import Command, Pipeline, copy, run
from . import compression
from .server import Server
from .workspace import workspace

COMPLETE = re.compile(rb"^-- PostgreSQL database (?:cluster )?dump complete$", re.MULTILINE)
RESTRICT = re.compile(rb"^\\restrict (\S+)$", re.MULTILINE)
TAIL = 4096
# Octets. A pipe into a container saves the detour through the engine, and costs three calls of it.
WORTH_A_PIPE = 64 * 1024 * 1024
DATA_ENTRY = re.compile(r"^(\d+); .* TABLE DATA ", re.MULTILINE)


class Readable(Protocol):
    """What an artifact is read from; its read is given a number of octets."""

    def read(self, octets: int, /) -> bytes: ...


def read_to_end(
    path: Path, stream: Readable, codec: Codec, server: Server, see: Callable[[bytes], object] | None = None
) -> None:
    """Read an artifact as a restore would; :class:`Damaged` when that is not possible to the last octet.

    stream yields the artifact, and is read to its end. server lends its programs for the archive formats. see is shown
    the SQL that a restore would run, except that of a directory archive.
    """
    try:
        if codec.format == "plain":
            _plain(path, stream, codec, see)
        elif codec.format == "custom":
            if see is None and server.relayed and path.stat().st_size > WORTH_A_PIPE:
                _custom_by_name(stream, codec, server)
            else:
                _custom(stream, codec, server, see)
        elif codec.outer == "none":
            _directory(path, stream, server)
        else:
            with Pipeline(decompressor(codec.outer), source=_chunks(stream), sink=subprocess.PIPE) as unpacked:
                _unpacked(path, unpacked, server)
    except OSError as error:
        raise _hindered(path, error.strerror or str(error)) from error
    except (ProgramFailed, tarfile.TarError, EOFError, ValueError, OverflowError) as error:
        # A container that was stopped meanwhile is no damage.
        server.check()
        hindered = blame.circumstance(error.failures) if isinstance(error, ProgramFailed) else None
        if "unsupported version" in str(error):
            raise Refused(
                str(path),
                f"a newer pg_dump made it than the pg_restore {server.client_major('pg_restore')} for {server.title}",
                "Restore it into a newer server, or install the client programs of a newer version.",
            ) from error
        if compression.UNSUPPORTED in str(error):
            raise compression.unreadable(str(path), server) from error
        if hindered is not None:
            raise _hindered(path, hindered) from error
        raise damaged(path, f"it cannot be read to its end: {error}") from error


def damaged(path: Path, cause: str) -> Damaged:
    return Damaged(
        str(path),
        cause,
        "Do not restore this backup; take another (holdfast list), and find out what damaged this one.",
    )


def _hindered(path: Path, cause: str) -> HoldfastError:
    next_step = "That says nothing about the backup: mend what was in the way, then check it again."
    return HoldfastError(str(path), f"it could not be read to its end: {cause}", next_step)


def _plain(path: Path, stream: Readable, codec: Codec, see: Callable[[bytes], object] | None) -> None:
    head = tail = b""

    def remember(chunk: bytes) -> None:
        nonlocal head, tail
        head += chunk[: TAIL - len(head)]
        tail = (tail + chunk[-TAIL:])[-TAIL:]
        if see:
            see(chunk)

    through(decompressor(codec.outer), stream, remember)
    # Newer dumps begin with a key, and psql accepts them only if they end with the same.
    key = RESTRICT.search(head)
    if not COMPLETE.search(tail) or (key and b"\\unrestrict " + key[1] + b"\n" not in tail):
        raise damaged(path, "the dump does not end with 'dump complete': it is truncated")


def _custom(stream: Readable, codec: Codec, server: Server, see: Callable[[bytes], object] | None) -> None:
    target = "--file=-" if see else "--file=/dev/null"
    through([*decompressor(codec.outer), server.client("pg_restore", target)], stream, see or _ignore)


def _custom_by_name(stream: Readable, codec: Codec, server: Server) -> None:
    with workspace(server, "verify") as area:
        if area.outside is None:
            _custom(stream, codec, server, None)
            return
        # Asked to find out the format, it would open the pipe a second time.
        options = ("--format=custom", "--file=/dev/null")
        with area.read(lambda name: server.client("pg_restore", *options, name)) as write:
            through(decompressor(codec.outer), stream, write)


def _unpacked(path: Path, unpacked: Pipeline, server: Server) -> None:
    try:
        _directory(path, unpacked.output, server)
    except (tarfile.TarError, EOFError):
        # A tar ends early, too, when the program that unpacks it was killed: how that ended tells.
        for _chunk in unpacked.chunks():
            pass
        unpacked.finish()
        raise
    unpacked.finish()


def _directory(path: Path, stream: Readable, server: Server) -> None:
    """Table of contents by pg_restore; the compressed files one after the other through a single decompressor."""
    seen: set[str] = set()
    contents = b""
    with contextlib.ExitStack() as stack, tarfile.open(fileobj=cast(IO[bytes], stream), mode="r|") as archive:
        testers: dict[str, Pipeline] = {}
        for member in archive:
            source = archive.extractfile(member)
            if source is None:
                continue
            name = member.name.removeprefix("./")
            seen.add(name)
            outer = {".gz": "gzip", ".zst": "zstd"}.get(Path(name).suffix)
            if name == "toc.dat":
                contents = source.read()
            elif outer is None:
                _drain(source)
            else:
                if outer not in testers:
                    testers[outer] = stack.enter_context(Pipeline(decompressor(outer), source=subprocess.PIPE))
                for chunk in _chunks(source):
                    testers[outer].write(chunk)
        for tester in testers.values():
            tester.finish()
    _drain(stream)
    if not contents:
        raise damaged(path, "it has no table of contents (toc.dat)")
    listing = _list(server, contents)
    for entry in DATA_ENTRY.findall(listing):
        if not seen & {f"{entry}.dat", f"{entry}.dat.gz", f"{entry}.dat.zst", f"{entry}.dat.lz4"}:
            raise damaged(path, f"the data file {entry}.dat, which its table of contents lists, is missing")


def _list(server: Server, contents: bytes) -> str:
    with workspace(server, "verify") as area:
        run(server.tool("mkdir", f"{area.path}/archive"))
        run(server.tool("dd", "status=none", f"of={area.path}/archive/toc.dat"), source=contents)
        return run(server.client("pg_restore", "--list", f"{area.path}/archive"))


def through(stages: list[Command], stream: Readable, receive: Callable[[bytes], object]) -> None:
    """The stream through the stages to a receiver, in constant memory."""
    if not stages:
        for chunk in _chunks(stream):
            receive(chunk)
        return
    with Pipeline(stages, source=_chunks(stream), sink=subprocess.PIPE) as pipeline:
        copy(pipeline, receive)


def _chunks(stream: Readable) -> Iterator[bytes]:
    while True:
        chunk = stream.read(CHUNK)
        if not chunk:
            return
        yield chunk


def _drain(stream: Readable) -> None:
    for _chunk in _chunks(stream):
        pass


def _ignore(_chunk: bytes) -> None:
    pass
