# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Dump and proof see the same moment, whatever others do meanwhile."""

from __future__ import annotations

import threading

import psycopg
import pytest

from ansible_collections.holdfast.postgres.tests.integration.content import rows
from ansible_collections.holdfast.postgres.tests.integration.processes import find_child, runs
from ansible_collections.holdfast.postgres.tests.integration.program import Holdfast
from ansible_collections.holdfast.postgres.tests.integration.sample import fill, small
from ansible_collections.holdfast.postgres.tests.integration.servers import Server
from ansible_collections.holdfast.postgres.tests.integration.waiting import wait_until

GATE = "CREATE TABLE gate (id integer) PARTITION BY RANGE (id)"
# pg_dump locks the tables in the order in which they were made.
# A query locks the indexes of its table; pg_dump does not.
PROVING = "SELECT count(*) FROM pg_locks WHERE relation = 'slow_pkey'::regclass AND NOT granted"
STORM = """
    CREATE TYPE type_NUMBER AS ENUM ('one', 'two');
    CREATE FUNCTION function_NUMBER(type_NUMBER) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT 1';
    CREATE VIEW view_NUMBER AS SELECT function_NUMBER('one'::type_NUMBER) AS one, * FROM items;
    CREATE AGGREGATE aggregate_NUMBER(integer) (sfunc = int4pl, stype = integer);
    SELECT pg_sleep(0.05);
    DROP AGGREGATE aggregate_NUMBER(integer);
    DROP VIEW view_NUMBER;
    DROP FUNCTION function_NUMBER(type_NUMBER);
    DROP TYPE type_NUMBER;
"""
DUMPING = """
    SELECT count(*) FROM pg_stat_activity a JOIN pg_locks l USING (pid)
    WHERE application_name LIKE 'holdfast%' AND relation = 'gate'::regclass AND NOT granted
"""


@pytest.mark.parametrize("format", ["custom", "directory"])
def test_what_is_written_during_a_backup_is_in_both_or_in_none(
    format: str, holdfast: Holdfast, cluster15: Server
) -> None:
    database, into = small(cluster15, cluster15.unique(), 20_000), cluster15.unique()
    holdfast.define("library", cluster15, database, format=format)
    stop = threading.Event()

    def write() -> None:
        with cluster15.connect(database) as session:
            while not stop.is_set():
                session.execute("INSERT INTO items (name) SELECT 'new' FROM generate_series(1, 50)")
                session.execute("UPDATE items SET name = name || '.' WHERE id % 997 = random()::int")
                session.execute("DELETE FROM items WHERE id % 991 = (random() * 900)::int")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _round in range(3):
            holdfast.backup("library")
    finally:
        stop.set()
        writer.join()
    for backup in holdfast.json("list")["jobs"][0]["backups"]:
        told = holdfast.json("restore", backup["id"], "--into", into)
        assert told["proof"]["result"] == "proved"
        cluster15.drop(into)


def test_a_table_cannot_be_emptied_between_the_snapshot_and_its_dump(holdfast: Holdfast, cluster15: Server) -> None:
    """TRUNCATE does not respect snapshots: the dump would hold no rows, and nobody would know."""
    database = cluster15.unique()
    cluster15.create(database)
    with cluster15.connect(database) as session:
        session.execute(GATE)
        session.execute("CREATE TABLE items AS SELECT n AS id FROM generate_series(1, 100) AS n")
    holdfast.define("library", cluster15, database)
    with cluster15.connect(database) as session, cluster15.connect(database) as other:
        session.execute("BEGIN; LOCK TABLE gate IN ACCESS EXCLUSIVE MODE")
        run = holdfast.start("backup", "library")
        wait_until(lambda: cluster15.query(DUMPING, database)[0][0], "pg_dump waits at the gate")
        other.execute("SET lock_timeout = '1s'")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            other.execute("TRUNCATE items")
        session.execute("ROLLBACK")
        out, error = run.communicate(timeout=60)
    assert run.returncode == 0, out + error
    into = cluster15.unique()
    assert holdfast.json("restore", "--into", into)["proof"]["rows"] == 100


