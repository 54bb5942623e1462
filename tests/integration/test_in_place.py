# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Restoring in place of a live database: all of it, or nothing."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.holdfast.postgres.tests.integration import files, processes, sabotage
from ansible_collections.holdfast.postgres.tests.integration.content import assert_same, content, rows
from ansible_collections.holdfast.postgres.tests.integration.program import Holdfast
from ansible_collections.holdfast.postgres.tests.integration.sample import RESTORING, create, fill, large, small
from ansible_collections.holdfast.postgres.tests.integration.servers import Server
from ansible_collections.holdfast.postgres.tests.integration.waiting import wait_until

CHANGES = """
    DELETE FROM library.authors WHERE id > 7;
    UPDATE library.authors SET name = 'changed';
    DROP TABLE library.empty;
    ALTER TABLE library.books DROP COLUMN pages CASCADE;
    CREATE TABLE library.added (id integer);
    CREATE TABLE public.added (id integer);
    CREATE SCHEMA added CREATE TABLE also (id integer);
    CREATE EXTENSION hstore;
    CREATE PUBLICATION added;
    SELECT lo_from_bytea(80001, 'added'), lo_unlink(70001), lo_put(70002, 0, 'overwritten');
    SELECT setval('library.authors_id_seq', 9000);
    GRANT ALL ON ALL TABLES IN SCHEMA library TO PUBLIC;
    REVOKE ALL ON library.books FROM "read only";
    COMMENT ON TABLE library.books IS 'changed';
    REFRESH MATERIALIZED VIEW library.totals;
"""


@pytest.mark.parametrize(
    ("reach", "format"),
    [("cluster15", "plain"), ("cluster15", "custom"), ("cluster15", "directory"), ("container17", "custom")],
)
def test_everything_is_replaced_and_the_safety_backup_brings_it_back(
    reach: str, format: str, request: pytest.FixtureRequest, holdfast: Holdfast
) -> None:
    server = request.getfixturevalue(reach)
    database = create(server, server.unique())
    holdfast.define("library", server, database, format=format)
    made = holdfast.backup("library")
    before = content(server, database)
    with server.connect(database) as session:
        session.execute(CHANGES)
    changed = content(server, database)

    result = holdfast.json("restore", made["id"], "--in-place")
    assert_same(content(server, database), before)
    assert server.query("SELECT count(*) FROM pg_stats WHERE schemaname = 'library'", database)[0][0]
    listed = {one["id"]: one["purpose"] for one in holdfast.json("list")["jobs"][0]["backups"]}
    assert listed == {made["id"]: "backup", result["safety"]: "safety"}

    undo = result["undo"].split()
    assert undo[:3] == ["holdfast", "restore", result["safety"]]
    holdfast(*undo[1:])
    assert_same(content(server, database), changed)


def test_default_privileges_of_the_live_database_do_not_reach_what_is_restored(
    holdfast: Holdfast, cluster15: Server
) -> None:
    database = create(cluster15, cluster15.unique())
    holdfast.define("library", cluster15, database)
    made = holdfast.backup("library")
    before = content(cluster15, database)
    with cluster15.connect(database) as session:
        session.execute('ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO "read only"')
        session.execute("ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC")
    holdfast("restore", made["id"], "--in-place")
    assert_same(content(cluster15, database), before)


def test_a_database_that_is_gone_is_made_anew(holdfast: Holdfast, cluster15: Server) -> None:
    database = small(cluster15, cluster15.unique())
    holdfast.define("library", cluster15, database)
    holdfast.backup("library")
    before = content(cluster15, database)
    cluster15.drop(database)
    assert holdfast.json("restore", "latest", "--in-place")["safety"] is None
    assert_same(content(cluster15, database), before)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("CREATE EXTENSION no_such_extension;", "extension no_such_extension"),
        ("SELECT no_such_function();", "no_such_function"),
        ("ALTER TABLE public.items OWNER TO nobody_at_all;", 'CREATE ROLE "nobody_at_all"'),
    ],
)
def test_a_backup_that_fails_at_its_end_changes_nothing(
    holdfast: Holdfast, cluster15: Server, line: str, told: str, tmp_path: Path
) -> None:
    database = small(cluster15, cluster15.unique())
    holdfast.define("library", cluster15, database)
    dump = cluster15.run("pg_dump", f"--port={cluster15.port}", f"--host={cluster15.connection['socket']}", database)
    end = b"-- PostgreSQL database dump complete"
    assert end in dump
    path = tmp_path / "broken_20250816_155503.sql"
    path.write_bytes(dump.replace(end, line.encode() + b"\n" + end))
    fill(cluster15, database, 5)
    before = content(cluster15, database)

    error = holdfast("restore", path, "--in-place", status=1).err
    assert told in error
    assert_same(content(cluster15, database), before)
    # The same file into a new name leaves nothing behind either.
    names = cluster15.names()
    holdfast("restore", path, "--into", cluster15.unique(), status=1)
    assert cluster15.names() == names


