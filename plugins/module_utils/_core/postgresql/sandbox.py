# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where a scratch cluster runs what users put into their databases: as nobody else, out of sight of what is live.

A dump may hold functions that start programs. They run as a user who owns nothing, in namespaces of their own: without
a network, and with empty directories in the place of those where sockets and data of servers are.
"""

from __future__ import annotations

import contextlib
import signal
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import HoldfastError
from ..privileges import NOBODY, stranger
from ..process import Command, Pipeline, run
from ..programs import found

NAMESPACES = ("--mount", "--net", "--ipc", "--uts")
SMALL = "mode=755,size=1m"
PRIVATE = dict.fromkeys(("/tmp", "/var/tmp", "/dev/shm"), "mode=1777")
HIDDEN = ("/run", "/var/lib/postgresql", "/home", "/root")
# The cluster's own directory is kept here while those above it are hidden.
HALLS = ("/mnt", "/media", "/srv")
PROCESSES = 1024
ALONE = "The scratch server ran as a user of its own, without a network, and with empty directories in the place of {}."
NOT_ROOT = "The scratch server ran as the user who ran the drill, on this host's network: only root can keep it apart."
NO_NAMESPACES = (
    "The scratch server ran as the user nobody, on this host's network and in sight of its sockets, because namespaces"
    " cannot be made here: {}."
)


@dataclass(frozen=True)
class Sandbox:
    """user: its number, or None for ourselves. room: the process whose namespaces it is, or None when there are none.
    told: what kept the server apart, for people."""

    user: int | None
    room: int | None
    told: str

    def words(self, argv: Sequence[str], ending: signal.Signals, processes: int = PROCESSES) -> tuple[str, ...]:
        """An argument list that runs another one inside."""
        if self.user is None:
            return tuple(argv)
        enter = [] if self.room is None else [found("nsenter"), f"--target={self.room}", *NAMESPACES, "--"]
        become = (f"--reuid={self.user}", f"--regid={self.user}", "--clear-groups", "--no-new-privs")
        powerless = ("--bounding-set=-all", "--inh-caps=-all", "--pdeathsig", ending.name[3:])
        # Nobody's processes may be others', too.
        limit = [] if self.user == NOBODY else [found("prlimit"), f"--nproc={processes}:{processes}", "--"]
        return (*enter, found("setpriv"), *become, *powerless, "--", *limit, *argv)


@contextlib.contextmanager
def sandbox(home: Path, hidden: Iterable[Path], programs: Path) -> Iterator[Sandbox]:
    """A place where only home can be written, as long as the block runs. home must be ours; programs stay in sight."""
    user = stranger()
    if user is None:
        yield Sandbox(None, None, NOT_ROOT)
        return
    masks = _masks(home, [*hidden, *_sockets()], programs)
    with contextlib.ExitStack() as stack:
        try:
            room = stack.enter_context(_room(home, user, masks))
        except HoldfastError as error:
            cause = error.cause.strip().splitlines()[-1].rstrip(".")
            yield Sandbox(NOBODY, None, NO_NAMESPACES.format(cause))
            return
        yield Sandbox(user, room, ALONE.format(", ".join(map(str, masks))))


@contextlib.contextmanager
def _room(home: Path, user: int, masks: Sequence[Path]) -> Iterator[int]:
    """The process that holds the namespaces. It reads our pipe, and ends with us."""
    passwd, fstab = home / "passwd", home / "fstab"
    # initdb wants to know its user's name.
    passwd.write_text(f"root:x:0:0::/:\nholdfast-drill:x:{user}:{user}::/:\n", encoding="utf-8")
    passwd.chmod(0o644)
    fstab.write_text(_fstab(home, masks), encoding="utf-8")
    holding = Command(("unshare", *NAMESPACES, "--", "cat"), label="unshare")
    with Pipeline([holding], source=subprocess.PIPE, sink=subprocess.PIPE) as holder:
        holder.write(b"ready\n")
        if not next(holder.chunks(), b""):
            holder.finish()
        mount = ("mount", "--all", "--fstab", str(fstab))
        # The server has to pass through the directories that mount makes, whatever the umask of a unit of ours is.
        run(Command(("nsenter", f"--target={holder.pid}", "--mount", "--", *mount), label="mount", umask=0o022))
        yield holder.pid


def _masks(home: Path, hidden: Iterable[Path], programs: Path) -> list[Path]:
    """The directories that are hidden: none below another one, nor one that is needed."""
    wanted = {path.resolve() for path in [*map(Path, (*PRIVATE, *HIDDEN)), *hidden] if path.is_dir()}
    needed = {Path("/"), programs.resolve(), *programs.resolve().parents, home, home / "data", home / "run"}
    free = sorted(wanted - needed)
    return [path for path in free if not any(other in path.parents for other in free)]


def _fstab(home: Path, masks: Sequence[Path]) -> str:
    """What is mounted over what, in this order. Source of the format: fstab(5)."""
    hall = next(path for path in map(Path, HALLS) if path.is_dir() and path not in home.parents)
    kept = hall / "home"
    lines = [
        ("holdfast", hall, "tmpfs", SMALL),
        (home, kept, "none", "bind,X-mount.mkdir"),
        (kept / "passwd", Path("/etc/passwd").resolve(), "none", "bind"),
        *(("holdfast", mask, "tmpfs", PRIVATE.get(str(mask), SMALL)) for mask in masks if mask != hall),
    ]
    if any(mask in home.parents for mask in masks):
        lines.append((kept, home, "none", "bind,X-mount.mkdir"))
    return "".join(
        f"{_escaped(str(source))} {_escaped(str(target))} {kind} {options} 0 0\n"
        for source, target, kind, options in lines
    )


def _sockets() -> list[Path]:
    """The directories with sockets of PostgreSQL. Source of the format: proc(5), /proc/net/unix."""
    lines = Path("/proc/net/unix").read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    names = [words[7] for words in (line.split(None, 7) for line in lines[1:]) if len(words) == 8]
    return [Path(name).parent for name in names if name.startswith("/") and "/.s.PGSQL." in name]


def _escaped(path: str) -> str:
    return "".join(f"\\{ord(part):03o}" if part in " \t\n\\#" else part for part in path)
