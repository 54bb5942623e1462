# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A private directory where PostgreSQL's programs run, for the files they read or write by name."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Callable

from ..errors import HoldfastError
from ..named_pipe import read_from, written_to
from ..process import Command, Pipeline, run
from . import unpacking
from .living import Run
from .server import Server


class Workspace:
    """path is the directory as the server's tools see it; only the user they run as may enter it.

    outside is the same directory as this host's own tools see it, when root may use it for them; else None. It stays
    that directory, whatever is put in its place: whoever rules a container could lead us anywhere.
    """

    def __init__(self, server: Server, path: str) -> None:
        self._server = server
        self.path = path
        self._opened = contextlib.ExitStack()
        self._reader: int | None = None
        self.outside: Path | None = None
        directory = server.opened(path)
        if directory is not None:
            self._opened.callback(os.close, directory)
            # Files that root makes are of use only to root.
            if os.geteuid() == os.fstat(directory).st_uid:
                self._directory = directory
                self.outside = _seen(directory)

    def close(self) -> None:
        self._opened.close()

    def pack(self) -> Command:
        """A command that writes the content of the directory ``archive`` as a tar stream."""
        if self.outside is None:
            return self._server.tool("tar", "--create", "--file=-", f"--directory={self.path}/archive", ".")
        return Command(("tar", "--create", "--file=-", f"--directory={_seen(self._below('archive'))}", "."))

    def unpack(self, stages: list[Command], archive: IO[bytes], reader: int | None = None) -> str:
        """Unpack a tar archive, through the given stages; where its content is now.

        reader: the number of another user who may read it.
        """
        if self.outside is None:
            run(self._server.tool("mkdir", "-m", "700", f"{self.path}/archive"))
            # Not every container's tar can be told.
            record = [] if self._server.relayed else [unpacking.RECORD]
            extract = ("--extract", "--no-same-owner", "--file=-", f"--directory={self.path}/archive")
            self._run([*stages, self._server.tool("tar", *record, *extract)], archive, None)
        else:
            os.mkdir("archive", 0o700, dir_fd=self._directory)
            directory = self._below("archive")
            unpacking.unpack(stages, archive, directory)
            if reader is not None:
                self._reader = reader
                _show(self._directory, reader)
                _show(directory, reader)
                for file in _seen(directory).iterdir():
                    self._show(file.name, directory)
        return f"{self.path}/archive"

    def place(self, stages: list[Command], archive: IO[bytes]) -> str:
        """Put an archive here, through the given stages; where it is now."""
        if self.outside is None:
            take = self._server.tool("dd", "bs=64K", "status=none", f"of={self.path}/archive")
            self._run([*stages, take], archive, None)
        else:
            with (self.outside / "archive").open("xb") as target:
                self._run(stages or [Command(("cat",))], archive, target)
        return f"{self.path}/archive"

    def write(self, name: str, text: str) -> str:
        """Put a small file here; where it is now."""
        octets = text.encode("utf-8")
        if self.outside is None:
            run(self._server.tool("dd", "status=none", f"of={self.path}/{name}"), source=octets)
        else:
            with (self.outside / name).open("xb") as target:
                target.write(octets)
            self._show(name, self._directory)
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

    def _show(self, name: str, directory: int) -> None:
        if self._reader is not None:
            file = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=directory)
            _show(file, self._reader)
            os.close(file)

    def _below(self, name: str) -> int:
        """A directory of ours in the workspace, which no link can stand in for."""
        flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            directory = os.open(name, flags, dir_fd=self._directory)
        except OSError as error:
            raise HoldfastError(f"{self.path}/{name}", f"it is not the directory that was made: {error}") from error
        self._opened.callback(os.close, directory)
        return directory

    def _run(self, stages: list[Command], source: IO[bytes], sink: IO[bytes] | None) -> None:
        with Pipeline(stages, source, sink) as pipeline:
            pipeline.finish()


@contextlib.contextmanager
def workspace(server: Server, owner: str) -> Iterator[Workspace]:
    """A new workspace, removed at the end. owner: for whom, a word for people."""
    path = f"{server.connection.work_dir}/.holdfast-{owner}-{Run.ours()}.{secrets.token_hex(4)}"
    run(server.tool("mkdir", "-m", "700", path))
    try:
        area = Workspace(server, path)
        with contextlib.closing(area):
            yield area
    finally:
        with contextlib.suppress(HoldfastError):
            run(server.tool("rm", "-rf", "--", path))


def clear(server: Server) -> None:
    """Remove the workspaces of all runs on this host that are no more. What is not ours stays, and what cannot be
    removed is in nobody's way."""
    ours = Run.ours()
    # Anybody may give such a name to something of theirs, where all may write.
    user = server.tool("true").user if not server.relayed else None
    mine = ("-user", str(user or os.geteuid())) if not server.relayed else ()
    find = ("find", server.connection.work_dir, "-maxdepth", "1", "-type", "d", *mine)
    with contextlib.suppress(HoldfastError):
        found = run(server.tool(*find, "-name", f".holdfast-*-{ours.host}.*")).splitlines()
        name = re.compile(rf".*/\.holdfast-[^/]*-({Run.PATTERN})\.[0-9a-f]{{8}}")
        left = [path for path in found for match in [name.fullmatch(path)] if match and not Run.parse(match[1]).alive]
        if left:
            run(server.tool("rm", "-rf", "--", *left))


def _show(descriptor: int, reader: int) -> None:
    """It stays ours, and may be read by a group that only the reader is in."""
    os.fchown(descriptor, -1, reader)
    os.fchmod(descriptor, 0o750 if stat.S_ISDIR(os.fstat(descriptor).st_mode) else 0o640)


def _seen(descriptor: int) -> Path:
    return Path(f"/proc/{os.getpid()}/fd/{descriptor}")
