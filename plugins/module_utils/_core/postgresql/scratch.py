# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Throw-away servers for drills: what each needs to know, and how its processes are started and waited for."""

from __future__ import annotations

import contextlib
import hashlib
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable

from ..errors import ProgramFailed, ServerError
from ..places import Places
from ..process import Command, Pipeline, run
from ..progress import Progress
from ..units import size as in_units
from .server import Server

if TYPE_CHECKING:
    import psycopg

    Session = psycopg.Connection[Any]

STARTS_WITHIN = 60
RESERVE = 64 * 1024 * 1024
# Nothing in a scratch server has to survive anything, and nobody but us comes in.
SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "1h",
    "autovacuum": "off",
    "shared_buffers": "256MB",
    "maintenance_work_mem": "256MB",
    "max_connections": "50",
    # A proof locks every table in one transaction.
    "max_locks_per_transaction": "1024",
    # What a killed drill was doing must not go on.
    "client_connection_check_interval": "1s",
    "logging_collector": "off",
    "log_checkpoints": "off",
}


@dataclass(frozen=True)
class Need:
    """What a scratch server is for, and what it must be like.

    owner: tells the scratch servers of this installation's job from all others. superuser: the role that initdb makes,
    by the name that it has on the source. libraries: what the source preloads. roles: all that the source has. size:
    octets of the largest database. data: where the source's server keeps its data on this host, if it is known.
    """

    job: str
    owner: str
    major: int
    superuser: str
    libraries: str
    roles: tuple[str, ...]
    size: int
    data: Path | None = None

    @property
    def room(self) -> int:
        """Octets that must be free where the data will be."""
        return round(self.size * 1.2) + RESERVE

    @property
    def purpose(self) -> str:
        return f"a scratch server with a database of {in_units(self.size)}"


def owner(places: Places, job: str) -> str:
    """Whoever holds this lock may remove what carries this name."""
    return hashlib.sha256(f"{socket.gethostname()} {places.lock(job)}".encode()).hexdigest()[:12]


def like(session: Session) -> tuple[str, str]:
    """The role that initdb made on a server, and the libraries that it preloads, as far as the session may know."""
    (superuser,) = session.execute("SELECT rolname FROM pg_roles WHERE oid = 10").fetchall()[0]
    row = session.execute("SELECT setting FROM pg_settings WHERE name = 'shared_preload_libraries'").fetchone()
    return superuser, row[0] if row else ""


def make_cluster(data: str, superuser: str, command: Callable[..., Command]) -> None:
    """initdb, with C.UTF-8 as the locale of databases whose own is not known, or C where there is no such locale."""
    options = ("--auth=trust", "--no-sync", "--no-instructions", "--encoding=UTF8", f"--username={superuser}")
    try:
        run(command("initdb", f"--pgdata={data}", *options, "--locale=C.UTF-8"))
    except ProgramFailed as error:
        if "locale" not in str(error):
            raise
        run(command("initdb", f"--pgdata={data}", *options, "--locale=C"))


@contextlib.contextmanager
def serve(
    server: Server,
    data: str,
    socket_directory: str,
    libraries: str,
    command: Callable[..., Command],
    progress: Progress,
) -> Iterator[None]:
    """Run the server in the foreground of a command for as long as the block; it answers when the block begins."""

    def postgres(preloaded: str) -> Command:
        settings = {**SETTINGS, "unix_socket_directories": socket_directory, "shared_preload_libraries": preloaded}
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        return command("postgres", "-D", data, *options)

    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(_answering(server, postgres(libraries)))
        except ProgramFailed as error:
            if not libraries:
                raise
            told = next((line for line in error.cause.splitlines() if "FATAL" in line), error.cause)
            progress.warn(f"the scratch server does not start with the source's preloaded libraries: {told}")
            stack.enter_context(_answering(server, postgres("")))
        yield


@contextlib.contextmanager
def _answering(server: Server, postgres: Command) -> Iterator[None]:
    with Pipeline([postgres]) as running:
        deadline = time.monotonic() + STARTS_WITHIN
        while True:
            try:
                with server.session():
                    break
            except ServerError:
                if not running.running:
                    running.finish()
                if not running.running or time.monotonic() > deadline:
                    raise
            time.sleep(0.05)
        yield
