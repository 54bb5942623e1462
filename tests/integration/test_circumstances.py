# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What keeps a check from being made is no damage: only the content of a backup is."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Callable

import pytest

from ansible_collections.holdfast.postgres.tests.integration import processes
from ansible_collections.holdfast.postgres.tests.integration.program import Holdfast
from ansible_collections.holdfast.postgres.tests.integration.sample import large, small
from ansible_collections.holdfast.postgres.tests.integration.servers import Server
from ansible_collections.holdfast.postgres.tests.integration.waiting import wait_until


def killed(tmp_path: Path, program: str) -> dict[str, str]:
    """An environment in which that program is killed while it works, as by a kernel that is out of memory."""
    directory = tmp_path / "killed"
    directory.mkdir()
    path = directory / program
    path.write_text("#!/bin/sh\nhead -c 100 >/dev/null\nkill -9 $$\n", encoding="utf-8")
    path.chmod(0o755)
    return {"PATH": f"{directory}:/usr/bin:/bin"}


def require_undamaged(holdfast: Holdfast, backup: str) -> None:
    (listed,) = holdfast.json("list")["jobs"][0]["backups"]
    assert (listed["id"], listed["problem"]) == (backup, "")
    assert not any("damaged" in line for line in holdfast.history("library"))
    assert holdfast.json("show", "latest")["id"] == backup


@pytest.mark.parametrize("format", ["plain", "directory"])
def test_a_program_that_was_killed_is_no_damage(
    holdfast: Holdfast, cluster15: Server, tmp_path: Path, format: str
) -> None:
    holdfast.define("library", cluster15, small(cluster15, cluster15.unique(), 3000), format=format, globals=False)
    made = holdfast.backup("library")["id"]
    environment = killed(tmp_path, "zstd")
    for command in (["verify"], ["restore", "latest", "--into", "never"], ["drill", "library", "--where", "database"]):
        told = holdfast(*command, status=1, env=environment)
        assert "SIGKILL" in told.err and "Do not restore" not in told.err
    require_undamaged(holdfast, made)
    holdfast("verify", made)


def test_a_work_directory_that_is_missing_is_no_damage(holdfast: Holdfast, cluster15: Server) -> None:
    database = small(cluster15, cluster15.unique())
    holdfast.define("library", cluster15, database, format="directory", globals=False)
    made = holdfast.backup("library")["id"]
    holdfast.define("library", {**cluster15.connection, "work_dir": "/nowhere"}, database, format="directory")
    told = holdfast("verify", status=1)
    assert "/nowhere" in told.err and "No such file" in told.err and "Do not restore" not in told.err
    require_undamaged(holdfast, made)


def test_a_full_work_directory_is_no_damage(holdfast: Holdfast, cluster15: Server, small_disk: Path) -> None:
    database = small(cluster15, cluster15.unique())
    holdfast.define("library", cluster15, database, format="directory", globals=False)
    made = holdfast.backup("library")["id"]
    small_disk.chmod(0o777)
    with pytest.raises(OSError, match="No space"), (small_disk / "filling").open("wb", buffering=0) as filling:
        while True:
            filling.write(b"x" * 4096)
    holdfast.define("library", {**cluster15.connection, "work_dir": str(small_disk)}, database, format="directory")
    told = holdfast("verify", status=1)
    assert "No space left" in told.err and "Do not restore" not in told.err
    require_undamaged(holdfast, made)


def worker(run: int) -> int:
    """A process of pg_restore that another one of them has started."""
    found = processes.children(run)
    below = [child for pid, name in found.items() if name == "pg_restore" for child in processes.children(pid)]
    return next((pid for pid in below if found.get(pid) == "pg_restore"), 0)


def backend(run: int) -> int:
    """The process of the scratch server that takes the rows."""
    return next((pid for pid in processes.children(run) if "COPY" in processes.title(pid)), 0)


@pytest.mark.parametrize(
    ("format", "victim"),
    [
        ("plain", lambda run: processes.named(run, "psql")),
        ("custom", lambda run: processes.named(run, "pg_restore")),
        ("directory", worker),
        ("custom", backend),
    ],
    ids=["psql", "pg_restore", "worker", "backend"],
)
def test_what_the_kernel_kills_in_a_drill_is_no_damage(
    holdfast: Holdfast, cluster15: Server, format: str, victim: Callable[[int], int]
) -> None:
    database = large(cluster15, cluster15.unique(), 2, slow=True)
    holdfast.define("library", cluster15, database, format=format, globals=False)
    made = holdfast.backup("library")["id"]
    run = holdfast.start("drill", "library")
    try:
        wait_until(lambda: processes.loading(run.pid), "rows are being loaded")
        os.kill(wait_until(lambda: victim(run.pid), "there is something to kill"), signal.SIGKILL)
        out, error = run.communicate(timeout=60)
    except BaseException:
        processes.kill(run)
        raise
    assert run.returncode == 1 and "Do not" not in error and "verified" not in error, out + error
    assert holdfast.history("library")[-1]["verdict"] == "failed"
    require_undamaged(holdfast, made)


@pytest.mark.parametrize("name", ["pg_restore", "zstd"])
def test_what_the_kernel_kills_in_a_verify_is_no_damage(holdfast: Holdfast, cluster15: Server, name: str) -> None:
    database = large(cluster15, cluster15.unique(), 30)
    holdfast.define("library", cluster15, database, format="custom", globals=False)
    made = holdfast.backup("library")["id"]
    run = holdfast.start("verify", made)
    os.kill(wait_until(lambda: processes.named(run.pid, name), "it runs", pause=0.001), signal.SIGKILL)
    _out, error = run.communicate(timeout=60)
    assert run.returncode == 1 and "says nothing about the backup" in error and "damaged" not in error
    require_undamaged(holdfast, made)
