# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One run per job."""

from __future__ import annotations

import json
import shutil

from ansible_collections.holdfast.postgres.tests.integration import files
from ansible_collections.holdfast.postgres.tests.integration.program import Holdfast
from ansible_collections.holdfast.postgres.tests.integration.sample import small
from ansible_collections.holdfast.postgres.tests.integration.servers import Server
from ansible_collections.holdfast.postgres.tests.integration.waiting import wait_until


def test_a_second_run_says_who_is_at_work(holdfast: Holdfast, cluster15: Server) -> None:
    database, other = small(cluster15, cluster15.unique()), small(cluster15, cluster15.unique())
    repository = holdfast.define("library", cluster15, database)
    holdfast.define("archive", cluster15, other)
    holdfast.backup("library")
    brought = holdfast.home / "brought"
    shutil.copytree(repository, brought)
    with cluster15.connect(database) as session:
        session.execute("BEGIN; LOCK TABLE items IN ACCESS EXCLUSIVE MODE")
        run = holdfast.start("backup", "library")
        wait_until(lambda: files.hidden(repository), "the first run is at work")
        for command in (
            ("backup", "library"),
            ("prune", "library"),
            ("restore", "latest", "--job", "library", "--into", "x"),
            ("restore", "latest", "--job", "library", "--in-place"),
            ("rollback", database, "--job", "library"),
            ("import", brought),
        ):
            refused = holdfast(*command, status=75)
            assert f"process {run.pid} (holdfast backup" in refused.err
        assert files.hidden(repository), "the second run took the first one's files away"
        # Looking is free, and so is another job.
        assert len(holdfast.json("list", "library")["jobs"][0]["backups"]) == 1
        holdfast("backup", "archive")
        session.execute("ROLLBACK")
        out, error = run.communicate(timeout=30)
    assert run.returncode == 0, out + error
    assert len(holdfast.json("list", "library")["jobs"][0]["backups"]) == 2
    results = [line["result"] for line in holdfast.history("library") if line["verb"] == "backup"]
    assert results == ["ok", "locked", "ok"]
    # A lock that was refused is no failure of the job.
    assert "failed" not in holdfast("status", "library", status=None).out


def test_many_at_once_make_one_backup(holdfast: Holdfast, cluster15: Server) -> None:
    repository = holdfast.define("library", cluster15, small(cluster15, cluster15.unique()))
    runs = [holdfast.start("backup", "library", "--json") for number in range(4)]
    outs = [run.communicate(timeout=60)[0] for run in runs]
    statuses = sorted(run.returncode for run in runs)
    assert set(statuses) <= {0, 75} and 0 in statuses
    made = [json.loads(out)["id"] for out, run in zip(outs, runs) if run.returncode == 0]
    assert [one["id"] for one in reversed(holdfast.json("list")["jobs"][0]["backups"])] == sorted(made)
    assert files.hidden(repository) == []
