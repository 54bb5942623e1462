# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A private directory where PostgreSQL's programs run, for the files they read or write by name."""

from __future__ import annotations

import contextlib
import secrets
import subprocess
from collections.abc import Iterator
from typing import IO

from ..errors import HoldfastError
from ..process import Command, Pipeline, run
from .server import Server


class Workspace:
    """path is the directory as the server's tools see it; only the user they run as may enter it."""

    def __init__(self, server: Server, path: str) -> None:
        self._server = server
        self.path = path

    def pack(self) -> Command:
        """A command that writes the content of the directory ``archive`` as a tar stream."""
        return self._server.tool("tar", "--create", "--file=-", f"--directory={self.path}/archive", ".")

    def unpack(self, archive: IO[bytes]) -> str:
        """Unpack a tar archive; where its content is now."""
        run(self._server.tool("mkdir", f"{self.path}/archive"))
        command = self._server.tool("tar", "--extract", "--file=-", f"--directory={self.path}/archive")
        with Pipeline([command], source=archive) as pipeline:
            pipeline.finish()
        return f"{self.path}/archive"

    def place(self, stages: list[Command], archive: IO[bytes]) -> str:
        """Put an archive here, through the given stages; where it is now."""
        target = f"{self.path}/archive"
        store = self._server.tool("dd", "bs=1M", "iflag=fullblock", "status=none", f"of={target}")
        with Pipeline([*stages, store], source=archive, sink=subprocess.DEVNULL) as pipeline:
            pipeline.finish()
        return target


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
