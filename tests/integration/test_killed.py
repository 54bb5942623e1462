# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Killed at any moment: what is left is a whole backup or nothing, and the next run clears up."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from psycopg import sql

from ansible_collections.holdfast.postgres.tests.integration import crashes, files, processes
from ansible_collections.holdfast.postgres.tests.integration.content import assert_same, content
from ansible_collections.holdfast.postgres.tests.integration.program import Holdfast
from ansible_collections.holdfast.postgres.tests.integration.sample import small
from ansible_collections.holdfast.postgres.tests.integration.servers import Server
from ansible_collections.holdfast.postgres.tests.integration.waiting import wait_until

MOST_STEPS = 60


def test_killed_before_each_step_of_writing_a_backup(holdfast: Holdfast, cluster15: Server) -> None:
    repository = holdfast.define("library", cluster15, small(cluster15, cluster15.unique()))
    first = holdfast.backup("library")
    earlier = files.snapshot(repository)
    finished = 1
    for step in range(1, MOST_STEPS):
        killed = crashes.crash(holdfast, step, "backup", "library", under=repository)
        _every_backup_is_whole(holdfast, repository)
        assert files.snapshot(repository).items() >= earlier.items()
        # The next run of anything that writes clears up.
        holdfast("prune")
        whole = _every_backup_is_whole(holdfast, repository)
        assert files.hidden(repository) == []
        assert set(files.visible(repository)) == {name for manifest in whole for name in files.files_of(manifest)}
        assert first["id"] in {manifest["id"] for manifest in whole}
        assert len(whole) >= finished
        finished = len(whole)
        if not killed:
            break
    else:
        raise AssertionError("it never came to its end")
    # Artifacts, checksums, manifest: each is a file that is made and one that is renamed.
    assert step > 10


@pytest.mark.parametrize("reach", ["cluster15", "container17"])
def test_killed_at_any_time_the_next_backup_succeeds(
    reach: str, request: pytest.FixtureRequest, holdfast: Holdfast
) -> None:
    server = request.getfixturevalue(reach)
    database, into = small(server, server.unique()), server.unique()
    repository = holdfast.define("library", server, database, format="directory")
    holdfast.backup("library")
    for delay in (0.1, 0.25, 0.4, 0.6, 0.8, 1.1):
        earlier = files.snapshot(repository)
        run = holdfast.start("backup", "library")
        try:
            run.wait(delay)
        except subprocess.TimeoutExpired:
            processes.kill(run)
        else:
            run.communicate()
        assert files.snapshot(repository).items() >= earlier.items()
        _every_backup_is_whole(holdfast, repository)
    made = holdfast.backup("library")
    assert files.hidden(repository) == []
    holdfast("restore", made["id"], "--into", into)
    assert_same(content(server, into), content(server, database))


def test_killed_before_each_step_of_pruning(holdfast: Holdfast, cluster15: Server, tmp_path: Path) -> None:
    repository = holdfast.define("library", cluster15, small(cluster15, cluster15.unique()), keep={"daily": 2})
    made = holdfast.backup("library")
    for days in range(1, 6):
        copy = tmp_path / f"copy{days}"
        shutil.copytree(repository, copy)
        files.age(copy, made, days * 10)
        aged = [path for path in copy.iterdir() if not (repository / path.name).exists()]
        for path in aged:
            path.rename(tmp_path / path.name)
    for path in tmp_path.glob("*_20*"):
        shutil.move(path, repository)
    assert len(holdfast.json("list")["jobs"][0]["backups"]) == 6
    for step in range(1, MOST_STEPS):
        killed = crashes.crash(holdfast, step, "prune", under=repository)
        whole = _every_backup_is_whole(holdfast, repository)
        assert made["id"] in {manifest["id"] for manifest in whole}
        if not killed:
            break
    assert step > 5
    assert len(whole) == 2
    assert set(files.visible(repository)) == {name for manifest in whole for name in files.files_of(manifest)}
    assert files.hidden(repository) == []


@pytest.mark.parametrize("format", ["plain", "directory"])
def test_killed_before_each_program_of_a_restore(holdfast: Holdfast, cluster15: Server, format: str) -> None:
    database, into = small(cluster15, cluster15.unique()), cluster15.unique()
    holdfast.define("library", cluster15, database, format=format)
    holdfast.backup("library")
    expected, before = content(cluster15, database), cluster15.names()
    for step in range(1, MOST_STEPS):
        killed = crashes.crash(holdfast, step, "restore", "latest", "--into", into)
        if not killed:
            break
        assert into not in cluster15.names()
    assert step > 3
    assert_same(content(cluster15, into), expected)
    # What the killed ones had begun was removed by those after them.
    assert set(cluster15.names()) == {*before, into}


