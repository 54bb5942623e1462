# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Servers that live as long as the test session, and an installation of the program for each test."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.holdfast.postgres.plugins.module_utils import _core
from ansible_collections.holdfast.postgres.plugins.plugin_utils.program import build
from ansible_collections.holdfast.postgres.tests.integration import large, sample, servers
from ansible_collections.holdfast.postgres.tests.integration.content import content
from ansible_collections.holdfast.postgres.tests.integration.program import Holdfast
from ansible_collections.holdfast.postgres.tests.integration.servers import Server


def pytest_sessionstart(session: pytest.Session) -> None:
    """What is missing must stop the run: a skipped test shows nothing."""
    if os.geteuid() != 0:
        raise pytest.UsageError(
            "the integration tests become the user postgres and mount file systems: run them as root"
        )
    servers.docker("image", "inspect", *(f"holdfast-postgres:{major}" for major in (14, 15, 16, 17, 18)))


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("program") / "holdfast"
    path.write_bytes(build(Path(_core.__file__).parent))
    path.chmod(0o755)
    return path


@pytest.fixture
def holdfast(program: Path, tmp_path: Path) -> Holdfast:
    return Holdfast(program, tmp_path / "host")


@pytest.fixture(scope="session")
def _container14() -> Iterator[Server]:
    with servers.container(14) as server:
        yield server


@pytest.fixture(scope="session")
def _container15() -> Iterator[Server]:
    with servers.container(15) as server:
        yield server


@pytest.fixture(scope="session")
def _container16() -> Iterator[Server]:
    with servers.container(16) as server:
        yield server


@pytest.fixture(scope="session")
def _container17() -> Iterator[Server]:
    with servers.container(17) as server:
        yield server


@pytest.fixture(scope="session")
def _container18() -> Iterator[Server]:
    with servers.container(18) as server:
        yield server


@pytest.fixture(scope="session")
def _cluster15() -> Iterator[Server]:
    with servers.cluster() as server:
        yield server


@pytest.fixture
def container14(_container14: Server) -> Iterator[Server]:
    """A server of 14 with client programs of 15."""
    yield _container14
    _container14.sweep()


@pytest.fixture
def container15(_container15: Server) -> Iterator[Server]:
    yield _container15
    _container15.sweep()


@pytest.fixture
def container16(_container16: Server) -> Iterator[Server]:
    """Without contrib, without ICU, and its programs without zstd."""
    yield _container16
    _container16.sweep()


@pytest.fixture
def container17(_container17: Server) -> Iterator[Server]:
    yield _container17
    _container17.sweep()


@pytest.fixture
def container18(_container18: Server) -> Iterator[Server]:
    """Without contrib, without ICU, and its programs without zstd."""
    yield _container18
    _container18.sweep()


@pytest.fixture
def cluster15(_cluster15: Server) -> Iterator[Server]:
    """A server as on a Debian host: local socket, peer authentication as the user postgres."""
    yield _cluster15
    _cluster15.sweep()


@pytest.fixture
def other15() -> Iterator[Server]:
    """A fresh server, which knows none of the others' roles."""
    with servers.cluster() as server:
        yield server


@pytest.fixture
def password_file(tmp_path: Path) -> Path:
    path = tmp_path / "password"
    path.write_text(servers.PASSWORD + "\n", encoding="utf-8")
    path.chmod(0o600)
    return path


@pytest.fixture
def tcp15(container15: Server, password_file: Path) -> dict[str, Any]:
    """The connection to the container's server over TCP."""
    return {"host": "127.0.0.1", "port": container15.port, "password_file": str(password_file)}


class Samples:
    """The weird database with one of everything, made once on each server and never changed."""

    def __init__(self) -> None:
        self._contents: dict[int, dict[str, Any]] = {}

    def __call__(self, server: Server) -> dict[str, Any]:
        """Its content."""
        if server.port not in self._contents:
            self._contents[server.port] = content(server, sample.create(server, sample.WEIRD))
        return self._contents[server.port]


@pytest.fixture(scope="session")
def samples() -> Samples:
    return Samples()


@pytest.fixture(scope="session")
def crowded15() -> Iterator[Server]:
    """A server with default locks, and the databases many_tables and many_partitions, which no test changes."""
    with servers.cluster({"max_connections": "100"}) as server:
        for name in large.CONTENT:
            large.create(server, name)
        yield server


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A file system of 24 MiB, where a server may go, too: what lies in pytest's own directories only we may enter."""
    path = Path(tempfile.mkdtemp(prefix="holdfast-it-", dir="/var/tmp"))
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m,mode=700", "holdfast-it", path], check=True)
    yield path
    subprocess.run(["umount", path], check=True)
    path.rmdir()
