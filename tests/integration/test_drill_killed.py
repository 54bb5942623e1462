# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Drills that are ended in the middle: what they had goes with them, or with the next drill."""

from __future__ import annotations

import secrets
import signal
import subprocess
from pathlib import Path

import pytest

from ansible_collections.holdfast.postgres.tests.integration import crashes, leftovers, processes
from ansible_collections.holdfast.postgres.tests.integration.program import Holdfast
from ansible_collections.holdfast.postgres.tests.integration.sample import large, small
from ansible_collections.holdfast.postgres.tests.integration.servers import Server
from ansible_collections.holdfast.postgres.tests.integration.waiting import wait_until

MOST_STEPS = 40


@pytest.fixture
def job() -> str:
    return f"library-{secrets.token_hex(4)}"


def _restoring(holdfast: Holdfast, job: str, *options: str) -> tuple[subprocess.Popen[str], int]:
    """A drill that is in the middle of its restore, and the id of the program that restores, or of its client."""
    run = holdfast.start("drill", job, *options)
    return run, processes.find_by_argument(run.pid, "--exit-on-error")


def test_killed_before_each_program(holdfast: Holdfast, cluster15: Server, job: str) -> None:
    holdfast.define(job, cluster15, small(cluster15, cluster15.unique()))
    holdfast.backup(job)
    databases = cluster15.names()
    for step in range(1, MOST_STEPS):
        killed = crashes.crash(holdfast, step, "drill", job)
        for home in leftovers.directories(cluster15):
            wait_until(lambda home=home: not leftovers.postmasters(home), f"the server in {home} has ended")
        if not killed:
            break
    assert step > 4
    leftovers.nothing_left(cluster15, job, databases)
    assert holdfast.history(job)[-1]["verdict"] == "proved"


@pytest.mark.parametrize(
    ("reach", "where"), [("cluster15", "cluster"), ("container17", "container"), ("cluster15", "database")]
)
def test_killed_while_it_restores(
    reach: str, where: str, request: pytest.FixtureRequest, holdfast: Holdfast, job: str
) -> None:
    server: Server = request.getfixturevalue(reach)
    database = large(server, server.unique(), 2, slow=True)
    holdfast.define(job, server, database)
    holdfast.backup(job)
    databases = server.names()
    run, pg_restore = _restoring(holdfast, job, "--where", where)
    if where != "database":
        assert server.names() == databases
    if where != "container":
        assert Path(f"/proc/{pg_restore}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[16] == "19"
    else:
        assert len(leftovers.containers(job)) == 1
    processes.kill(run)
    # A container goes at once, and so does a server; the directory of a cluster and a database wait for the next drill.
    wait_until(lambda: not leftovers.containers(job), "the container is gone")
    for home in leftovers.directories(server) if not server.container else []:
        wait_until(lambda home=home: not leftovers.postmasters(home), "the scratch server has ended")
    assert bool(server.names() != databases) == (where == "database")
    next_drill = holdfast.json("drill", job)
    assert next_drill["result"] == "proved"
    leftovers.nothing_left(server, job, databases)


@pytest.mark.parametrize("reach", ["cluster15", "container17"])
def test_ended_by_a_signal_it_clears_up_itself(
    reach: str, request: pytest.FixtureRequest, holdfast: Holdfast, job: str
) -> None:
    server: Server = request.getfixturevalue(reach)
    holdfast.define(job, server, large(server, server.unique(), 2, slow=True))
    holdfast.backup(job)
    databases = server.names()
    run, _pg_restore = _restoring(holdfast, job)
    run.send_signal(signal.SIGTERM)
    run.communicate(timeout=60)
    assert run.returncode == 130
    leftovers.nothing_left(server, job, databases)
    assert holdfast.history(job)[-1]["result"] == "ended"
