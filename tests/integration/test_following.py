# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A module that works for long shows its steps, and neither it nor its result is lost with the playbook."""

from __future__ import annotations

import os
import signal
import time
from typing import Any

import pytest

from ansible_collections.holdfast.postgres.plugins.module_utils._core.runs import Run
from ansible_collections.holdfast.postgres.tests.integration import files, processes
from ansible_collections.holdfast.postgres.tests.integration.content import assert_same, content
from ansible_collections.holdfast.postgres.tests.integration.playbook import Playbook, kill
from ansible_collections.holdfast.postgres.tests.integration.program import Holdfast
from ansible_collections.holdfast.postgres.tests.integration.sample import RESTORING, large, small
from ansible_collections.holdfast.postgres.tests.integration.servers import Server
from ansible_collections.holdfast.postgres.tests.integration.waiting import wait_until

ATTACHED = "is at work: following it"
RETURNED = "here is its result, nothing is done again"
DUMP = {"holdfast.postgres.dump": {"job": "library"}, "register": "made"}
SHOW = {"ansible.builtin.debug": {"msg": "SUMMARY {{ restored.summary | join(' ') }}"}}


def restore(into: str, **keywords: Any) -> dict[str, Any]:
    options = {"job": "library", "mode": "new", "into": into}
    return {"holdfast.postgres.restore": options, "register": "restored", **keywords}


def runs(holdfast: Holdfast) -> list[Run]:
    directory = holdfast.home / "run" / "runs"
    return [Run(path) for path in directory.iterdir()] if directory.exists() else []


def at_work(holdfast: Holdfast) -> bool:
    return any(run.at_work() for run in runs(holdfast))


def verbs(holdfast: Holdfast) -> list[tuple[str, str]]:
    return [(line["verb"], line["result"]) for line in holdfast.history("library")]


@pytest.fixture
def slow(holdfast: Holdfast, cluster15: Server) -> str:
    """A database of the job library that takes five seconds to restore, with a backup."""
    database = large(cluster15, cluster15.unique(), megabytes=1, slow=True)
    holdfast.define("library", cluster15, database, globals=False)
    holdfast.backup("library")
    return database


@pytest.mark.parametrize("pipelining", ["true", "false"])
def test_steps_are_shown_while_the_work_goes_on(
    holdfast: Holdfast, cluster15: Server, slow: str, pipelining: str
) -> None:
    into = cluster15.unique()
    run = Playbook(holdfast, restore(into), SHOW).start(env={"ANSIBLE_PIPELINING": pipelining})
    assert run.stdout is not None
    shown = ""
    while f"into {into}" not in shown:
        shown = run.stdout.readline()
        assert shown, "the playbook ended without showing the step"
    assert into not in cluster15.names(), "the step was shown after the work"
    assert shown.startswith("newserver  ")
    rest = run.communicate(timeout=60)[0]
    assert run.returncode == 0, rest
    assert "SUMMARY TABLE" in rest
    assert_same(content(cluster15, into), content(cluster15, slow))
    assert runs(holdfast) == []


def test_a_killed_playbook_does_not_end_the_work_and_the_next_one_finds_it(
    holdfast: Holdfast, cluster15: Server, slow: str
) -> None:
    into = cluster15.unique()
    play = Playbook(holdfast, restore(into), SHOW)
    run = play.start()
    wait_until(lambda: cluster15.query(RESTORING)[0][0], "rows are being restored", 60)
    kill(run)
    out = play()
    assert ATTACHED in out
    assert f"into {into}" in out, "the steps from before were not shown"
    assert "SUMMARY TABLE" in out
    assert_same(content(cluster15, into), content(cluster15, slow))
    assert verbs(holdfast).count(("restore", "ok")) == 1
    assert runs(holdfast) == []


def test_the_result_of_a_restore_that_nobody_got_is_found_once(
    holdfast: Holdfast, cluster15: Server, slow: str
) -> None:
    into = cluster15.unique()
    play = Playbook(holdfast, restore(into), SHOW)
    run = play.start()
    wait_until(lambda: cluster15.query(RESTORING)[0][0], "rows are being restored", 60)
    kill(run)
    wait_until(lambda: not at_work(holdfast), "the restore has ended", 60)
    out = play()
    assert RETURNED in out
    assert "SUMMARY TABLE" in out
    assert verbs(holdfast).count(("restore", "ok")) == 1
    # Asked for again after that, it is done again.
    assert "it exists, and a restore into it would mix two databases" in play(status=2)


def test_a_playbook_of_which_only_the_main_process_is_killed_gets_no_result(
    holdfast: Holdfast, cluster15: Server, slow: str
) -> None:
    play = Playbook(holdfast, restore(cluster15.unique()))
    run = play.start()
    wait_until(lambda: cluster15.query(RESTORING)[0][0], "rows are being restored", 60)
    workers = processes.children(run.pid)
    run.kill()
    wait_until(lambda: not any(processes.alive(pid) for pid in workers), "its workers have ended", 60)
    run.communicate(timeout=30)
    wait_until(lambda: not at_work(holdfast), "the restore has ended", 60)
    assert RETURNED in play()


