# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A restore beside the live database that takes its place, and the way back."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg import sql

from ansible_collections.holdfast.postgres.tests.integration import crashes, files, processes, sabotage, sample, servers
from ansible_collections.holdfast.postgres.tests.integration.content import assert_same, content, rows
from ansible_collections.holdfast.postgres.tests.integration.program import Holdfast
from ansible_collections.holdfast.postgres.tests.integration.sample import fill, small
from ansible_collections.holdfast.postgres.tests.integration.servers import Server
from ansible_collections.holdfast.postgres.tests.integration.waiting import wait_until

WAITS = "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'holdfast%' AND wait_event_type = 'Lock'"


@pytest.fixture
def library(holdfast: Holdfast, cluster15: Server) -> str:
    """A database with 100 rows in its backup, and 5 more that came later."""
    database = small(cluster15, cluster15.unique())
    holdfast.define("library", cluster15, database)
    holdfast.backup("library")
    fill(cluster15, database, 5)
    return database


@pytest.mark.parametrize("reach", ["cluster15", "container17"])
def test_everything_comes_back_and_what_was_there_is_kept(
    reach: str, request: pytest.FixtureRequest, holdfast: Holdfast
) -> None:
    server = request.getfixturevalue(reach)
    database = sample.create(server, server.unique("we\"ird 'name' ..x"))
    name = sql.Identifier(database)
    holdfast.define("library", server, {"database": database, "name": "library"})
    holdfast.backup("library")
    expected = content(server, database, itself=False)
    with server.connect(database) as session:
        session.execute("DELETE FROM library.books WHERE id % 2 = 0")
        # What belongs to the database itself is not taken back to the time of the backup.
        session.execute(sql.SQL("ALTER DATABASE {} SET work_mem = '11MB'").format(name))
        session.execute(sql.SQL('REVOKE ALL ON DATABASE {} FROM "read only"').format(name))
        session.execute(sql.SQL("COMMENT ON DATABASE {} IS 'changed later'").format(name))
        session.execute(sql.SQL("ALTER DATABASE {} CONNECTION LIMIT 55").format(name))
    replaced = content(server, database)
    told = holdfast.json("restore", "latest")
    assert (told["mode"], told["proof"]["result"], told["replaces"]) == ("swap", "proved", True)
    assert told["before"].startswith(database) and 0 < told["outage"] < 5
    found = content(server, database)
    assert found.pop("database") == replaced["database"]
    assert_same(found, expected)
    assert server.query("SELECT count(*) FROM pg_stats WHERE schemaname = 'library'", database)[0][0]
    itself = replaced.pop("database")
    assert_same(content(server, told["before"], itself=False), replaced)

    assert told["undo"].startswith("holdfast rollback")
    undone = holdfast.json("rollback", database)
    assert undone["changes"] == [] and undone["before"] == told["before"]
    found = content(server, database)
    assert found.pop("database") == itself
    assert_same(found, replaced)
    assert_same(content(server, undone["aside"], itself=False), expected)
    assert told["before"] not in server.names()
    assert server.sessions() == 0


def test_the_safety_backup_holds_what_was_replaced(holdfast: Holdfast, cluster15: Server, library: str) -> None:
    told = holdfast.json("restore", "latest")
    into = cluster15.unique()
    holdfast("restore", told["safety"], "--into", into)
    assert len(rows(cluster15, into)) == 105
    told = holdfast.json("restore", "latest", "--no-safety-backup")
    assert told["safety"] is None
    assert len(rows(cluster15, told["before"])) == 100


def test_a_dry_run_says_what_it_would_do_and_changes_nothing(
    holdfast: Holdfast, cluster15: Server, library: str
) -> None:
    before, names = content(cluster15, library), cluster15.names()
    told = holdfast("restore", "latest", "--dry-run").out
    for step in ("1. load", "2. compare it with the proof", "3. make a safety backup", "4. end the sessions"):
        assert step in told
    assert "Nothing was changed" in told
    assert cluster15.names() == names
    assert_same(content(cluster15, library), before)
    assert len(holdfast.json("list")["jobs"][0]["backups"]) == 1