def test_whoever_wants_a_table_for_himself_gets_it_and_the_backup_begins_again(
    holdfast: Holdfast, cluster15: Server
) -> None:
    """Without that pg_dump would wait for him, he for the snapshot, and the snapshot for pg_dump: for ever."""
    database = cluster15.unique()
    cluster15.create(database)
    with cluster15.connect(database) as session:
        session.execute(GATE)
        session.execute("CREATE TABLE items AS SELECT n AS id FROM generate_series(1, 100) AS n")
    holdfast.define("library", cluster15, database)
    altered = threading.Event()

    def alter() -> None:
        with cluster15.connect(database) as other:
            other.execute("ALTER TABLE items ADD COLUMN more text DEFAULT 'more'")
        altered.set()

    with cluster15.connect(database) as session:
        session.execute("BEGIN; LOCK TABLE gate IN ACCESS EXCLUSIVE MODE")
        run = holdfast.start("backup", "library")
        wait_until(lambda: cluster15.query(DUMPING, database)[0][0], "pg_dump waits at the gate")
        altering = threading.Thread(target=alter)
        altering.start()
        queued = "SELECT count(*) FROM pg_locks WHERE relation = 'items'::regclass AND NOT granted"
        wait_until(lambda: cluster15.query(queued, database)[0][0], "the other session waits for the table")
        session.execute("ROLLBACK")
        out, error = run.communicate(timeout=100)
        altering.join()
    assert run.returncode == 0, out + error
    assert "another session wants a table" in out and "beginning again" in out
    into = cluster15.unique()
    assert holdfast.json("restore", "--into", into)["proof"]["result"] == "proved"
    assert rows(cluster15, into)[0] == (1, "more")


def test_ids_handed_out_while_the_proof_is_taken_are_no_loss(holdfast: Holdfast, cluster15: Server) -> None:
    """The dump has where a sequence stood when pg_dump read it, and the rows are hashed until long after that."""
    database = small(cluster15, cluster15.unique())
    with cluster15.connect(database) as session:
        session.execute(GATE)
        session.execute("CREATE TABLE slow (id integer PRIMARY KEY)")
    holdfast.define("library", cluster15, database)
    with cluster15.connect(database) as dumping, cluster15.connect(database) as proving:
        dumping.execute("BEGIN; LOCK TABLE gate IN ACCESS EXCLUSIVE MODE")
        proving.execute("BEGIN; REINDEX INDEX slow_pkey")
        run = holdfast.start("backup", "library")
        find_child(run.pid, "pg_dump")
        dumping.execute("ROLLBACK")
        wait_until(lambda: cluster15.query(PROVING, database)[0][0], "the proof waits for an index")
        wait_until(lambda: not runs(run.pid, "pg_dump"), "pg_dump has ended")
        fill(cluster15, database, 10)
        proving.execute("ROLLBACK")
        out, error = run.communicate(timeout=60)
    assert run.returncode == 0, out + error
    assert holdfast.json("restore", "--into", cluster15.unique())["proof"]["result"] == "proved"


def test_a_function_that_goes_away_while_it_is_dumped_makes_the_backup_begin_again(
    holdfast: Holdfast, cluster15: Server
) -> None:
    """Nothing locks a function, and of one that is gone pg_dump writes what cannot be restored, without an error."""
    database = small(cluster15, cluster15.unique())
    with cluster15.connect(database) as session:
        session.execute(GATE)
        session.execute("CREATE FUNCTION twice(integer) RETURNS integer LANGUAGE sql AS 'SELECT 2 * $1'")
    holdfast.define("library", cluster15, database)
    with cluster15.connect(database) as session, cluster15.connect(database) as other:
        session.execute("BEGIN; LOCK TABLE gate IN ACCESS EXCLUSIVE MODE")
        run = holdfast.start("backup", "library")
        wait_until(lambda: cluster15.query(DUMPING, database)[0][0], "pg_dump waits at the gate")
        other.execute("DROP FUNCTION twice(integer)")
        session.execute("ROLLBACK")
        out, error = run.communicate(timeout=60)
    assert run.returncode == 0, out + error
    assert "beginning again" in out and "function" in out
    assert holdfast.json("restore", "--into", cluster15.unique())["proof"]["result"] == "proved"


@pytest.mark.parametrize("format", ["custom", "directory"])
def test_no_storm_of_changes_leaves_a_backup_that_cannot_be_restored(
    format: str, holdfast: Holdfast, cluster15: Server
) -> None:
    database, into = small(cluster15, cluster15.unique()), cluster15.unique()
    holdfast.define("library", cluster15, database, format=format)
    stop = threading.Event()

    def change(number: int) -> None:
        with cluster15.connect(database) as session:
            while not stop.is_set():
                # One by one, or nobody would ever see them.
                for statement in STORM.replace("NUMBER", str(number)).split(";"):
                    session.execute(statement)
                # Each pause is one in which a backup may see nothing of it.
                stop.wait(0.1 * number)

    storm = [threading.Thread(target=change, args=(number,)) for number in (1, 2, 3)]
    for session in storm:
        session.start()
    try:
        told = [holdfast("backup", "library", status=None) for _round in range(3)]
    finally:
        stop.set()
        for session in storm:
            session.join()
    assert all(one.status == 0 or "dropped or changed objects" in one.err for one in told), told
    backups = holdfast.json("list")["jobs"][0]["backups"]
    assert len(backups) == sum(one.status == 0 for one in told)
    for backup in backups:
        assert holdfast.json("restore", backup["id"], "--into", into)["proof"]["result"] == "proved"
        cluster15.drop(into)
