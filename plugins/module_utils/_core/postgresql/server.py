# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A PostgreSQL server as the rest of the core sees it, however it is reached."""

from __future__ import annotations

import contextlib
import os
import re
import socket
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..definition.model import Connection
from ..errors import MissingProgram, ServerError
from ..process import Command, run
from . import settings
from .quote import typed

if TYPE_CHECKING:
    import psycopg

CONNECT_TIMEOUT = 10
KEEPALIVE = 60
NAME_LIMIT = 63


class Server(ABC):
    """How to run PostgreSQL's client programs and SQL sessions against one server, as one role."""

    def __init__(self, connection: Connection, role: str, password: str | None) -> None:
        self.connection = connection
        self.role = role
        self.password = password
        self.application = "holdfast"
        self._known: settings.Known | None = None

    @property
    def title(self) -> str:
        return self.connection.describe()

    @abstractmethod
    def check(self) -> None:
        """Raise :class:`ServerError` when what carries the server (a container, a socket) is not there."""

    @abstractmethod
    def tool(self, *argv: str) -> Command:
        """Any program, run where the client programs run."""

    @abstractmethod
    def client(self, program: str, *args: str, at_least: int = 0) -> Command:
        """A client program with all that it needs to connect, except the database.

        at_least: the oldest major version that will do. Raises :class:`MissingProgram`.
        """

    @abstractmethod
    def psql(self, *args: str) -> Command:
        """psql as :meth:`client` would run it, by a user who is not root, and without a way to start programs."""

    @abstractmethod
    def client_major(self, program: str, at_least: int = 0) -> int:
        """The major version of the program that :meth:`client` would run."""

    @abstractmethod
    def _parameters(self) -> dict[str, Any]:
        """libpq's parameters for a session from this process."""

    def seen(self, path: str) -> Path | None:
        """A file of the client programs as this host sees it, or None when it does not."""
        return Path(path)

    def opened(self, path: str) -> int | None:
        """A directory of the client programs, for the caller to close, or None when this host does not see it."""
        try:
            return os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError:
            return None

    def lowly(self) -> int | None:
        """The number of a user who owns nothing, for :meth:`run_as`; None when programs do not run as our root."""
        return None

    def run_as(self, command: Command, user: int | None) -> Command:
        """A client program that opens whatever an archive names, run as a user who may open nothing else."""
        return command if user is None else replace(command, user=user)

    @property
    def relayed(self) -> bool:
        """Whether what the programs print takes a detour through an engine."""
        return False

    def data_directory(self) -> Path | None:
        """The server's data directory as this host sees it, or None when it does not."""
        return None

    @property
    def major(self) -> int:
        """The server's major version."""
        return self._look().major

    @contextlib.contextmanager
    def session(self, database: str | None = None) -> Iterator[psycopg.Connection[Any]]:
        """An SQL session in autocommit mode; :class:`ServerError` when there is none to be had.

        It has the settings of :mod:`.settings`, whatever its database or role has.
        """
        with self._session(database, self._look()) as session:
            yield session

    def _look(self) -> settings.Known:
        if self._known is None:
            with self._session(None, settings.Known()) as session:
                superuser = session.info.parameter_status("is_superuser") == "on"
                self._known = settings.Known(session.info.server_version // 10000, superuser)
        return self._known

    @contextlib.contextmanager
    def _session(self, database: str | None, known: settings.Known) -> Iterator[psycopg.Connection[Any]]:
        psycopg = load_psycopg()
        parameters = {
            **self._parameters(),
            "dbname": database or self.connection.maintenance_database,
            "user": self.role,
            "connect_timeout": CONNECT_TIMEOUT,
            "application_name": self.application,
            # In a database of SQL_ASCII names would come as bytes.
            "client_encoding": "UTF8",
            "options": settings.options(known, settings.OURS),
            # The one that holds a snapshot says nothing for hours.
            "keepalives_idle": KEEPALIVE,
        }
        if self.password is not None:
            parameters["password"] = self.password
        with _without_libpq_variables(), self._identity():
            try:
                session = psycopg.connect(**parameters, autocommit=True)
            except psycopg.OperationalError as error:
                # Without what carries it there can be no server.
                self.check()
                raise _refused(self.title, parameters["dbname"], self.role, str(error)) from error
        try:
            with session:
                yield session
        except psycopg.Error as error:
            raise ServerError(f"{self.title}, database {parameters['dbname']}", str(error).strip()) from error

    def options(self, **more: str) -> str:
        """libpq's ``options`` for a client program, with more settings than all of them get."""
        return settings.options(self._known or settings.Known(), more)

    @contextlib.contextmanager
    def claim(self, job: str) -> Iterator[None]:
        """Give our sessions the job's name, end those that a killed run of it left, and ours when the block fails.

        Must be called under the job's lock. A server process that waits, and a program in a container, do not notice
        that whoever started them is gone.
        """
        self.application = self.named(job)
        self._end_sessions()
        try:
            yield
        except BaseException:
            with contextlib.suppress(ServerError):
                self._end_sessions()
            raise

    def named(self, job: str) -> str:
        """The name that sessions of a job have. Another host may have a job of this name on the same server."""
        return f"holdfast {job} on {socket.gethostname()}"[:NAME_LIMIT]

    def _end_sessions(self) -> None:
        with self.session() as session:
            session.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name = %s AND usename = current_user AND pid <> pg_backend_pid()",
                [self.application],
            )

    @contextlib.contextmanager
    def _identity(self) -> Iterator[None]:
        yield

    def _environment(self) -> dict[str, str]:
        environment = {
            "PGUSER": self.role,
            "PGCONNECT_TIMEOUT": str(CONNECT_TIMEOUT),
            "PGAPPNAME": self.application,
            "PGOPTIONS": self.options(),
        }
        if self.connection.sslmode:
            environment["PGSSLMODE"] = self.connection.sslmode
        if self.connection.sslrootcert:
            environment["PGSSLROOTCERT"] = str(self.connection.sslrootcert)
        return environment

    def _secrets(self) -> dict[str, str]:
        return {} if self.password is None else {"PGPASSWORD": self.password}


