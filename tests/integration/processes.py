# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The processes of a run, by exact id."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

from .servers import Server, docker
from .waiting import wait_until


def children(pid: int) -> dict[int, str]:
    """All living descendants of a process: id and name."""
    parents: dict[int, tuple[int, str]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = path.read_text(encoding="utf-8", errors="replace")
        except (FileNotFoundError, ProcessLookupError):
            continue
        name, rest = text.partition("(")[2].rsplit(")", 1)
        state, parent = rest.split()[:2]
        if state != "Z":
            parents[int(path.parent.name)] = (int(parent), name)
    found: dict[int, str] = {}
    grown = True
    while grown:
        new = {
            child: name
            for child, (parent, name) in parents.items()
            if child not in found and (parent == pid or parent in found)
        }
        found.update(new)
        grown = bool(new)
    return found


def find_child(pid: int, name: str) -> int:
    """The id of a descendant of that name, as soon as there is one."""

    def look() -> int:
        return next((child for child, found in children(pid).items() if found == name), 0)

    return wait_until(look, f"process {pid} has a child {name}")


def find_client(pid: int, word: str) -> int:
    """The id of a docker client below a process, whose arguments contain a word, as soon as there is one."""

    def look() -> int:
        for child, name in children(pid).items():
            if name == "docker" and word in _arguments(child):
                return child
        return 0

    return wait_until(look, f"process {pid} has a docker client with {word}")


def find_by_argument(pid: int, word: str) -> int:
    """The id of a process below another one, whose arguments contain a word, as soon as there is one."""

    def look() -> int:
        return next((child for child in children(pid) if word in _arguments(child)), 0)

    return wait_until(look, f"process {pid} has a child with {word}", seconds=60)


def runs(pid: int, program: str) -> bool:
    """Whether a process has a descendant that is a program, or the docker client of one."""
    return any(
        name == program or (name == "docker" and program in _arguments(child)) for child, name in children(pid).items()
    )


def named(pid: int, name: str) -> int:
    """The id of a living descendant of that name, or 0."""
    return next((child for child, found in children(pid).items() if found == name), 0)


def title(pid: int) -> str:
    """What a process calls itself; PostgreSQL's tell what they do."""
    return " ".join(_arguments(pid))


def loading(pid: int) -> bool:
    """Whether a server below a process is taking rows."""
    return any("COPY" in title(child) for child in children(pid))


def _arguments(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8", errors="replace").split("\0")
    except (FileNotFoundError, ProcessLookupError):
        return []


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def kill(run: subprocess.Popen[str], number: int = signal.SIGKILL) -> None:
    """End a run that was started in the background, wait for it, and for every process that it had."""
    had = children(run.pid)
    run.send_signal(number)
    run.communicate(timeout=30)
    wait_until(lambda: not any(alive(child) for child in had), f"the children {had} of a killed run are gone")


def in_container(server: Server, name: str) -> int:
    """The id, on this machine, of a program inside a server's container, as soon as it runs."""

    def look() -> int:
        lines = docker("top", server.container, "-eo", "pid,comm").splitlines()[1:]
        return next((int(line.split()[0]) for line in lines if line.split()[1] == name), 0)

    return wait_until(look, f"{name} runs in {server.container}")


def peak_memory(run: subprocess.Popen[str]) -> int:
    """The most octets that the process itself, not its children, ever had resident; returns when it has ended."""
    peak = 0
    while run.poll() is None:
        try:
            status = Path(f"/proc/{run.pid}/status").read_text(encoding="utf-8")
        except (FileNotFoundError, ProcessLookupError):
            break
        for line in status.splitlines():
            if line.startswith("VmHWM:"):
                peak = max(peak, int(line.split()[1]) * 1024)
        # Not faster: reading /proc takes time from the process that is measured.
        try:
            run.wait(0.02)
        except subprocess.TimeoutExpired:
            continue
    return peak


def stop(pid: int) -> None:
    os.kill(pid, signal.SIGSTOP)


def resume(pid: int) -> None:
    os.kill(pid, signal.SIGCONT)
