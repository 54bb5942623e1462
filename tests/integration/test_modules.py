# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The modules: their modes, their check mode, and what they return."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.holdfast.postgres.tests.integration.playbook import Playbook
from ansible_collections.holdfast.postgres.tests.integration.program import Holdfast
from ansible_collections.holdfast.postgres.tests.integration.sabotage import alter
from ansible_collections.holdfast.postgres.tests.integration.sample import small
from ansible_collections.holdfast.postgres.tests.integration.servers import Server

ROWS = "SELECT count(*) FROM items"


def module(name: str, **options: Any) -> dict[str, Any]:
    return {f"holdfast.postgres.{name}": {"job": "library", **options}, "register": name}


def expect(*conditions: str) -> dict[str, Any]:
    return {"ansible.builtin.assert": {"that": list(conditions)}}


@pytest.fixture
def library(holdfast: Holdfast, cluster15: Server) -> str:
    """The database of the job library: 100 rows in its backup, 150 since."""
    database = small(cluster15, cluster15.unique(), 100)
    holdfast.define("library", cluster15, database, globals=False)
    holdfast.backup("library")
    with cluster15.connect(database) as session:
        session.execute("INSERT INTO items (name) SELECT 'later' FROM generate_series(1, 50)")
    return database


def test_a_restore_swaps_by_default_and_a_rollback_undoes_it(
    holdfast: Holdfast, cluster15: Server, library: str
) -> None:
    swapped = expect(
        "restore.mode == 'swap' and restore.replaces and restore.proof.result == 'proved'",
        f"restore.before is match('{library}_before_')",
        "restore.safety is match('library_')",
        f"restore.undo == 'holdfast rollback {library}'",
        "restore.tables == [{'table': 'public.items', 'rows': 100}]",
    )
    undone = expect(
        f"rollback.database == '{library}' and rollback.changes == [] and rollback.before == restore.before"
    )
    Playbook(holdfast, module("restore"), swapped, module("rollback"), undone)()
    assert cluster15.query(ROWS, library) == [(150,)]


def test_a_rollback_in_check_mode_fails_where_a_rollback_would(
    holdfast: Holdfast, cluster15: Server, library: str
) -> None:
    Playbook(holdfast, module("restore", safety_backup=False))()
    assert len(holdfast.json("list")["jobs"][0]["backups"]) == 1
    names = cluster15.names()
    play = Playbook(holdfast, module("rollback"))
    play("--check")
    with cluster15.connect(library) as session:
        session.execute("INSERT INTO items (name) VALUES ('since')")
    for mode in ([], ["--check"]):
        out = play(*mode, status=2)
        assert "it has changed since the swap" in out and "public.items" in out
    assert cluster15.names() == names and cluster15.query(ROWS, library) == [(101,)]
    Playbook(holdfast, module("rollback", force=True))()
    assert cluster15.query(ROWS, library) == [(150,)]


def test_check_mode_says_what_a_restore_would_do(holdfast: Holdfast, cluster15: Server, library: str) -> None:
    names = cluster15.names()
    planned = expect("restore is changed", "restore.steps | select('search', '_before_') | length == 1")
    Playbook(holdfast, module("restore"), planned)("--check")
    assert cluster15.names() == names and cluster15.query(ROWS, library) == [(150,)]


def test_a_dump_a_verify_and_a_look_say_what_they_changed(holdfast: Holdfast, cluster15: Server, library: str) -> None:
    there = holdfast.history("library")
    unchanged = expect("verify is not changed and backup_info is not changed")
    looked = (module("verify"), module("backup_info"), unchanged)
    Playbook(holdfast, module("dump"), expect("dump is changed"))("--check")
    assert holdfast.history("library") == there
    Playbook(holdfast, module("dump"), expect("dump is changed"), *looked)()
    assert [line["verb"] for line in holdfast.history("library")[len(there) :]] == ["backup", "prune", "verify"]
    # What a backup would not find, check mode does not find either.
    cluster15.drop(library)
    assert f"database {library}" in Playbook(holdfast, module("dump"))("--check", status=2)


def test_tables_come_back_beside_what_is_there(holdfast: Holdfast, cluster15: Server, library: str) -> None:
    given = {"mode": "tables", "tables": ["public.items"], "to": "public.items_before"}
    done = expect("restore.renamed == [{'table': 'public.items', 'now': 'public.items_before'}]")
    Playbook(holdfast, module("restore", **given), done)()
    assert cluster15.query("SELECT count(*) FROM items_before", library) == [(100,)]
    assert cluster15.query(ROWS, library) == [(150,)]


def test_differences_are_accepted_with_a_warning(holdfast: Holdfast, cluster15: Server, library: str) -> None:
    made = holdfast.backup("library")
    alter(cluster15, holdfast.backups / "library", made, "UPDATE items SET name = 'altered' WHERE id = 71")
    out = Playbook(holdfast, module("restore"))(status=2)
    assert "it is not what" in out
    assert cluster15.query(ROWS, library) == [(150,)]
    out = Playbook(holdfast, module("restore", backup=made["id"], accept_differences=True))()
    assert "is in use although it differs from the proof" in out
    assert cluster15.query("SELECT count(*) FROM items WHERE name = 'altered'", library) == [(1,)]


def test_a_drill_proves_a_backup_and_tells_how_long_a_recovery_takes(
    holdfast: Holdfast, cluster15: Server, library: str
) -> None:
    proved = expect(
        "drill.result == 'proved' and drill is not changed",
        "drill.recovery.seconds > 0",
        f"drill.databases | map(attribute='database') == ['{library}']",
        "drill.where == 'cluster'",
    )
    planned = expect(
        "drill.summary[0] is match('Would restore library_')",
        "'into a scratch cluster made with /usr/lib/postgresql/15' in drill.summary[0]",
        f"drill.databases == ['{library}'] and drill.where == 'cluster' and drill is not changed",
    )
    Playbook(holdfast, module("drill"), planned)("--check")
    assert [line["verb"] for line in holdfast.history("library")].count("drill") == 0
    out = Playbook(holdfast, module("drill"), proved)()
    assert [line for line in out.splitlines() if line.startswith("newserver  ") and "scratch" in line]
    (line,) = [line for line in holdfast.history("library") if line["verb"] == "drill"]
    assert line["result"] == "ok"


def test_a_drill_of_an_altered_backup_fails_and_names_what_differs(
    holdfast: Holdfast, cluster15: Server, library: str
) -> None:
    made = holdfast.backup("library")
    alter(cluster15, holdfast.backups / "library", made, "UPDATE items SET name = 'altered' WHERE id = 71")
    out = Playbook(holdfast, module("drill", backup=made["id"]))(status=2)
    assert "public.items" in out and "other content" in out
    assert "The evidence is in" in out