def database_option(database: str, options: str = "") -> str:
    """``--dbname`` for any database name: as a connection string, which a plain name could be taken for.

    options: as :meth:`Server.options` makes them, when they are not the usual ones.
    """

    def quoted(text: str) -> str:
        return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"

    more = f" options={quoted(options)}" if options else ""
    return f"--dbname=dbname={quoted(database)}{more}"


def version_of(command: Command) -> int:
    """The major version that a program's ``--version`` tells."""
    output = run(command)
    match = re.search(r"\) (\d+)", output)
    if match is None:
        raise MissingProgram(command.name, f"its version cannot be read from {output.strip()!r}")
    return int(match.group(1))


def load_psycopg() -> Any:
    try:
        import psycopg
    except ImportError as error:
        raise MissingProgram(
            "psycopg", f"it cannot be loaded: {error}", "Install the package python3-psycopg (3.1 or newer)."
        ) from error
    return psycopg


@contextlib.contextmanager
def _without_libpq_variables() -> Iterator[None]:
    """An exported PGHOST or PGSERVICE must not redirect a session."""
    hidden = {key: os.environ.pop(key) for key in list(os.environ) if key.startswith("PG")}
    try:
        yield
    finally:
        os.environ.update(hidden)


def _refused(title: str, database: str, role: str, message: str) -> ServerError:
    lines = [line.strip() for line in message.strip().splitlines() if line.strip()]
    cause = " ".join(lines) or "the connection failed"
    low = cause.lower()
    if "password authentication failed" in low or "no password supplied" in low:
        next_step = f"Set the password of role {role} in the job's connection (password or password_file)."
    elif "peer authentication failed" in low:
        next_step = f"Set os_user in the job's connection to the system user that may be role {role}."
    elif "does not exist" in low and f'database "{database}"' in low:
        next_step = f"Create the database {database}, or correct its name in the job."
    elif "not currently accepting connections" in low:
        next_step = f"It lets nobody in: ALTER DATABASE {typed(database)} ALLOW_CONNECTIONS true."
    elif "does not exist" in low and "role" in low:
        next_step = f"Create the role {role}, or set user in the job's connection."
    else:
        next_step = "Start the server, or correct the job's connection."
    return ServerError(f"{title}, database {database}", cause, next_step)
