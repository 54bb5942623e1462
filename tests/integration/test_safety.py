# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The safety backup holds exactly what a restore replaces, and nothing that was written is lost."""

from __future__ import annotations

import threading

import pytest

from ansible_collections.holdfast.postgres.tests.integration import servers
from ansible_collections.holdfast.postgres.tests.integration.content import rows
from ansible_collections.holdfast.postgres.tests.integration.program import Holdfast
from ansible_collections.holdfast.postgres.tests.integration.sample import fill, small
from ansible_collections.holdfast.postgres.tests.integration.servers import Server
from ansible_collections.holdfast.postgres.tests.integration.waiting import wait_until

WAITING = "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'holdfast%' AND wait_event_type = 'Lock'"


def databases_of(holdfast: Holdfast, backup: str) -> list[str]:
    return [one["database"] for one in holdfast.json("show", backup)["artifacts"] if one["kind"] == "database"]


@pytest.mark.parametrize("mode", ["--in-place", "--swap"])
def test_a_database_that_the_job_no_longer_lists_is_in_the_safety_backup_of_its_restore(
    holdfast: Holdfast, cluster15: Server, mode: str
) -> None:
    listed, former = small(cluster15, cluster15.unique()), small(cluster15, cluster15.unique("former ü"))
    both = [{"database": listed, "name": "listed"}, {"database": former, "name": "former"}]
    holdfast.define("library", cluster15, *both)
    made = holdfast.backup("library")["id"]
    holdfast.define("library", cluster15, listed)
    fill(cluster15, former, 7)
    told = holdfast.json("restore", made, mode, "--database", former)
    assert len(rows(cluster15, former)) == 100
    assert databases_of(holdfast, told["safety"]) == [former]
    holdfast("restore", told["safety"], "--in-place", "--database", former)
    assert len(rows(cluster15, former)) == 107


@pytest.mark.parametrize("mode", ["--in-place", "--swap"])
def test_a_file_over_another_database_than_the_job_s(holdfast: Holdfast, cluster15: Server, mode: str) -> None:
    listed, other = small(cluster15, cluster15.unique(), 30), small(cluster15, cluster15.unique(), 107)
    repository = holdfast.define("library", cluster15, listed, proof="none")
    made = holdfast.backup("library")
    path = holdfast.home / "old.dump.zst"
    path.write_bytes((repository / made["artifacts"][0]["file"]).read_bytes())
    told = holdfast.json("restore", path, mode, "--database", other)
    assert (len(rows(cluster15, other)), len(rows(cluster15, listed))) == (30, 30)
    assert databases_of(holdfast, told["safety"]) == [other]
    holdfast("restore", told["safety"], "--in-place")
    assert len(rows(cluster15, other)) == 107


def test_of_several_databases_the_one_that_is_replaced_is_saved(holdfast: Holdfast, cluster15: Server) -> None:
    one, other = small(cluster15, cluster15.unique()), small(cluster15, cluster15.unique())
    holdfast.define("library", cluster15, one, other)
    made = holdfast.backup("library")["id"]
    told = holdfast.json("restore", made, "--database", other)
    assert databases_of(holdfast, told["safety"]) == [other]
    # What is newest for the next backup is as it was.
    assert holdfast.json("restore", "latest", "--database", one, "--dry-run")["backup"] == made


def _while_it_waits_for_the_lock(
    holdfast: Holdfast, server: Server, database: str, statement: str, commit: bool = True
) -> tuple[int, str]:
    """A restore in place amid which an application does something; exit status and standard error."""
    with server.connect(database) as application, server.connect(database) as other:
        application.execute("BEGIN; LOCK TABLE items IN ACCESS SHARE MODE")
        run = holdfast.start("restore", "latest", "--in-place")
        wait_until(lambda: server.query(WAITING)[0][0], "the safety backup is made, and the restore waits for the lock")
        if commit:
            application.execute(statement)
        else:
            other.execute("BEGIN")
            other.execute(statement)
        application.execute("COMMIT")
        error = run.communicate(timeout=60)[1]
        if not commit:
            other.execute("COMMIT")
    return run.returncode, error


