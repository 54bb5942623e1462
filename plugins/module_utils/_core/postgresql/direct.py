# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A server that this host's own programs reach: over TCP, or through a local socket."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..errors import MissingProgram, ServerError
from ..privileges import stranger
from ..process import Command
from . import catalog
from .server import Server, version_of

DEBIAN_PROGRAMS = Path("/usr/lib/postgresql")


class DirectServer(Server):
    """Client programs of this host, of the server's own major version where they are installed."""

    def check(self) -> None:
        """Nothing stands between us and the server."""

    def tool(self, *argv: str) -> Command:
        return Command(argv, user=self._user())

    def client(self, program: str, *args: str, at_least: int = 0) -> Command:
        path = self._find(program, at_least)[0]
        return Command(
            (path, *args),
            env={**self._environment(), **self._address()},
            secret_env=self._secrets(),
            user=self._user(),
            label=program,
        )

    def psql(self, *args: str) -> Command:
        command = self.client("psql", *args)
        return replace(command, user=command.user or stranger(), confined=True)

    def lowly(self) -> int | None:
        return None if self._user() else stranger()

    def client_major(self, program: str, at_least: int = 0) -> int:
        return self._find(program, at_least)[1]

    def _find(self, program: str, at_least: int) -> tuple[str, int]:
        wanted = max(self.major, at_least)
        fitting = [(major, path) for major, path in installed(program) if major >= wanted]
        if fitting:
            major, path = min(fitting)
            return path, major
        older = ", ".join(str(major) for major, _path in installed(program))
        raise MissingProgram(
            program,
            f"version {wanted} or newer is needed for {self.title}"
            + (f"; installed is {older}" if older else " and none is installed"),
            f"Install the package postgresql-client-{wanted}.",
        )

    def _address(self) -> dict[str, str]:
        return {"PGHOST": str(self._parameters()["host"]), "PGPORT": str(self.connection.port)}

    def _user(self) -> str | None:
        return None


class TcpServer(DirectServer):
    def _parameters(self) -> dict[str, Any]:
        parameters: dict[str, Any] = {"host": self.connection.host, "port": self.connection.port}
        if self.connection.sslmode:
            parameters["sslmode"] = self.connection.sslmode
        if self.connection.sslrootcert:
            parameters["sslrootcert"] = str(self.connection.sslrootcert)
        return parameters


class SocketServer(DirectServer):
    """Through a socket as the operating system user that peer authentication expects."""

    def _parameters(self) -> dict[str, Any]:
        return {"host": self.connection.socket, "port": self.connection.port}

    def _user(self) -> str | None:
        user = self.connection.os_user
        if user is None:
            user = "postgres" if os.geteuid() == 0 and _exists("postgres") else None
        if user is None or pwd.getpwuid(os.geteuid()).pw_name == user:
            return None
        if not _exists(user):
            raise ServerError(
                self.title,
                f"there is no operating system user {user!r}",
                "Set os_user in the job's connection.",
            )
        if os.geteuid() != 0:
            raise ServerError(self.title, f"only root can become {user!r}", "Run this as root.")
        return user

    def data_directory(self) -> Path | None:
        with self.session() as session:
            directory = catalog.data_directory(session)
        return Path(directory) if directory and Path(directory).exists() else None

    @contextlib.contextmanager
    def _identity(self) -> Iterator[None]:
        user = self._user()
        if user is None:
            yield
            return
        # The server learns who we are from the effective user at the moment of connecting.
        entry = pwd.getpwnam(user)
        gid = os.getegid()
        os.setegid(entry.pw_gid)
        os.seteuid(entry.pw_uid)
        try:
            yield
        finally:
            os.seteuid(0)
            os.setegid(gid)


def installed(program: str) -> list[tuple[int, str]]:
    """(major version, path) of each installed client program of that name, the oldest first."""
    found = {}
    for path in sorted(DEBIAN_PROGRAMS.glob(f"*/bin/{program}")):
        version = path.parent.parent.name
        if version.isdigit():
            found[int(version)] = str(path)
    other = shutil.which(program)
    # Debian's /usr/bin/pg_dump is a wrapper that picks one of the above by the cluster's configuration.
    if other is not None and "pg_wrapper" not in os.path.realpath(other):
        found.setdefault(version_of(Command((other, "--version"))), other)
    return sorted(found.items())


def _exists(user: str) -> bool:
    try:
        pwd.getpwnam(user)
    except KeyError:
        return False
    return True