def test_a_dump_that_ends_within_a_statement_is_no_success(
    holdfast: Holdfast, cluster15: Server, tmp_path: Path
) -> None:
    database = small(cluster15, cluster15.unique())
    holdfast.define("library", cluster15, database)
    path = tmp_path / "open.sql"
    path.write_text(
        "CREATE TABLE t (a integer);\nSELECT 'never closed\n--\n-- PostgreSQL database dump complete\n--\n\n"
    )
    before = content(cluster15, database)
    holdfast("restore", path, "--in-place", status=1)
    assert_same(content(cluster15, database), before)


@pytest.mark.parametrize(
    ("format", "victim"),
    [("plain", "zstd"), ("custom", "pg_restore"), ("directory", "pg_restore"), ("custom", "psql")],
)
def test_a_program_that_dies_in_the_middle_leaves_the_live_database_as_it_was(
    holdfast: Holdfast, cluster15: Server, format: str, victim: str
) -> None:
    database = large(cluster15, cluster15.unique(), megabytes=20, slow=True)
    holdfast.define("library", cluster15, database, format=format)
    holdfast.backup("library")
    with cluster15.connect(database) as session:
        session.execute("DELETE FROM bulk WHERE id > 3")
        session.execute("CREATE TABLE after_the_backup AS SELECT 1 AS id")
    before = content(cluster15, database)
    run = _stopped_in_the_middle(holdfast, cluster15, database)
    os.kill(processes.find_child(run.pid, victim), signal.SIGKILL)
    if victim != "psql":
        processes.resume(run.psql)
    error = run.communicate(timeout=60)[1]
    assert run.returncode == 1, error
    assert "SIGKILL" in error
    assert not any("damaged" in line for line in holdfast.history("library"))
    assert_same(content(cluster15, database), before)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
@pytest.mark.parametrize("reach", ["cluster15", "container17"])
def test_a_run_that_is_killed_in_the_middle_leaves_the_live_database_as_it_was(
    reach: str, number: int, request: pytest.FixtureRequest, holdfast: Holdfast
) -> None:
    server = request.getfixturevalue(reach)
    database = small(server, server.unique())
    holdfast.define("library", server, database)
    made = holdfast.backup("library")
    fill(server, database, 7)
    before = content(server, database)
    with server.connect(database) as application:
        # The restore has begun its transaction and waits for this table.
        application.execute("BEGIN")
        application.execute("LOCK TABLE items IN ACCESS SHARE MODE")
        run = holdfast.start("restore", made["id"], "--in-place")
        wait_until(lambda: _waiting(server), "the restore waits for the lock")
        # All of the backup is on its way by then: what psql would do with it is what matters.
        wait_until(lambda: not processes.runs(run.pid, "pg_restore"), "pg_restore has done its part")
        processes.kill(run, number)
        application.execute("ROLLBACK")
    wait_until(lambda: server.sessions() == 0, "the sessions of the killed run are gone")
    assert_same(content(server, database), before)
    holdfast("restore", made["id"], "--in-place")
    assert len(rows(server, database)) == 100


@pytest.mark.parametrize("nohup", [False, True])
def test_a_terminal_that_is_lost_ends_a_run_in_order(holdfast: Holdfast, cluster15: Server, nohup: bool) -> None:
    database = small(cluster15, cluster15.unique())
    holdfast.define("library", cluster15, database)
    made = holdfast.backup("library")
    fill(cluster15, database, 7)
    with cluster15.connect(database) as application:
        application.execute("BEGIN; LOCK TABLE items IN ACCESS SHARE MODE")
        if nohup:
            holdfast.prefix = ("nohup",)
        run = holdfast.start("restore", made["id"], "--in-place")
        wait_until(lambda: _waiting(cluster15), "the restore waits for the lock")
        run.send_signal(signal.SIGHUP)
        if not nohup:
            error = run.communicate(timeout=30)[1]
            assert run.returncode == 130, error
        application.execute("COMMIT")
    if nohup:
        assert run.wait(timeout=60) == 0
    line = holdfast.history("library")[-1]
    assert (line["verb"], line["result"]) == ("restore", "ok" if nohup else "ended")
    assert len(rows(cluster15, database)) == (100 if nohup else 107)


def test_an_application_that_lets_go_of_its_locks_is_waited_for(holdfast: Holdfast, cluster15: Server) -> None:
    database = small(cluster15, cluster15.unique())
    holdfast.define("library", cluster15, database)
    made = holdfast.backup("library")
    before = content(cluster15, database)
    fill(cluster15, database, 7)
    with cluster15.connect(database) as application:
        application.execute("BEGIN")
        application.execute("SELECT count(*) FROM items")
        run = holdfast.start("restore", made["id"], "--in-place")
        wait_until(lambda: _waiting(cluster15), "the restore waits for the lock")
        application.execute("COMMIT")
        error = run.communicate(timeout=60)[1]
    assert run.returncode == 0, error
    assert_same(content(cluster15, database), before)