LATE = {
    "INSERT INTO items (name) VALUES ('late')": "table public.items: 107 rows, and the safety backup has 106",
    "UPDATE others SET name = 'late' WHERE id = 3": "table public.others: the same number of rows (100), and other",
    "CREATE TABLE late AS SELECT 1 AS id": "table public.late: it is not in the safety backup",
    "INSERT INTO fast VALUES (1)": "table public.fast: 1 rows, and the safety backup has 0",
    "SELECT lo_from_bytea(80001, 'late')": "large objects: 1, and the safety backup has 0",
    "SELECT nextval('counted')": "sequence public.counted: at 1, ahead of the safety backup's 1",
    "CREATE FUNCTION late() RETURNS integer LANGUAGE sql AS 'SELECT 1'": "function public.late()",
}


def test_what_is_written_after_the_safety_backup_is_not_lost(holdfast: Holdfast, cluster15: Server) -> None:
    database = small(cluster15, cluster15.unique())
    with cluster15.connect(database) as session:
        session.execute("CREATE UNLOGGED TABLE fast (id integer); CREATE SEQUENCE counted")
        session.execute("CREATE TABLE others AS TABLE items")
    holdfast.define("library", cluster15, database, proof="counts")
    holdfast.backup("library")
    fill(cluster15, database, 6)
    status, error = _while_it_waits_for_the_lock(holdfast, cluster15, database, "; ".join(LATE))
    assert status == 1 and "it was written to since the safety backup" in error and "Stop the application" in error
    assert [told for told in LATE.values() if told not in error] == []
    assert len(rows(cluster15, database)) == 107
    assert holdfast.history("library")[-1]["result"] == "failed"
    # Nobody writes any more: now it goes.
    holdfast("restore", "latest", "--in-place")
    assert len(rows(cluster15, database)) == 100


def test_what_is_being_created_and_not_yet_committed_is_not_lost(holdfast: Holdfast, cluster15: Server) -> None:
    database = small(cluster15, cluster15.unique())
    holdfast.define("library", cluster15, database)
    holdfast.backup("library")
    made = "CREATE TABLE late AS SELECT 'acknowledged' AS name"
    status, error = _while_it_waits_for_the_lock(holdfast, cluster15, database, made, commit=False)
    assert status == 1 and "a session is creating something in it" in error
    assert cluster15.query("SELECT name FROM late", database) == [("acknowledged",)]


def test_no_row_of_a_writer_is_lost(holdfast: Holdfast, cluster15: Server) -> None:
    database = small(cluster15, cluster15.unique())
    holdfast.define("library", cluster15, database, format="plain")
    holdfast.backup("library")
    acknowledged: list[str] = []
    stop = threading.Event()

    def write() -> None:
        with cluster15.connect(database) as session:
            while not stop.is_set():
                name = f"load {len(acknowledged)}"
                session.execute("INSERT INTO items (name) VALUES (%s)", [name])
                acknowledged.append(name)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        refused = holdfast("restore", "latest", "--in-place", status=1).err
    finally:
        stop.set()
        writer.join()
    assert "it was written to since the safety backup" in refused
    assert {name for _id, name in rows(cluster15, database)} >= {*acknowledged}
    told = holdfast.json("restore", "latest", "--in-place")
    into = cluster15.unique()
    holdfast("restore", told["safety"], "--into", into)
    assert {name for _id, name in rows(cluster15, into)} >= {*acknowledged}


def test_more_locks_than_there_can_be_are_told_beforehand(holdfast: Holdfast) -> None:
    few = {"max_locks_per_transaction": "10", "max_connections": "20"}
    with servers.cluster(few) as server:
        database = small(server, "library")
        holdfast.define("library", server, database)
        holdfast.backup("library")
        with server.connect(database) as session:
            session.execute("SELECT lo_from_bytea(0, 'x') FROM generate_series(1, 210)")
        assert (
            "should they not suffice, nothing will have been changed" in holdfast("restore", "latest", "--in-place").out
        )
        with server.connect(database) as session:
            session.execute("CREATE TABLE parted (id integer PRIMARY KEY, t text) PARTITION BY LIST (id)")
            for number in range(300):
                session.execute(f"CREATE TABLE part_{number} PARTITION OF parted FOR VALUES IN ({number})")
        made = len(holdfast.json("list")["jobs"][0]["backups"])
        for more in ([], ["--dry-run"]):
            error = holdfast("restore", "latest", "--in-place", *more, status=1).err
            assert "has room for 200" in error and "max_locks_per_transaction to" in error and "by a swap" in error
        assert len(holdfast.json("list")["jobs"][0]["backups"]) == made
        assert server.query("SELECT count(*) FROM pg_class WHERE relname LIKE 'part_%' AND relkind = 'r'", database)
        holdfast("restore", "latest")
