# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What drills leave behind, seen from outside: containers, directories, processes, databases."""

from __future__ import annotations

from pathlib import Path

from .servers import Server, docker


def containers(job: str) -> list[str]:
    return docker("ps", "--all", "--quiet", "--filter", f"label=holdfast.job={job}").split()


def directories(server: Server) -> list[Path]:
    """The scratch clusters for a server on this machine."""
    return list(Path(server.connection["work_dir"]).glob(".holdfast.drill-*"))


def postmasters(directory: Path) -> list[int]:
    """The processes that work in a scratch cluster."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            inside = (process / "cwd").readlink().is_relative_to(directory)
        except OSError:
            continue
        if inside:
            found.append(int(process.name))
    return found


def nothing_left(server: Server, job: str, databases: list[str]) -> None:
    """AssertionError unless there is nothing of a drill any more, and the server has the databases that it had."""
    assert containers(job) == []
    if not server.container:
        assert directories(server) == []
        assert postmasters(Path(server.connection["work_dir"])) == []
    assert server.names() == databases