def test_a_database_that_is_gone_comes_back_under_its_name(holdfast: Holdfast, cluster15: Server, library: str) -> None:
    cluster15.drop(library)
    told = holdfast.json("restore", "latest")
    assert (told["replaces"], told["before"], told["safety"]) == (False, None, None)
    assert len(rows(cluster15, library)) == 100
    assert "there is no swap" in holdfast("rollback", library, status=1).err


def test_a_rollback_with_new_rows_names_them_and_keeps_them(
    holdfast: Holdfast, cluster15: Server, library: str
) -> None:
    told = holdfast.json("restore", "latest")
    fill(cluster15, library, 3)
    names = cluster15.names()
    assert any("103 rows" in change for change in holdfast.json("rollback", library, "--dry-run")["changes"])
    error = holdfast("rollback", library, status=1).err
    assert "table public.items: 103 rows, and the restore brought 100" in error and "--force" in error
    assert cluster15.names() == names and len(rows(cluster15, library)) == 103
    undone = holdfast.json("rollback", library, "--force")
    assert len(rows(cluster15, library)) == 105
    assert len(rows(cluster15, undone["aside"])) == 103
    error = holdfast("rollback", library, status=1).err
    assert "was undone at" in error and undone["aside"] in error
    assert told["before"] not in cluster15.names()


def test_two_swaps_are_undone_one_after_the_other(holdfast: Holdfast, cluster15: Server, library: str) -> None:
    first = holdfast.json("restore", "latest")
    fill(cluster15, library, 1)
    time.sleep(1)
    second = holdfast.json("restore", "latest")
    assert holdfast.json("rollback", library)["before"] == second["before"]
    assert len(rows(cluster15, library)) == 101
    assert holdfast.json("rollback", library, "--force")["before"] == first["before"]
    assert len(rows(cluster15, library)) == 105


class Writers:
    """Clients that insert and reconnect in a loop; what they were told to be committed, and their longest wait."""

    def __init__(self, server: Server, database: str, number: int = 4) -> None:
        self._server, self._database = server, database
        self._stop = threading.Event()
        self.committed: list[int] = []
        self.longest = 0.0
        self.refused: list[str] = []
        self._threads = [threading.Thread(target=self._write, args=(position,)) for position in range(number)]

    def __enter__(self) -> Writers:
        for thread in self._threads:
            thread.start()
        wait_until(lambda: len(self.committed) > 50, "the clients are at work")
        return self

    def __exit__(self, *_: object) -> None:
        at = len(self.committed)
        wait_until(lambda: len(self.committed) > at + 50, "the clients are at work again")
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _write(self, position: int) -> None:
        number, last = position * 1_000_000, time.monotonic()
        while not self._stop.is_set():
            try:
                session = self._server.connect(self._database)
            except psycopg.OperationalError as error:
                self.refused.append(str(error))
                continue
            try:
                with session:
                    while not self._stop.is_set():
                        number += 1
                        session.execute("INSERT INTO items (name) VALUES (%s)", [f"load {number}"])
                        self.longest = max(self.longest, time.monotonic() - last)
                        last = time.monotonic()
                        self.committed.append(number)
            except psycopg.Error:
                time.sleep(0.01)


def test_clients_that_reconnect_lose_a_moment_and_no_committed_row(
    holdfast: Holdfast, cluster15: Server, library: str
) -> None:
    with Writers(cluster15, library) as writers:
        told = holdfast.json("restore", "latest")
    there = {
        int(name.split()[1])
        for database in (library, told["before"])
        for _id, name in rows(cluster15, database)
        if name.startswith("load ")
    }
    assert set(writers.committed) <= there
    # What was numbered before the exchange is numbered no second time.
    later = {number for number, _name in rows(cluster15, library)}
    assert later & {number for number, _name in rows(cluster15, told["before"])} == set(range(1, 101))
    assert {name for _id, name in rows(cluster15, library)} >= {"item 100"}
    # Who connects in that moment waits, and then looked for a database that has another name now.
    assert [text for text in writers.refused if "does not exist" not in text] == []
    times = f"outage {told['outage']:.3f} s, longest wait of a client {writers.longest:.3f} s"
    print(f"\n{len(writers.refused)} connections refused, {times}")
    assert told["outage"] < 5


