# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a job is, once it has been validated."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from ..retention import Keep


@dataclass(frozen=True)
class Connection:
    """How a PostgreSQL server is reached: in a container, over TCP (host), or through a local socket.

    user is the role that reads, restore_user the one that restores (user, when it is not set). A password file
    holds one password and nothing else. os_user is the operating system user for a local socket. work_dir is where
    PostgreSQL's programs may put the files of a directory dump and of a parallel restore; in a container, a
    directory inside it.
    """

    container: str | None = None
    engine: str | None = None
    host: str | None = None
    port: int = 5432
    socket: str = "/run/postgresql"
    os_user: str | None = None
    user: str = "postgres"
    restore_user: str | None = None
    password: str | None = field(default=None, repr=False)
    restore_password: str | None = field(default=None, repr=False)
    password_file: Path | None = None
    restore_password_file: Path | None = None
    sslmode: str | None = None
    sslrootcert: Path | None = None
    maintenance_database: str = "postgres"
    work_dir: str = "/var/tmp"

    @property
    def kind(self) -> str:
        return "container" if self.container else "tcp" if self.host else "socket"

    def describe(self) -> str:
        """The server, as messages name it."""
        if self.container:
            return f"container {self.container}"
        if self.host:
            return f"server {self.host}:{self.port}"
        return f"server on socket {self.socket}, port {self.port}"


@dataclass(frozen=True)
class Database:
    """A database of a job. name is its source name, with which its artifacts' names begin."""

    database: str
    name: str


@dataclass(frozen=True)
class Job:
    name: str
    connection: Connection
    databases: tuple[Database, ...]
    repository: Path
    globals: bool = True
    format: str = "custom"
    compression: str = "zstd"
    compression_level: int | None = None
    parallel: int = 2
    proof: str = "full"
    schedule: str | None = "0 2 * * *"
    drill_schedule: str | None = "0 4 1 * *"
    keep: Keep = field(default_factory=Keep)