@pytest.mark.parametrize("reach", ["cluster15", "container17"])
def test_a_restore_killed_in_the_middle_leaves_no_database_of_that_name(
    reach: str, request: pytest.FixtureRequest, holdfast: Holdfast
) -> None:
    server = request.getfixturevalue(reach)
    database, into = small(server, server.unique()), server.unique()
    holdfast.define("library", server, database)
    made = holdfast.backup("library")
    expected, before = content(server, database), server.names()
    made_it = f"SELECT datname FROM pg_database WHERE datname LIKE '{into}_restore_%' AND datallowconn"
    waits = "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'holdfast%' AND wait_event_type = 'Lock'"
    with server.connect() as session:
        run = holdfast.start("restore", made["id"], "--into", into)
        ((working,),) = wait_until(lambda: server.query(made_it), "the new database is there")
        # What comes after the proof waits for this.
        session.execute("BEGIN")
        session.execute(sql.SQL("ALTER DATABASE {} CONNECTION LIMIT 9").format(sql.Identifier(working)))
        wait_until(lambda: server.query(waits)[0][0], "the restore waits")
        processes.kill(run)
        session.execute("ROLLBACK")
    assert into not in server.names()
    holdfast("restore", made["id"], "--into", into)
    assert_same(content(server, into), expected)
    assert set(server.names()) == {*before, into}


def test_killed_before_each_step_of_adopting(holdfast: Holdfast, cluster15: Server) -> None:
    database, into = small(cluster15, cluster15.unique()), cluster15.unique()
    repository = holdfast.define("library", cluster15, database)
    repository.mkdir(parents=True)
    dump = repository / "library_20250816_155503.sql"
    socket = cluster15.connection["socket"]
    dump.write_bytes(cluster15.run("pg_dump", f"--host={socket}", f"--port={cluster15.port}", database))
    for step in range(1, MOST_STEPS):
        killed = crashes.crash(holdfast, step, "adopt", str(dump), under=repository)
        assert dump.exists()
        if (repository / "library_20250816_155503.manifest.json").exists():
            break
        holdfast("prune")
        assert files.hidden(repository) == []
    assert killed
    assert step > 3
    holdfast("restore", "library_20250816_155503", "--into", into)
    assert_same(content(cluster15, into), content(cluster15, database))
    holdfast("prune")
    assert files.hidden(repository) == []


def _every_backup_is_whole(holdfast: Holdfast, repository: Path) -> list[dict[str, object]]:
    """The manifests of all that list calls a backup; whatever else is there, it must call nothing at all."""
    listed = holdfast.json("list")["jobs"][0]
    assert [one["problem"] for one in listed["backups"]] == [""] * len(listed["backups"])
    assert listed["unmanaged"] == []
    for one in listed["backups"]:
        check = ["sha256sum", "--strict", "--quiet", "-c", f"{one['id']}.sha256"]
        subprocess.run(check, cwd=repository, check=True, capture_output=True)
    there = [files.manifest_file(repository, one["id"]) for one in listed["backups"]]
    return [json.loads(path.read_text(encoding="utf-8")) for path in there]


def test_the_status_says_that_a_run_was_killed(holdfast: Holdfast, cluster15: Server) -> None:
    """A killed run writes no history: what it left behind has to speak."""
    repository = holdfast.define("library", cluster15, small(cluster15, cluster15.unique()))
    holdfast.backup("library")
    assert _recent_backups(holdfast)["level"] == "ok"
    assert crashes.crash(holdfast, 4, "backup", "library", under=repository)
    assert files.hidden(repository) != []
    point = _recent_backups(holdfast)
    assert point["level"] == "critical"
    assert "was killed" in point["text"]
    holdfast.backup("library")
    assert _recent_backups(holdfast)["level"] == "ok"


def _recent_backups(holdfast: Holdfast) -> dict[str, str]:
    checks = holdfast("status", "library", "--json", status=None).data["jobs"][0]["checks"]
    return next(check for check in checks if check["point"] == "Recent backups")
