# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A server in a Docker or Podman container: programs by ``exec``, SQL through the container's own socket."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path
from typing import Any

from ..beneath import open_beneath
from ..definition.model import Connection
from ..errors import MissingProgram, ProgramFailed, ServerError
from ..privileges import NO_PROGRAMS, NOBODY
from ..process import Command, run
from . import catalog
from .server import Server, version_of

# Variables that libpq reads; PGDATA is the server's.
LIBPQ = re.compile(r"PG(?!DATA$)[A-Z]+|PG_COLORS?")


class ContainerServer(Server):
    def __init__(self, connection: Connection, role: str, password: str | None) -> None:
        super().__init__(connection, role, password)
        self._container = connection.container or ""
        self._client_major = 0
        self._process = 0
        self._entry: int | None = None
        self._seen: dict[str, int] = {}
        self._variables: list[str] = []

    def check(self) -> None:
        self.inspect()

    def inspect(self) -> dict[str, Any]:
        """What the engine knows of the running container; :class:`ServerError` when it does not run."""
        engine = self._engine()
        try:
            found = json.loads(run(Command((engine, "inspect", "--type", "container", "--", self._container))))
        except ProgramFailed as error:
            raise self._missing(engine, error) from error
        container: dict[str, Any] = found[0]
        state = container["State"]
        if not state.get("Running") or state.get("Paused"):
            raise ServerError(
                self.title,
                f"it is not running ({state.get('Status', 'stopped')})",
                f"{engine} {'unpause' if state.get('Paused') else 'start'} {self._container}",
            )
        if state["Pid"] != self._process:
            self._leave()
            self._process = state["Pid"]
        names = [variable.partition("=")[0] for variable in container["Config"].get("Env") or []]
        self._variables = [name for name in names if LIBPQ.fullmatch(name)]
        return container

    def tool(self, *argv: str) -> Command:
        return self._exec(argv, {}, {})

    def client(self, program: str, *args: str, at_least: int = 0) -> Command:
        major = self.client_major(program, at_least)
        if major < at_least:
            raise MissingProgram(
                f"{program} in {self.title}",
                f"it is of version {major}, and version {at_least} is needed",
                f"Use an image with PostgreSQL {at_least} or newer.",
            )
        return self._connecting(program, args, {})

    def psql(self, *args: str) -> Command:
        # The container finds psql on its own path.
        restricted = {key: value for key, value in NO_PROGRAMS.items() if key != "PATH"}
        return self._connecting("psql", args, restricted, self._lowly())

    def _connecting(
        self, program: str, args: tuple[str, ...], more: dict[str, str], user: str | None = None
    ) -> Command:
        environment = {**self._environment(), **self._address(), **more}
        secrets = self._secrets()
        # What the container is given for its application must not redirect us.
        foreign = [name for name in self._variables if name not in environment and name not in secrets]
        unset = ("env", *(word for name in foreign for word in ("-u", name))) if foreign else ()
        return self._exec((*unset, program, *args), environment, secrets, user, program)

    def _address(self) -> dict[str, str]:
        # Where a program looks by itself was settled when it was built.
        return {"PGHOST": self.connection.socket, "PGPORT": str(self.connection.port)}

    def _lowly(self) -> str:
        """Who runs the server, by the numbers of the container: whoever owns its socket, and never root."""
        socket = self._socket()
        status = os.lstat(socket / f".s.PGSQL.{self.connection.port}")
        user = _inside(f"/proc/{self._process}/uid_map", status.st_uid)
        group = _inside(f"/proc/{self._process}/gid_map", status.st_gid)
        return f"{user or NOBODY}:{group or NOBODY}"

    def client_major(self, program: str, at_least: int = 0) -> int:  # noqa: ARG002 - a container has one of each
        if not self._client_major:
            self.check()
            self._client_major = version_of(self._exec((program, "--version"), {}, {}))
        return self._client_major

    def data_directory(self) -> Path | None:
        with self.session() as session:
            inside = catalog.data_directory(session)
        return self.seen(inside) if inside else None

    def seen(self, path: str) -> Path | None:
        root = self._root()
        if path in self._seen and not os.fstat(self._seen[path]).st_nlink:
            # It was removed, and may be there again.
            os.close(self._seen.pop(path))
        if path not in self._seen:
            try:
                self._seen[path] = open_beneath(root, path)
            except OSError:
                return None
        return _descriptor(self._seen[path])

    def opened(self, path: str) -> int | None:
        try:
            return open_beneath(self._root(), path, os.O_RDONLY | os.O_DIRECTORY)
        except OSError:
            return None

    @property
    def relayed(self) -> bool:
        return True

    def _root(self) -> int:
        """The container's file system. A link in it, such as /var/run, would be followed on the host."""
        if self._entry is None:
            self.check()
            try:
                # Held on to, because the number of the process may be another's one day.
                self._entry = os.open(f"/proc/{self._process}/root", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
            except PermissionError as error:
                raise ServerError(self.title, f"its files cannot be seen: {error}", "Run this as root.") from error
        return self._entry

    def _leave(self) -> None:
        while self._seen:
            os.close(self._seen.popitem()[1])
        if self._entry is not None:
            os.close(self._entry)
            self._entry = None

    def _socket(self) -> Path:
        directory = self.seen(self.connection.socket)
        name = f".s.PGSQL.{self.connection.port}"
        # A link would be followed on this host.
        if directory is None or (directory / name).is_symlink() or not (directory / name).is_socket():
            raise ServerError(
                self.title,
                f"no server listens on {self.connection.socket}, port {self.connection.port}, inside it",
                "Wait until PostgreSQL has started, or set socket and port in the job's connection.",
            )
        return directory

    def _parameters(self) -> dict[str, Any]:
        return {"host": str(self._socket()), "port": self.connection.port}

    def _engine(self) -> str:
        if self.connection.engine:
            return self.connection.engine
        for engine in ("docker", "podman"):
            if shutil.which(engine):
                return engine
        raise MissingProgram(self.title, "neither docker nor podman is installed", "Install the container engine.")

    def _exec(
        self,
        argv: tuple[str, ...],
        env: dict[str, str],
        secrets: dict[str, str],
        user: str | None = None,
        name: str = "",
    ) -> Command:
        options = [] if user is None else ["--user", user]
        for key, value in {"LC_ALL": "C.UTF-8", **env}.items():
            options += ["--env", f"{key}={value}"]
        for key in secrets:
            # By name alone: the value goes through our environment and is in no argument list.
            options += ["--env", key]
        return Command(
            (self._engine(), "exec", "--interactive", *options, self._container, *argv),
            secret_env=secrets,
            label=f"{name or argv[0]} in {self.title}",
        )

    def _missing(self, engine: str, error: ProgramFailed) -> ServerError:
        stderr = error.failures[0][2]
        if "no such" in stderr.lower():
            try:
                running = run(Command((engine, "ps", "--format", "{{.Names}}"))).split()
            except ProgramFailed:
                running = []
            return ServerError(
                self.title,
                "there is no such container",
                f"Running containers: {', '.join(sorted(running)) or 'none'}.",
            )
        return ServerError(self.title, stderr or str(error), f"Start the {engine} engine.")


def _descriptor(number: int) -> Path:
    return Path(f"/proc/{os.getpid()}/fd/{number}")


def _inside(mapping: str, number: int) -> int | None:
    """What a user or group of this host is called inside a container; None when it has no number there."""
    with Path(mapping).open(encoding="ascii") as stream:
        for inside, outside, count in (tuple(map(int, line.split())) for line in stream):
            if outside <= number < outside + count:
                return inside + number - outside
    return None