def test_sessions_that_hold_transactions_are_ended(holdfast: Holdfast, cluster15: Server, library: str) -> None:
    with cluster15.connect(library) as session:
        session.execute("BEGIN; UPDATE items SET name = 'never committed' WHERE id = 1")
        told = holdfast.json("restore", "latest", "--no-safety-backup")
        with pytest.raises(psycopg.OperationalError):
            session.execute("COMMIT")
    for database in (library, told["before"]):
        assert (1, "item 1") in rows(cluster15, database)


@pytest.fixture
def logical() -> Iterator[Server]:
    with servers.cluster({"wal_level": "logical", "max_prepared_transactions": "5"}) as server:
        yield server


def test_what_would_not_survive_an_exchange_is_named_before_anything_is_touched(
    holdfast: Holdfast, logical: Server
) -> None:
    database = small(logical, "library")
    holdfast.define("library", logical, database)
    holdfast.backup("library")

    def refused(thing: str) -> None:
        before, names = content(logical, database), logical.names()
        assert thing in holdfast("restore", "latest", status=1).err
        assert thing in holdfast("restore", "latest", "--dry-run", status=1).err
        assert logical.names() == names
        assert_same(content(logical, database), before)

    with logical.connect(database) as session:
        session.execute("BEGIN; UPDATE items SET name = 'prepared' WHERE id = 1; PREPARE TRANSACTION 'two phases'")
        refused("prepared transaction 'two phases'")
        session.execute("COMMIT PREPARED 'two phases'")
        session.execute("SELECT pg_create_logical_replication_slot('reports', 'test_decoding')")
        refused("replication slot reports")
        session.execute("SELECT pg_drop_replication_slot('reports')")
        session.execute("CREATE SUBSCRIPTION news CONNECTION 'dbname=x' PUBLICATION p WITH (connect = false)")
        refused("subscription news")
        session.execute("ALTER SUBSCRIPTION news SET (slot_name = NONE)")
        session.execute("DROP SUBSCRIPTION news")
    holdfast("restore", "latest")
    holdfast.define("library", {**logical.connection, "maintenance_database": database}, database)
    refused("a session of its own")


def test_a_role_that_may_not_rename_is_told_so(holdfast: Holdfast, cluster15: Server, password_file: Any) -> None:
    database = cluster15.unique()
    with cluster15.connect() as session:
        session.execute("CREATE ROLE keeper LOGIN PASSWORD 'kept' CREATEDB")
    try:
        cluster15.create(database, "keeper")
        with cluster15.connect(database, "keeper", "kept") as session:
            session.execute("CREATE TABLE items AS SELECT 1 AS id, 'one' AS name")
        password_file.write_text("kept", encoding="utf-8")
        own = {"host": "127.0.0.1", "port": cluster15.port, "user": "keeper", "password_file": str(password_file)}
        holdfast.define("library", own, database, globals=False)
        holdfast.backup("library")
        names = cluster15.names()
        assert "pg_signal_backend" in holdfast("restore", "latest", status=1).err
        assert cluster15.names() == names
        with cluster15.connect() as session:
            session.execute("GRANT pg_signal_backend TO keeper")
        holdfast("restore", "latest")
        assert rows(cluster15, database) == [(1, "one")]
        holdfast("rollback", database)
    finally:
        cluster15.sweep()
        with cluster15.connect() as session:
            session.execute("DROP ROLE keeper")


