# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A live database is replaced by a named backup, after a question on a terminal, and never by mistake."""

from __future__ import annotations

import contextlib
import os
import pty
import subprocess
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.holdfast.postgres.tests.integration.playbook import Playbook
from ansible_collections.holdfast.postgres.tests.integration.program import Holdfast
from ansible_collections.holdfast.postgres.tests.integration.sample import fill, small
from ansible_collections.holdfast.postgres.tests.integration.servers import Server


@pytest.fixture
def library(holdfast: Holdfast, cluster15: Server) -> str:
    """A database with 100 rows in its backup, and 5 more that came later."""
    database = small(cluster15, cluster15.unique())
    holdfast.define("library", cluster15, database)
    holdfast.backup("library")
    fill(cluster15, database, 5)
    return database


def rows(server: Server, database: str) -> int:
    return server.query("SELECT count(*) FROM items", database)[0][0]


def on_terminal(holdfast: Holdfast, *args: str, typed: str, log: Path | None = None) -> tuple[int, str]:
    """Run on a terminal of its own, where somebody types; exit status and all that was shown there. log: where the
    output goes instead.
    """
    ours, theirs = pty.openpty()
    with contextlib.ExitStack() as stack:
        out = theirs if log is None else stack.enter_context(log.open("w"))
        run = subprocess.Popen(holdfast.argv(*args), env=holdfast.environment, stdin=theirs, stdout=out, stderr=out)
    os.close(theirs)
    os.write(ours, typed.encode())
    shown = b""
    try:
        while chunk := os.read(ours, 4096):
            shown += chunk
    except OSError:
        # How Linux says that nobody has the other side open any more
        pass
    os.close(ours)
    return run.wait(timeout=30), shown.decode()


def test_without_a_name_nothing_is_replaced(holdfast: Holdfast, cluster15: Server, library: str) -> None:
    for args in ([], ["--in-place"], ["--no-safety-backup"], ["--yes"]):
        assert "usage: holdfast restore" in holdfast("restore", *args, status=2).err
    assert rows(cluster15, library) == 105


@pytest.mark.parametrize("mode", ["--swap", "--in-place"])
def test_a_terminal_is_told_what_will_be_replaced_and_asked(
    holdfast: Holdfast, cluster15: Server, library: str, mode: str
) -> None:
    made = holdfast.json("list")["jobs"][0]["backups"][0]["id"]
    for answer in ("no\n", "y\n", "\n", "\x04"):
        status, shown = on_terminal(holdfast, "restore", "latest", mode, typed=answer)
        assert status == 1 and "the answer was not yes" in shown
        assert f"replaces the live database {library}" in shown and "1 table, about 10" in shown
        assert made in shown and "s ago" in shown and "1 table, 100 rows" in shown
        assert rows(cluster15, library) == 105
    status, shown = on_terminal(holdfast, "restore", "latest", mode, typed="yes\n")
    assert status == 0, shown
    assert rows(cluster15, library) == 100


@pytest.mark.parametrize("given", [["--yes"], ["--dry-run"], ["--into"]])
def test_what_needs_no_answer_is_not_asked(
    holdfast: Holdfast, cluster15: Server, library: str, given: list[str]
) -> None:
    more = [cluster15.unique()] if given == ["--into"] else []
    status, shown = on_terminal(holdfast, "restore", "latest", *given, *more, typed="")
    assert status == 0 and "Type yes" not in shown
    assert ("replaces the live database" in shown) == (given == ["--dry-run"])
    assert rows(cluster15, library) == (100 if given == ["--yes"] else 105)


@pytest.mark.parametrize("more", [[], ["--json"]])
def test_a_person_is_asked_wherever_the_output_goes(
    holdfast: Holdfast, cluster15: Server, library: str, more: list[str], tmp_path: Path
) -> None:
    status, shown = on_terminal(holdfast, "restore", "latest", *more, typed="no\n", log=tmp_path / "log")
    assert status == 1 and f"replaces the live database {library}" in shown and "Type yes" in shown
    assert "the answer was not yes" in (tmp_path / "log").read_text(encoding="utf-8")
    assert rows(cluster15, library) == 105


def test_rows_that_were_deleted_a_moment_ago_are_not_told_as_there(
    holdfast: Holdfast, cluster15: Server, library: str
) -> None:
    with cluster15.connect(library) as session:
        session.execute("ANALYZE items")
        session.execute("DELETE FROM items WHERE id % 2 = 0")
    told = holdfast.json("restore", "latest", "--dry-run")["replacing"]
    assert (told["rows"], told["proved"]["rows"]) == (rows(cluster15, library), 100)