def test_a_result_from_before_something_else_was_done_to_the_job_does_not_count(
    holdfast: Holdfast, cluster15: Server, slow: str
) -> None:
    into = cluster15.unique()
    play = Playbook(holdfast, restore(into))
    run = play.start()
    wait_until(lambda: cluster15.query(RESTORING)[0][0], "rows are being restored", 60)
    kill(run)
    wait_until(lambda: not at_work(holdfast), "the restore has ended", 60)
    time.sleep(1.1)
    holdfast("verify", "latest")
    out = play(status=2)
    assert RETURNED not in out
    assert "lost its connection, and ended at" in out
    assert "it exists" in out


def test_a_backup_asked_for_again_is_a_new_one(holdfast: Holdfast, cluster15: Server) -> None:
    database = small(cluster15, cluster15.unique())
    repository = holdfast.define("library", cluster15, database)
    play = Playbook(holdfast, DUMP)
    with cluster15.connect(database) as session:
        session.execute("BEGIN; LOCK TABLE items IN ACCESS EXCLUSIVE MODE")
        run = play.start()
        wait_until(lambda: repository.exists() and files.hidden(repository), "the dump is at work", 60)
        kill(run)
        session.execute("ROLLBACK")
    wait_until(lambda: not at_work(holdfast), "the dump has ended", 60)
    out = play()
    assert "lost its connection, and ended at" in out and "it succeeded" in out
    assert verbs(holdfast).count(("backup", "ok")) == 2
    assert len(holdfast.json("list")["jobs"][0]["backups"]) == 2
    assert runs(holdfast) == []


def test_another_request_is_not_mistaken_for_the_one_at_work(holdfast: Holdfast, cluster15: Server, slow: str) -> None:
    into, other = cluster15.unique(), cluster15.unique()
    run = Playbook(holdfast, restore(into)).start()
    wait_until(lambda: cluster15.query(RESTORING)[0][0], "rows are being restored", 60)
    out = Playbook(holdfast, restore(other))(status=2)
    assert "is at work on it" in out and ATTACHED not in out
    rest = run.communicate(timeout=60)[0]
    assert run.returncode == 0, rest


def test_a_run_that_is_killed_on_the_host_has_failed(holdfast: Holdfast, cluster15: Server, slow: str) -> None:
    play = Playbook(holdfast, restore(cluster15.unique()))
    for number, told in ((signal.SIGTERM, "it was ended by a signal"), (signal.SIGKILL, "was killed before its end")):
        run = play.start()
        wait_until(lambda: cluster15.query(RESTORING)[0][0], "rows are being restored", 60)
        holder = holdfast.home / "run" / "library.lock"
        os.kill(int(holder.read_text(encoding="utf-8").partition('"pid": ')[2].partition(",")[0]), number)
        out = run.communicate(timeout=60)[0]
        assert run.returncode == 2, out
        assert told in out
        assert runs(holdfast) == []
        wait_until(lambda: cluster15.sessions() == 0, "the server has ended its sessions")


def test_a_failure_is_the_modules_own(holdfast: Holdfast, cluster15: Server, slow: str) -> None:
    probe = {
        "ansible.builtin.assert": {
            "that": [
                "restored is failed",
                "restored.msg.startswith('database ' ~ taken)",
                "restored.next_step.startswith('Choose another name')",
                "restored.steps | length > 0",
                "restored.keys() | intersect(['followed', 'holdfast_run']) == []",
            ]
        },
        "vars": {"taken": slow},
    }
    Playbook(holdfast, restore(slow, ignore_errors=True), probe)()
    assert runs(holdfast) == []


def test_check_mode_and_async_run_the_module_itself(holdfast: Holdfast, cluster15: Server, slow: str) -> None:
    into = cluster15.unique()
    play = Playbook(holdfast, restore(into, **{"async": 60, "poll": 1}), SHOW)
    holdfast_run = holdfast.home / "run" / "runs"
    play("--check")
    assert into not in cluster15.names()
    assert "SUMMARY TABLE" in play()
    assert_same(content(cluster15, into), content(cluster15, slow))
    assert not holdfast_run.exists()


def test_nothing_secret_is_shown_or_left(holdfast: Holdfast, container15: Server) -> None:
    database = small(container15, container15.unique())
    password = "Pa55 from the vault"
    user = container15.unique("reader")
    with container15.connect() as session:
        session.execute(f"CREATE ROLE {user} SUPERUSER LOGIN PASSWORD '{password}'")
    definition = {
        "name": "library",
        "connection": {"host": "127.0.0.1", "port": container15.port, "user": user, "password": password},
        "databases": [{"database": database}],
    }
    task = {"holdfast.postgres.dump": {"definition": definition}, "register": "made"}
    show = {"ansible.builtin.debug": {"var": "made"}}
    try:
        with container15.connect(database) as session:
            session.execute("BEGIN; LOCK TABLE items IN ACCESS EXCLUSIVE MODE")
            run = Playbook(holdfast, task, show).start("-vvv")
            wait_until(lambda: any(run.steps(1) for run in runs(holdfast)), "the dump is at work", 60)
            written = [path for run in runs(holdfast) for path in run.directory.iterdir()]
            assert all(password.encode() not in path.read_bytes() for path in written)
            assert {path.stat().st_mode & 0o777 for path in written} == {0o600}
            session.execute("ROLLBACK")
        out = run.communicate(timeout=60)[0]
        assert run.returncode == 0, out
        assert "dumping database" in out
        assert password not in out
        assert "dumping database" not in Playbook(holdfast, {**task, "no_log": True})()
    finally:
        with container15.connect() as session:
            session.execute(f"DROP ROLE {user}")