def test_locale_tablespace_and_owner_stay(holdfast: Holdfast, container17: Server) -> None:
    database = container17.unique()
    container17.run("sh", "-c", "install -d -o postgres -m 700 /srv/space")
    with container17.connect() as session:
        session.execute('CREATE ROLE "the owner"')
        session.execute("CREATE TABLESPACE elsewhere LOCATION '/srv/space'")
        session.execute(
            sql.SQL(
                'CREATE DATABASE {} TEMPLATE template0 OWNER "the owner" TABLESPACE elsewhere'
                " LOCALE_PROVIDER icu ICU_LOCALE 'sv-SE' ENCODING 'UTF8'"
            ).format(sql.Identifier(database))
        )
    fill(container17, database, 100)
    facts = (
        "SELECT datlocprovider, datlocale, pg_get_userbyid(datdba), spcname FROM pg_database JOIN pg_tablespace t"
        f" ON t.oid = dattablespace WHERE datname = '{database}'"
    )
    expected = container17.query(facts)
    holdfast.define("library", container17, database)
    holdfast.backup("library")
    assert holdfast.json("restore", "latest")["proof"]["result"] == "proved"
    assert container17.query(facts) == expected == [("i", "sv-SE", "the owner", "elsewhere")]
    container17.sweep()
    with container17.connect() as session:
        session.execute("DROP TABLESPACE elsewhere")


def test_a_missing_extension_is_named_and_nothing_is_replaced(holdfast: Holdfast, container17: Server) -> None:
    folder = "/usr/share/postgresql/17/extension"
    make = f"cd {folder} && echo \"default_version = '1'\" >vanishing.control && echo 'SELECT 1;' >vanishing--1.sql"
    container17.run("sh", "-c", make)
    database = small(container17, container17.unique())
    with container17.connect(database) as session:
        session.execute("CREATE EXTENSION vanishing")
    holdfast.define("library", container17, database)
    holdfast.backup("library")
    container17.run("sh", "-c", f"rm {folder}/vanishing*")
    before, names = content(container17, database), container17.names()
    error = holdfast("restore", "latest", status=1).err
    assert 'extension "vanishing" is not available' in error
    assert "Install the package that brings the extension vanishing" in error
    assert container17.names() == names
    assert_same(content(container17, database), before)


@pytest.mark.parametrize(
    "gate",
    [
        # Held by another session, each of them makes the exchange wait: before the first rename, and between the two.
        "ALTER DATABASE {} CONNECTION LIMIT 9; COMMENT ON DATABASE {} IS 'gate'",
        "LOCK TABLE pg_catalog.pg_shdescription IN ACCESS EXCLUSIVE MODE",
    ],
    ids=["before the first rename", "between the renames"],
)
def test_killed_in_the_exchange_the_live_database_is_what_it_was(
    gate: str, holdfast: Holdfast, cluster15: Server, library: str
) -> None:
    expected = rows(cluster15, library)
    with cluster15.connect() as session:
        run = holdfast.start("restore", "latest", "--no-safety-backup")
        made = "SELECT count(*) FROM pg_database WHERE datname LIKE %s AND pg_database_size(oid) > 0"
        pattern = f"{library}_restore_%"
        wait_until(lambda: session.execute(made, [pattern]).fetchone()[0], "the new database is there")
        session.execute("BEGIN")
        session.execute(sql.SQL(gate.replace("{}", "{name}")).format(name=sql.Identifier(library)))
        wait_until(lambda: cluster15.query(WAITS)[0][0], "the restore waits")
        processes.kill(run)
        session.execute("ROLLBACK")
    wait_until(lambda: cluster15.sessions() == 0, "the sessions of the killed run have ended")
    assert rows(cluster15, library) == expected
    assert [name for name in cluster15.names() if "_before_" in name and library in name] == []
    # A second run finishes the job, and takes away what the first one left.
    told = holdfast.json("restore", "latest")
    assert len(rows(cluster15, library)) == 100
    assert len(rows(cluster15, told["before"])) == 105
    assert [name for name in cluster15.names() if name.startswith(f"{library}_restore_")] == []
    holdfast("rollback", library)
    assert rows(cluster15, library) == expected