@pytest.mark.parametrize("words", [("--in-place",), ()], ids=["in place", "swap"])
def test_nothing_is_replaced_when_the_safety_backup_fails(
    holdfast: Holdfast, cluster15: Server, small_disk: Path, words: tuple[str, ...]
) -> None:
    database = small(cluster15, cluster15.unique())
    repository = holdfast.define("library", cluster15, database, repository=str(small_disk / "library"))
    made = holdfast.backup("library")
    fill(cluster15, database, 7)
    before, there = content(cluster15, database), files.snapshot(repository)
    with (small_disk / "ballast").open("wb") as ballast, pytest.raises(OSError, match="No space"):
        while True:
            ballast.write(bytes(65536))
            ballast.flush()
    names = cluster15.names()
    assert "free" in holdfast("restore", made["id"], *words, status=1).err
    assert_same(content(cluster15, database), before)
    assert cluster15.names() == names
    assert files.snapshot(repository) == there


def _waiting(server: Server) -> bool:
    query = "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'holdfast%' AND wait_event_type = 'Lock'"
    return server.query(query)[0][0] > 0


def _stopped_in_the_middle(holdfast: Holdfast, server: Server, database: str) -> Any:
    """A restore in place whose psql was stopped while rows were on their way."""
    run: Any = holdfast.start("restore", "latest", "--in-place")
    wait_until(lambda: server.query(RESTORING)[0][0], "rows are being restored")
    run.psql = processes.find_child(run.pid, "psql")
    processes.stop(run.psql)
    return run


@pytest.mark.parametrize(
    ("reach", "format"), [("cluster15", "custom"), ("cluster15", "plain"), ("container17", "custom")]
)
def test_what_differs_from_the_proof_is_rolled_back_before_anybody_sees_it(
    reach: str, format: str, request: pytest.FixtureRequest, holdfast: Holdfast
) -> None:
    server = request.getfixturevalue(reach)
    database = small(server, server.unique())
    repository = holdfast.define("library", server, database, format=format)
    made = holdfast.backup("library")
    sabotage.alter(server, repository, made, "UPDATE items SET name = 'item 71x' WHERE id = 71")
    fill(server, database, 7)
    before = content(server, database)
    error = holdfast("restore", made["id"], "--in-place", status=1).err
    assert "table public.items: the same number of rows (100), and other content" in error
    assert "Nothing was replaced" in error
    assert_same(content(server, database), before)
    told = holdfast.json("restore", made["id"], "--in-place", "--accept-differences", status=1)
    assert told["proof"]["result"] == "differs"
    assert (71, "item 71x") in rows(server, database) and len(rows(server, database)) == 100


@pytest.mark.parametrize(
    ("reach", "format"), [("cluster15", "plain"), ("cluster15", "directory"), ("container17", "custom")]
)
def test_large_objects_do_not_end_the_transaction(
    reach: str, format: str, request: pytest.FixtureRequest, holdfast: Holdfast
) -> None:
    server = request.getfixturevalue(reach)
    database = small(server, server.unique())
    holdfast.define("library", server, database, format=format)
    with server.connect(database) as session:
        session.execute("SELECT lo_from_bytea(70001, 'one'), lo_from_bytea(70002, 'two')")
        # What comes after large objects in a dump, and fails there
        session.execute("CREATE FUNCTION fine() RETURNS boolean LANGUAGE sql AS 'SELECT true'")
        session.execute("CREATE UNIQUE INDEX late ON items (id) WHERE public.fine() IS NULL")
    made = holdfast.backup("library")
    with server.connect(database) as session:
        session.execute("DELETE FROM items WHERE id > 5; SELECT lo_unlink(70002)")
    before = content(server, database)
    # It differs from its proof at the very end.
    manifest = files.manifest_file(holdfast.backups / "library", made["id"])
    assert manifest.exists()
    proof = holdfast.backups / "library" / made["artifacts"][1]["file"]
    text = proof.read_text(encoding="utf-8")
    sabotage.replace(holdfast.backups / "library", made["id"], proof, text.replace("late", "lost").encode())
    assert "index public.lost: it is missing" in holdfast("restore", made["id"], "--in-place", status=1).err
    assert_same(content(server, database), before)
    holdfast("restore", made["id"], "--in-place", "--accept-differences", status=1)
    assert len(rows(server, database)) == 100
    assert server.query("SELECT lo_get(70002)", database) == [(b"two",)]


def test_a_dump_that_ends_the_transaction_itself_changes_nothing(
    holdfast: Holdfast, cluster15: Server, tmp_path: Path
) -> None:
    database = small(cluster15, cluster15.unique())
    holdfast.define("library", cluster15, database)
    path = tmp_path / "by_hand.sql"
    before = content(cluster15, database)
    for ending in ("COMMIT;", "ROLLBACK;"):
        end = "--\n-- PostgreSQL database dump complete\n--\n"
        path.write_text(f"CREATE TABLE t (a integer);\n{ending}\nCREATE TABLE u ();\n{end}", encoding="utf-8")
        holdfast("restore", path, "--in-place", status=1)
        assert_same(content(cluster15, database), before)
