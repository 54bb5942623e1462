# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Throw-away PostgreSQL servers: containers, and clusters made with this machine's own programs."""

from __future__ import annotations

import contextlib
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable

import psycopg
from psycopg import sql

from .waiting import wait_until

PASSWORD = "it's a \\ secret"
PROGRAMS = Path("/usr/lib/postgresql/15/bin")
SETTINGS = {"fsync": "off", "full_page_writes": "off", "max_connections": "40", "shared_buffers": "64MB"}
AS_POSTGRES = ("setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", "--")


@dataclass
class Server:
    """A running server. connection is what a job needs to reach it; the tests themselves come in over TCP.

    shell is the beginning of an argument list that runs a program where the server's own client programs are.
    """

    major: int
    port: int
    connection: dict[str, Any]
    shell: tuple[str, ...] = ()
    programs: str = ""
    container: str = ""
    databases: list[str] = field(default_factory=list)

    def connect(self, database: str = "postgres", user: str = "postgres", password: str = PASSWORD) -> Any:
        return psycopg.connect(
            host="127.0.0.1", port=self.port, dbname=database, user=user, password=password, autocommit=True
        )

    def query(self, statement: str, database: str = "postgres") -> list[Any]:
        with self.connect(database) as session:
            return session.execute(statement).fetchall()

    def names(self) -> list[str]:
        return [row[0] for row in self.query("SELECT datname FROM pg_database ORDER BY 1")]

    def unique(self, stem: str = "db") -> str:
        """A database name that nobody has used; what is made under it goes away with the test."""
        name = f"{stem}_{secrets.token_hex(4)}"
        self.databases.append(name)
        return name

    def create(self, database: str, owner: str = "postgres") -> None:
        with self.connect() as session:
            statement = sql.SQL("CREATE DATABASE {} TEMPLATE template0 OWNER {}")
            session.execute(statement.format(sql.Identifier(database), sql.Identifier(owner)))

    def drop(self, *databases: str) -> None:
        subscribed = "SELECT subname FROM pg_subscription s JOIN pg_database d ON d.oid = subdbid WHERE datname = %s"
        with self.connect() as session:
            for database in databases:
                subscriptions = session.execute(subscribed, [database]).fetchall()
                if subscriptions:
                    allow = sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS true").format(sql.Identifier(database))
                    session.execute(allow)
                    with self.connect(database) as inside:
                        for (name,) in subscriptions:
                            for statement in (
                                "ALTER SUBSCRIPTION {} DISABLE",
                                "ALTER SUBSCRIPTION {} SET (slot_name = NONE)",
                                "DROP SUBSCRIPTION {}",
                            ):
                                inside.execute(sql.SQL(statement).format(sql.Identifier(name)))
                session.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(database)))

    def sweep(self) -> None:
        """Drop what a test made, and what was restored beside it."""
        used, self.databases = self.databases, []
        self.drop(*(name for name in self.names() for stem in used if name.startswith(stem)))

    def run(self, program: str, *args: str, source: bytes | None = None) -> bytes:
        """The output of one of the server's own client programs."""
        argv = [*self.shell, self.programs + program, *args]
        return subprocess.run(argv, input=source, capture_output=True, check=True).stdout

    def sessions(self) -> int:
        """How many sessions of holdfast, its own or of its programs, the server has at this moment."""
        return self.query("SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'holdfast%'")[0][0]

    def wait(self) -> None:
        wait_until(self._answers, f"the server on port {self.port} answers", seconds=60)

    def _answers(self) -> bool:
        try:
            self.connect().close()
        except psycopg.OperationalError:
            return False
        return True


def docker(*args: str) -> str:
    """The output of a docker command. A machine without Docker fails here, loudly."""
    done = subprocess.run(["docker", *args], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"docker {' '.join(args)}: {done.stderr.strip()}")
    return done.stdout.strip()


@contextlib.contextmanager
def container(major: int, options: Sequence[str] = ()) -> Iterator[Server]:
    """A server in a container, reached by its name."""
    name = f"holdfast-it-{secrets.token_hex(4)}"
    settings = [word for key, value in SETTINGS.items() for word in ("-c", f"{key}={value}")]
    environment = ["--env", f"POSTGRES_PASSWORD={PASSWORD}"]
    labels = ["--label", "holdfast.test", "--publish", "127.0.0.1::5432"]
    image = f"holdfast-postgres:{major}"
    try:
        docker("run", "--detach", "--name", name, *labels, *environment, *options, image, *settings)
        server = Server(major, _published(name), {"container": name}, ("docker", "exec", "-i", name), container=name)
        server.wait()
        yield server
    finally:
        docker("rm", "--force", "--volumes", name)


def restart(server: Server) -> None:
    """Start a stopped container again; its published port is another one then."""
    docker("start", server.container)
    server.port = _published(server.container)
    server.wait()


@contextlib.contextmanager
def cluster(settings: dict[str, str] | None = None) -> Iterator[Server]:
    """A cluster of this machine's PostgreSQL 15 that wants peer authentication on its socket, as Debian's do."""

    def make(server: Server, data: Path) -> None:
        password = data.parent / "password"
        password.write_text(PASSWORD, encoding="utf-8")
        auth = ("--auth-local=peer", "--auth-host=scram-sha-256")
        server.run("initdb", f"--pgdata={data}", "--no-sync", *auth, "--locale=C.UTF-8", f"--pwfile={password}")

    with _running(make, {**SETTINGS, **(settings or {})}) as server:
        yield server


@contextlib.contextmanager
def standby(primary: Server) -> Iterator[Server]:
    """A hot standby of a cluster of this machine, which has what its primary has at this moment."""

    def make(server: Server, data: Path) -> None:
        address = ("--username=postgres", f"--host={primary.connection['socket']}", f"--port={primary.port}")
        server.run("pg_basebackup", f"--pgdata={data}", "--write-recovery-conf", "--checkpoint=fast", *address)

    with _running(make, {}) as server:
        yield server


@contextlib.contextmanager
def _running(make: Callable[[Server, Path], None], settings: dict[str, str]) -> Iterator[Server]:
    """A server of this machine's PostgreSQL 15 in a data directory that is made for it."""
    home = Path(tempfile.mkdtemp(prefix="holdfast-it-", dir="/var/tmp"))
    data, work, port = home / "data", home / "work", _free_port()
    home.chmod(0o755)
    work.mkdir()
    work.chmod(0o1777)
    data.mkdir(mode=0o700)
    shutil.chown(data, "postgres", "postgres")
    connection = {"socket": str(work), "port": port, "work_dir": str(work)}
    server = Server(15, port, connection, AS_POSTGRES, f"{PROGRAMS}/")
    try:
        make(server, data)
        own = {"port": port, "unix_socket_directories": work, "listen_addresses": "127.0.0.1"}
        with (data / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.writelines(f"{key} = '{value}'\n" for key, value in {**settings, **own}.items())
        server.run("pg_ctl", f"--pgdata={data}", f"--log={work}/log", "--wait", "start")
        yield server
        server.run("pg_ctl", f"--pgdata={data}", "--mode=immediate", "--wait", "stop")
    finally:
        if (data / "postmaster.pid").exists():
            server.run("pg_ctl", f"--pgdata={data}", "--mode=immediate", "--wait", "stop")
        shutil.rmtree(home)


def _published(name: str) -> int:
    return int(docker("port", name, "5432/tcp").splitlines()[0].rpartition(":")[2])


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
