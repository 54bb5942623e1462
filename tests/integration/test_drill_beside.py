# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A drill takes its time: it must be in nobody's way, and nobody in its own."""

from __future__ import annotations

import os
import secrets
import subprocess

from ansible_collections.holdfast.postgres.tests.integration import files, processes
from ansible_collections.holdfast.postgres.tests.integration.program import Holdfast
from ansible_collections.holdfast.postgres.tests.integration.sample import large
from ansible_collections.holdfast.postgres.tests.integration.servers import Server, docker


def test_backups_go_on_while_one_of_them_is_drilled(holdfast: Holdfast, cluster15: Server) -> None:
    database = large(cluster15, cluster15.unique(), 2, slow=True)
    repository = holdfast.define("library", cluster15, database, keep={"daily": 1})
    old = files.age(repository, holdfast.backup("library"), 30)
    run = holdfast.start("drill", old)
    processes.find_by_argument(run.pid, "--exit-on-error")
    for where in ("auto", "database"):
        refused = holdfast("drill", "library", "--where", where, status=75)
        assert f"process {run.pid} (holdfast drill" in refused.err
    # Retention lets it go, but not now.
    new = holdfast.backup("library")
    decided = {row["backup"]: row["why"] for row in new["pruned"]}
    assert decided[old] == "a drill is at work on it"
    assert processes.runs(run.pid, "pg_restore"), "the drill has ended too early to show anything"
    out, error = run.communicate(timeout=60)
    assert run.returncode == 0, out + error
    holdfast("prune")
    # The drill has proved it, and no newer one is proved.
    kept = {one["id"]: one["kept_for"] for one in holdfast.json("list")["jobs"][0]["backups"]}
    assert kept == {new["id"]: "newest good, day 1 of 1", old: "newest proved"}


def test_the_drills_of_a_host_take_turns(holdfast: Holdfast, cluster15: Server) -> None:
    databases = [large(cluster15, cluster15.unique(), 2, slow=True) for number in range(2)]
    for job, database in zip(("archive", "library"), databases):
        holdfast.define(job, cluster15, database)
        holdfast.backup(job)
    first = holdfast.start("drill", "archive")
    processes.find_by_argument(first.pid, "--exit-on-error")
    assert "waiting for the drill of another job" in holdfast("drill", "library").out
    assert first.wait(10) == 0
    first.communicate()
    (one,), (other,) = (
        [line for line in holdfast.history(job) if line["verb"] == "drill"] for job in ("archive", "library")
    )
    assert (one["verdict"], other["verdict"]) == ("proved", "proved")
    # The time in the queue is no part of a recovery.
    assert other["seconds"] > other["recovery"] + 2


def test_a_drill_on_the_live_server_waits_for_nobody(holdfast: Holdfast, cluster15: Server) -> None:
    database = large(cluster15, cluster15.unique(), 2, slow=True)
    holdfast.define("library", cluster15, database)
    holdfast.backup("library")
    run = holdfast.start("drill", "library", "--where", "database")
    processes.find_by_argument(run.pid, "--exit-on-error")
    assert f"process {run.pid} (holdfast drill" in holdfast("backup", "library", status=75).err
    out, error = run.communicate(timeout=60)
    assert run.returncode == 0, out + error
    assert holdfast.history("library")[-1]["verdict"] == "proved"


def test_a_drill_gives_way_to_all_others(holdfast: Holdfast, cluster15: Server) -> None:
    holdfast.define("library", cluster15, large(cluster15, cluster15.unique(), 2, slow=True))
    holdfast.backup("library")
    run = holdfast.start("drill", "library")
    programs = [
        run.pid,
        processes.find_by_argument(run.pid, "--exit-on-error"),
        processes.find_child(run.pid, "postgres"),
    ]
    for pid in programs:
        assert os.getpriority(os.PRIO_PROCESS, pid) == 19
        told = subprocess.run(["ionice", "--pid", str(pid)], capture_output=True, text=True, check=True)
        assert told.stdout.strip() == "idle"
    out, error = run.communicate(timeout=60)
    assert run.returncode == 0, out + error


def test_a_scratch_container_gives_way_to_all_others(holdfast: Holdfast, container17: Server) -> None:
    # No other test has drills of that name.
    job = f"library-{secrets.token_hex(4)}"
    holdfast.define(job, container17, large(container17, container17.unique(), 2, slow=True))
    holdfast.backup(job)
    run = holdfast.start("drill", job)
    processes.find_client(run.pid, "--exit-on-error")
    name = docker("ps", "--quiet", "--filter", f"label=holdfast.job={job}")
    assert docker("inspect", "--format", "{{.HostConfig.CpuShares}}", name.strip()).strip() == "64"
    out, error = run.communicate(timeout=60)
    assert run.returncode == 0, out + error


def test_backups_of_a_job_go_on_while_its_drill_on_the_live_server_waits_for_its_turn(
    holdfast: Holdfast, cluster15: Server
) -> None:
    for job in ("archive", "library"):
        holdfast.define(job, cluster15, large(cluster15, cluster15.unique(), 2, slow=job == "archive"))
        holdfast.backup(job)
    first = holdfast.start("drill", "archive")
    processes.find_by_argument(first.pid, "--exit-on-error")
    second = holdfast.start("drill", "library", "--where", "database")
    assert second.stdout is not None and "waiting for the drill of another job" in second.stdout.readline()
    made = holdfast.backup("library")["id"]
    assert first.poll() is None, "the first drill has ended too early to show anything"
    for run in (first, second):
        out, error = run.communicate(timeout=60)
        assert run.returncode == 0, out + error
    assert [line["verb"] for line in holdfast.history("library")][-3:] == ["backup", "prune", "drill"]
    assert holdfast.history("library")[-1]["verdict"] == "proved" and holdfast.history("library")[-1]["backup"] != made