def test_a_rollback_tells_and_asks_as_well(holdfast: Holdfast, cluster15: Server, library: str) -> None:
    before = holdfast.json("restore", "latest", "--no-safety-backup")["before"]
    status, shown = on_terminal(holdfast, "rollback", library, typed="no\n")
    assert status == 1 and "the answer was not yes" in shown
    assert f"replaces the live database {library}" in shown and "1 table, about 100 rows" in shown
    assert f"{before}, which went out of use" in shown and "s ago" in shown
    assert rows(cluster15, library) == 100
    assert "Type yes" not in on_terminal(holdfast, "rollback", library, "--dry-run", typed="")[1]
    status, shown = on_terminal(holdfast, "rollback", library, typed="yes\n")
    assert status == 0, shown
    assert rows(cluster15, library) == 105
    holdfast("restore", "latest", "--no-safety-backup")
    status, shown = on_terminal(holdfast, "rollback", library, "--yes", typed="")
    assert status == 0 and "Type yes" not in shown
    assert rows(cluster15, library) == 105


def test_what_was_swapped_since_the_question_is_not_rolled_back(
    holdfast: Holdfast, cluster15: Server, library: str
) -> None:
    holdfast("restore", "latest", "--no-safety-backup")
    ours, theirs = pty.openpty()
    run = subprocess.Popen(
        holdfast.argv("rollback", library), env=holdfast.environment, stdin=theirs, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    shown = b""
    while b"Type yes" not in shown:
        shown += os.read(ours, 4096)
    later = holdfast.json("restore", "latest", "--no-safety-backup")["before"]
    os.write(ours, b"yes\n")
    while b"another one now" not in shown:
        shown += os.read(ours, 4096)
    assert run.wait(timeout=30) == 1
    os.close(ours)
    assert later in cluster15.names()


def test_where_to_without_tables_swaps_nothing(holdfast: Holdfast, cluster15: Server, library: str) -> None:
    names = cluster15.names()
    assert "--to: it says where restored tables go" in holdfast("restore", "latest", "--to", "back", status=2).err
    for empty in ("--into", "--table", "--to", "--database"):
        assert "empty" in holdfast("restore", "latest", empty, "", status=2).err
    assert cluster15.names() == names and rows(cluster15, library) == 105


CONTRADICTIONS: list[tuple[dict[str, Any], str]] = [
    ({"tables": ["items"]}, "with mode: swap the whole database is restored"),
    ({"mode": "tables"}, "no table is named"),
    ({"to": "back"}, "the whole database would be restored"),
    ({"mode": "new"}, "it needs a name for the new database"),
    ({"mode": "in_place", "safety_backup": False}, "only a swap can do without a safety backup"),
]


def test_a_module_that_contradicts_itself_replaces_nothing(holdfast: Holdfast, cluster15: Server, library: str) -> None:
    names = cluster15.names()
    tasks = []
    for options, told in CONTRADICTIONS:
        asked = {"holdfast.postgres.restore": {"job": "library", **options}, "register": "told", "ignore_errors": True}
        tasks += [asked, {"ansible.builtin.assert": {"that": ["told is failed", f"{told!r} in told.msg"]}}]
    Playbook(holdfast, *tasks)()
    assert cluster15.names() == names and rows(cluster15, library) == 105


def test_the_role_says_what_will_be_replaced_before_it_begins(
    holdfast: Holdfast, cluster15: Server, library: str
) -> None:
    role = {"ansible.builtin.include_role": {"name": "holdfast.postgres.restore"}, "vars": {"restore_job": "library"}}
    out = " ".join(Playbook(holdfast, role)().split())
    said, done = out.index(f"This replaces the live database {library}"), out.index("exchanged in")
    assert said < done and "1 table, 100 rows" in out[said:done]
    assert rows(cluster15, library) == 100
    undo = {
        "ansible.builtin.include_role": {"name": "holdfast.postgres.restore", "tasks_from": "rollback"},
        "vars": {"restore_job": "library", "restore_force": True},
    }
    with cluster15.connect(library) as session:
        session.execute("INSERT INTO items VALUES (999, 'since')")
    out = " ".join(Playbook(holdfast, undo)().split())
    said, done = out.index(f"This replaces the live database {library}"), out.index("exchanged in")
    assert said < done and f"{library}_before_" in out[said:done] and "101 rows" in out[said:done]
    assert rows(cluster15, library) == 105
