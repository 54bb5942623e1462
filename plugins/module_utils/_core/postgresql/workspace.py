# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A private directory where PostgreSQL's programs run, for the files they read or write by name."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Callable

from ..errors import HoldfastError
from ..named_pipe import read_from, written_to
from ..process import Command, Pipeline, run
from .server import Server

# tar reads a pipe by records: this one is as large as what a pipe holds.
RECORD = "--blocking-factor=128"


class Workspace:
    """path is the directory as the server's tools see it; only the user they run as may enter it.

    outside is the same directory as this host's own tools see it, when root may use it for them; else None.
    """

    def __init__(self, server: Server, path: str) -> None:
        self._server = server
        self.path = path
        seen = server.seen(path)
        # Files that root makes are of use only to root.
        self.outside = seen if seen is not None and os.geteuid() == seen.stat().st_uid else None

    def pack(self) -> Command:
        """A command that writes the content of the directory ``archive`` as a tar stream."""
        return self._tool("tar", "--create", "--file=-", "--directory={}/archive", ".")

    def unpack(self, stages: list[Command], archive: IO[bytes]) -> str:
        """Unpack a tar archive, through the given stages; where its content is now."""
        run(self._tool("mkdir", "{}/archive"))
        # Not every container's tar can be told.
        record = [] if self._server.relayed and self.outside is None else [RECORD]
        take = self._tool("tar", *record, "--extract", "--file=-", "--directory={}/archive")
        self._run([*stages, take], archive, None)
        return f"{self.path}/archive"

    def place(self, stages: list[Command], archive: IO[bytes]) -> str:
        """Put an archive here, through the given stages; where it is now."""
        if self.outside is None:
            take = self._tool("dd", "bs=64K", "status=none", "of={}/archive")
            self._run([*stages, take], archive, None)
        else:
            with (self.outside / "archive").open("xb") as target:
                self._run(stages or [Command(("cat",))], archive, target)
        return f"{self.path}/archive"

    def write(self, name: str, text: str) -> str:
        """Put a small file here; where it is now."""
        run(self._tool("dd", "status=none", f"of={{}}/{name}"), source=text.encode("utf-8"))
        return f"{self.path}/{name}"

    def written(self, command: Callable[[str], Command]) -> contextlib.AbstractContextManager[IO[bytes]]:
        """What a command writes to the file that it is told, without a detour; the context ends with its success."""
        return written_to(self._pipe(), command(f"{self.path}/pipe"))

    def read(self, command: Callable[[str], Command]) -> contextlib.AbstractContextManager[Callable[[bytes], object]]:
        """Takes what a command reads by the name that it is told; the context ends with its success."""
        return read_from(self._pipe(), command(f"{self.path}/pipe"))

    def _pipe(self) -> Path:
        if self.outside is None:
            raise ValueError("this host cannot see the workspace")
        os.mkfifo(self.outside / "pipe", 0o600)
        return self.outside / "pipe"

    def _run(self, stages: list[Command], source: IO[bytes], sink: IO[bytes] | None) -> None:
        with Pipeline(stages, source, sink) as pipeline:
            pipeline.finish()

    def _tool(self, *argv: str) -> Command:
        """A tool that works on this directory, which {} stands for: this host's own where it can."""
        if self.outside is None:
            return self._server.tool(*(word.replace("{}", self.path) for word in argv))
        return Command(tuple(word.replace("{}", str(self.outside)) for word in argv))


@contextlib.contextmanager
def workspace(server: Server, owner: str) -> Iterator[Workspace]:
    """A new workspace of an owner (a job, or ``verify``), removed at the end."""
    path = f"{_prefix(server, owner)}{secrets.token_hex(4)}"
    run(server.tool("mkdir", "-m", "700", path))
    try:
        yield Workspace(server, path)
    finally:
        with contextlib.suppress(HoldfastError):
            run(server.tool("rm", "-rf", "--", path))


def clear(server: Server, owner: str) -> None:
    """Remove what killed runs of the owner left behind. Must be called under the owner's lock."""
    directory, _slash, name = _prefix(server, owner).rpartition("/")
    find = ("find", directory, "-maxdepth", "1", "-type", "d", "-name", f"{name}????????")
    run(server.tool(*find, "-exec", "rm", "-rf", "--", "{}", "+"))


def _prefix(server: Server, owner: str) -> str:
    return f"{server.connection.work_dir}/.holdfast-{owner}-"
