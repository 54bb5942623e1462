# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A scratch server made with the server programs of this host. Its processes are our own children, and end with us."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
import signal
import stat
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from .. import space
from ..definition.model import Connection
from ..errors import HoldfastError, MissingProgram, UsageError
from ..privileges import FIRST_STRANGER, NO_PROGRAMS
from ..process import Command
from ..progress import Progress
from . import scratch
from .direct import DEBIAN_PROGRAMS, SocketServer
from .sandbox import Sandbox, sandbox
from .scratch import Need

LOWLY = ("nice", "-n", "19", "ionice", "-c", "3")
SOCKET_LIMIT = 107
ENDS_WITHIN = 10


class ScratchCluster(SocketServer):
    """pg_restore runs as ourselves, who may read the repository: the cluster trusts whoever reaches its socket. psql
    runs in the cluster's sandbox."""

    sandbox: Sandbox | None = None

    @property
    def title(self) -> str:
        return f"scratch cluster in {Path(self.connection.socket).parent}"

    @property
    def isolation(self) -> str:
        """What keeps it apart, a sentence."""
        return self.sandbox.told if self.sandbox else ""

    def psql(self, *args: str) -> Command:
        command = super().psql(*args)
        if self.sandbox is None or self.sandbox.user is None:
            return command
        words = self.sandbox.words(command.argv, command.ending, processes=0)
        return replace(command, argv=words, user=None, confined=False, env={**command.env, **NO_PROGRAMS})

    def lowly(self) -> int | None:
        return self.sandbox.user if self.sandbox else None

    def run_as(self, command: Command, user: int | None) -> Command:
        if user is None or self.sandbox is None:
            return command
        return replace(command, argv=self.sandbox.words(command.argv, command.ending))

    def _user(self) -> str | None:
        return None


@contextlib.contextmanager
def cluster(source: Connection, need: Need, progress: Progress) -> Iterator[ScratchCluster]:
    """A server that lives in a directory of its own under work_dir, in a sandbox."""
    programs = look(source, need)
    home = work_dir(source).resolve() / f"{_prefix(need.owner)}{secrets.token_hex(4)}"
    run = home / "run"
    connection = Connection(socket=str(run), user=need.superuser, work_dir=str(home))
    server = ScratchCluster(connection, need.superuser, None)
    if len(str(run / f".s.PGSQL.{connection.port}")) > SOCKET_LIMIT:
        raise UsageError(str(home), "a socket cannot have so long a path", "Set work_dir in the job's connection.")
    progress.step(f"starting a scratch server with {programs}")
    hidden = [Path(source.socket), *([need.data] if need.data is not None else [])]
    with contextlib.ExitStack() as stack:
        stack.callback(_remove, home)
        home.mkdir(mode=0o700)
        # Whatever the umask, which is 0077 in a unit of ours: the group is the server's.
        home.chmod(0o710)
        box = server.sandbox = stack.enter_context(sandbox(home, hidden, programs))
        _furnish(home, box)

        def inside(program: str, *args: str) -> Command:
            # The signal with which a server ends at once.
            ending = signal.SIGQUIT
            argv = box.words((*LOWLY, str(programs / program), *args), ending)
            return Command(argv, label=program, ending=ending)

        scratch.make_cluster(f"{home}/data", need.superuser, inside)
        with scratch.serve(server, f"{home}/data", str(run), need.libraries, inside, progress):
            yield server


def _furnish(home: Path, box: Sandbox) -> None:
    """The directories that the server writes are its own. The one around them stays ours: by that it is known again."""
    for directory in (home / "data", home / "run"):
        directory.mkdir(mode=0o700)
        if box.user is not None:
            os.chown(directory, box.user, box.user)
    if box.user is not None:
        os.chown(home, -1, box.user)


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
        left = [path for path in work_dir(source).iterdir() if name.fullmatch(path.name) and _ours(path)]
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


def _ours(path: Path) -> bool:
    """Anybody may give that name to something of theirs, in a directory that all may write."""
    status = path.lstat()
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid()


def _living_in(home: Path) -> list[int]:
    """The processes of a cluster: those that work in its data directory, and all others of its user."""
    try:
        user = (home / "data").lstat().st_uid
    except OSError:
        return []
    living = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            own = user >= FIRST_STRANGER and process.stat().st_uid == user
            if own or str((process / "cwd").readlink()).startswith(f"{home}/data"):
                living.append(int(process.name))
    return living
