# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A large archive is read by a container's pg_restore through a pipe that it opens by its name."""

from __future__ import annotations

import io
import os
import signal
from pathlib import Path

import pytest

from ansible_collections.holdfast.postgres.plugins.module_utils._core.codec import Codec
from ansible_collections.holdfast.postgres.plugins.module_utils._core.definition.model import Connection
from ansible_collections.holdfast.postgres.plugins.module_utils._core.errors import (
    Damaged,
    HoldfastError,
    ProgramFailed,
    ServerError,
)
from ansible_collections.holdfast.postgres.plugins.module_utils._core.named_pipe import read_from
from ansible_collections.holdfast.postgres.plugins.module_utils._core.postgresql import archive
from ansible_collections.holdfast.postgres.plugins.module_utils._core.postgresql.container import ContainerServer
from ansible_collections.holdfast.postgres.plugins.module_utils._core.process import Command
from ansible_collections.holdfast.postgres.tests.integration import files, processes
from ansible_collections.holdfast.postgres.tests.integration.program import Holdfast
from ansible_collections.holdfast.postgres.tests.integration.sample import large
from ansible_collections.holdfast.postgres.tests.integration.servers import Server

CODEC = Codec("custom", "zstd", inside=True, level=None)


@pytest.fixture
def dump(holdfast: Holdfast, container17: Server) -> Path:
    """An archive that is larger than any pipe."""
    repository = holdfast.define("library", container17, large(container17, container17.unique(), 8))
    return files.artifact(repository, holdfast.backup("library"))


@pytest.fixture
def server(container17: Server, monkeypatch: pytest.MonkeyPatch) -> ContainerServer:
    monkeypatch.setattr(archive, "WORTH_A_PIPE", 0)
    return ContainerServer(Connection(container=container17.container, user="postgres"), "postgres", None)


def left(container: Server) -> bytes:
    return container.run("find", "/var/tmp", "-name", ".holdfast-*")


def test_what_is_whole_is_read_to_its_end(dump: Path, server: ContainerServer, container17: Server) -> None:
    with dump.open("rb", buffering=0) as stream:
        archive.read_to_end(dump, stream, CODEC, server)
        assert stream.read() == b""
    assert left(container17) == b""


@pytest.mark.parametrize("kept", [0, 3, 200, 0.5, -1])
def test_what_is_cut_off_is_damaged(kept: float, dump: Path, server: ContainerServer, container17: Server) -> None:
    content = dump.read_bytes()
    content = content[: int(len(content) * kept)] if kept == 0.5 else content[: int(kept)]
    with pytest.raises(Damaged, match="cannot be read to its end"):
        archive.read_to_end(dump, io.BytesIO(content), CODEC, server)
    assert left(container17) == b""


def test_a_program_that_is_killed_is_no_success(dump: Path, server: ContainerServer, container17: Server) -> None:
    class Killing(io.BytesIO):
        killed = False

        def read(self, octets: int = -1, /) -> bytes:
            if self.tell() > 2_000_000 and not self.killed:
                os.kill(processes.in_container(container17, "pg_restore"), signal.SIGKILL)
                self.killed = True
            return super().read(100_000)

    with pytest.raises(HoldfastError, match="pg_restore") as told:
        archive.read_to_end(dump, Killing(dump.read_bytes()), CODEC, server)
    assert not isinstance(told.value, Damaged)
    assert left(container17) == b""


def test_a_program_that_reads_nothing_is_no_success(dump: Path, server: ContainerServer, tmp_path: Path) -> None:
    fifo = tmp_path / "pipe"
    os.mkfifo(fifo)
    for command in (("true",), ("head", "-c", "10", str(fifo))):
        refused = pytest.raises(ProgramFailed, match="without reading its input")
        with refused, read_from(fifo, Command(command)) as write:
            write(dump.read_bytes())
    with read_from(fifo, Command(("cat", str(fifo)))) as write:
        write(b"")


def test_a_container_that_stops_is_no_damage(dump: Path, server: ContainerServer) -> None:
    gone = ContainerServer(Connection(container="holdfast-no-such", user="postgres"), "postgres", None)
    with dump.open("rb", buffering=0) as stream, pytest.raises(ServerError, match="no such container"):
        archive.read_to_end(dump, stream, CODEC, gone)
