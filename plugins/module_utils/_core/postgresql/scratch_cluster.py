# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A scratch server made with the server programs of this host. Its processes are our own children, and end with us."""

from __future__ import annotations

import contextlib
import os
import pwd
import re
import secrets
import shutil
import signal
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from .. import space
from ..definition.model import Connection
from ..errors import HoldfastError, MissingProgram, ServerError, UsageError
from ..process import Command
from ..progress import Progress
from . import scratch
from .direct import DEBIAN_PROGRAMS, SocketServer
from .scratch import Need

LOWLY = ("nice", "-n", "19", "ionice", "-c", "3")
SOCKET_LIMIT = 107
ENDS_WITHIN = 10


class ScratchCluster(SocketServer):
    """Its client programs run as ourselves, who may read the repository: it trusts whoever reaches its socket."""

    runs_as: str | None = None

    @property
    def title(self) -> str:
        return f"scratch cluster in {self.connection.socket}"

    def psql(self, *args: str) -> Command:
        return replace(super().psql(*args), user=self.runs_as)

    def _user(self) -> str | None:
        return None


@contextlib.contextmanager
def cluster(source: Connection, need: Need, progress: Progress) -> Iterator[ScratchCluster]:
    """A server that lives in a directory of its own under work_dir, for the user that the source's runs as."""
    programs = look(source, need)
    user = _user(source)
    home = work_dir(source) / f"{_prefix(need.owner)}{secrets.token_hex(4)}"
    connection = Connection(socket=str(home), user=need.superuser, work_dir=str(home))
    server = ScratchCluster(connection, need.superuser, None)
    server.runs_as = user
    if len(str(home / f".s.PGSQL.{connection.port}")) > SOCKET_LIMIT:
        raise UsageError(str(home), "a socket cannot have so long a path", "Set work_dir in the job's connection.")
    progress.step(f"starting a scratch server with {programs}")

    def as_user(program: str, *args: str) -> Command:
        argv = (*LOWLY, str(programs / program), *args)
        # The signal with which a server ends at once.
        return Command(argv, user=user, label=program, ending=signal.SIGQUIT)

    try:
        home.mkdir(mode=0o700)
        if user is not None:
            shutil.chown(home, user, pwd.getpwnam(user).pw_gid)
        scratch.make_cluster(f"{home}/data", need.superuser, as_user)
        with scratch.serve(server, f"{home}/data", str(home), need.libraries, as_user, progress):
            yield server
    finally:
        _remove(home)


def look(source: Connection, need: Need) -> Path:
    """The programs that :func:`cluster` would use; what would keep it from its work is raised."""
    programs = find_programs(need.major)
    if programs is None:
        raise missing(need.major)
    room = "Free space there, or set work_dir in the job's connection."
    space.require(work_dir(source), need.room, need.purpose, room)
    return programs


def find_programs(major: int) -> Path | None:
    """The directory of the server programs with which a backup of that version can be restored: the oldest that do."""
    found = sorted(
        (int(path.parent.parent.name), path.parent)
        for path in DEBIAN_PROGRAMS.glob("*/bin/initdb")
        if path.parent.parent.name.isdigit()
    )
    return next((directory for version, directory in found if version >= major), None)


def missing(major: int) -> MissingProgram:
    return MissingProgram(
        f"PostgreSQL {major}",
        "its server programs, with which a scratch server is made, are not installed on this host",
        f"Install the package postgresql-{major}, or drill beside the live database (--where database).",
    )


def clear(source: Connection, owner: str) -> int:
    """Remove the clusters that killed drills left; how many there were. Must be called under the drills' lock."""
    name = re.compile(re.escape(_prefix(owner)) + "[0-9a-f]{8}")
    try:
        left = [path for path in work_dir(source).iterdir() if name.fullmatch(path.name)]
    except OSError:
        return 0
    for home in left:
        _remove(home)
    return len(left)


def work_dir(source: Connection) -> Path:
    """The work_dir of a container's connection is a directory inside it."""
    return Path(Connection().work_dir if source.kind == "container" else source.work_dir)


def _prefix(owner: str) -> str:
    return f".holdfast.drill-{owner}-"


def _user(source: Connection) -> str | None:
    """PostgreSQL refuses to be run by root."""
    if os.geteuid() != 0:
        return None
    user = source.os_user or "postgres"
    try:
        pwd.getpwnam(user)
    except KeyError:
        raise ServerError(
            "scratch cluster",
            f"there is no operating system user {user!r} to run it as",
            "Set os_user in the job's connection.",
        ) from None
    return None if user == "root" else user


def _remove(home: Path) -> None:
    """Delete a cluster after its last process has ended."""
    deadline = time.monotonic() + ENDS_WITHIN
    while processes := _living_in(home):
        late = time.monotonic() > deadline
        for process in processes:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL if late else signal.SIGQUIT)
        time.sleep(0.05)
    try:
        if home.exists():
            shutil.rmtree(home)
    except OSError as error:
        raise HoldfastError(str(home), f"it cannot be removed: {error.strerror or error}", f"rm -r {home}") from error


def _living_in(home: Path) -> list[int]:
    """The processes of a cluster: all of them work in its data directory."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if str((process / "cwd").readlink()).startswith(f"{home}/data"):
                found.append(int(process.name))
    return found