def test_killed_before_each_note_of_it_a_swap_can_be_undone_or_done(
    holdfast: Holdfast, cluster15: Server, library: str
) -> None:
    """Its files are written before and after the exchange."""
    expected = rows(cluster15, library)
    state = holdfast.home / "state"
    swapped = 0
    for step in range(1, 30):
        killed = crashes.crash(holdfast, step, "restore", "latest", "--no-safety-backup", under=state)
        live = rows(cluster15, library)
        assert live == expected or len(live) == 100
        if len(live) == 100:
            swapped += 1
            holdfast("rollback", library, "--force")
        assert rows(cluster15, library) == expected
        if not killed:
            break
    # The line of the history comes after the exchange, and a run that was not killed swaps, too.
    assert swapped >= 2 and step > 2


def test_what_differs_from_the_proof_does_not_replace_anything(
    holdfast: Holdfast, cluster15: Server, library: str
) -> None:
    made = holdfast.json("list")["jobs"][0]["backups"][0]["id"]
    manifest = holdfast.json("show", made)
    sabotage.alter(
        cluster15, holdfast.backups / "library", manifest, "UPDATE items SET name = 'item 71x' WHERE id = 71"
    )
    expected, names = rows(cluster15, library), cluster15.names()
    holdfast("verify", made)
    error = holdfast("restore", made, status=1).err
    assert "table public.items: the same number of rows (100), and other content" in error
    assert cluster15.names() == names and rows(cluster15, library) == expected
    assert holdfast.history("library")[-1]["result"] == "failed"
    # Nobody takes it for a good one any more, and no mere verification makes it one again.
    holdfast("verify", made)
    assert "other content" in holdfast.json("list")["jobs"][0]["backups"][0]["problem"]
    lines = holdfast("list").out.splitlines()
    assert [line.split()[0] for line in lines if "DAMAGED" in line] == [made]
    assert [line for line in lines if line.startswith(f"{made}: it is not what") and "other content" in line]
    assert f"passed over are {made}" in holdfast("restore", "latest", status=2).err
    told = holdfast.json("restore", made, "--accept-differences", status=1)
    assert told["proof"]["differences"][0]["name"] == "public.items"
    assert told["before"] in cluster15.names()


def test_a_damaged_proof_is_named_and_the_dump_can_be_restored_without_it(
    holdfast: Holdfast, cluster15: Server, library: str
) -> None:
    made = holdfast.json("list")["jobs"][0]["backups"][0]["id"]
    files.flip_bit(files.artifact(holdfast.backups / "library", holdfast.json("show", made), 1))
    names = cluster15.names()
    assert "Only the proof is damaged" in holdfast("restore", made, status=1).err
    assert cluster15.names() == names and len(rows(cluster15, library)) == 105
    told = holdfast.json("restore", made, "--accept-differences")
    assert told["proof"]["result"] == "no proof"
    assert len(rows(cluster15, library)) == 100


def test_what_was_put_aside_is_told_until_somebody_deletes_it(
    holdfast: Holdfast, cluster15: Server, library: str
) -> None:
    first = holdfast.json("restore", "latest", "--no-safety-backup")["before"]
    (told,) = holdfast.json("status")["jobs"][0]["put_aside"]
    assert (told["database"], told["was"]) == (first, library)
    assert told["size"] == cluster15.query(f"SELECT pg_database_size('{first}')")[0][0]
    assert first in holdfast("status").out
    cluster15.drop(first)
    assert holdfast.json("status")["jobs"][0]["put_aside"] == []
    # What was remembered of it goes with the next swap.
    second = holdfast.json("restore", "latest", "--no-safety-backup")["before"]
    kept = [path.name for path in (holdfast.home / "state" / "library" / "swapped").iterdir()]
    assert kept == [f"{second}.proof.json"]


def test_the_undo_that_is_told_works_with_several_jobs(holdfast: Holdfast, cluster15: Server, library: str) -> None:
    holdfast.define("archive", cluster15, "elsewhere")
    told = holdfast.json("restore", "latest", "--job", "library")
    holdfast(*told["undo"].split()[1:])
    assert len(rows(cluster15, library)) == 105
