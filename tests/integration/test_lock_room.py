# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What one transaction cannot hold on a server with default locks is said beforehand, and nothing is touched."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ansible_collections.holdfast.postgres.plugins.module_utils._core.postgresql import lock_table
from ansible_collections.holdfast.postgres.tests.integration import files, servers
from ansible_collections.holdfast.postgres.tests.integration.content import rows
from ansible_collections.holdfast.postgres.tests.integration.program import Holdfast
from ansible_collections.holdfast.postgres.tests.integration.sample import small
from ansible_collections.holdfast.postgres.tests.integration.servers import Server

ROOM = "room for 2,560 (max_locks_per_transaction 64 for each of 40)"
FULL = "out of shared memory"
ONE_HUNDRED_THOUSAND = "SELECT count(lo_from_bytea(0, sha256(n::text::bytea))) FROM generate_series(1, 100000) n"
TABLES = "DO $$ BEGIN FOR n IN 1 .. {} LOOP EXECUTE format('CREATE TABLE t_%s (id integer)', n); END LOOP; END $$"


def refused(holdfast: Holdfast, *args: str, room: str = ROOM) -> int:
    """Dry run and restore say the same beforehand; how many locks would be needed."""
    repository = holdfast.backups / "library"
    before = files.snapshot(repository)
    told = {holdfast("restore", "latest", *args, *more, status=1).err for more in ((), ("--dry-run",))}
    assert len(told) == 1, told
    text = told.pop()
    assert room in text
    assert "Nothing was touched" in text and "set max_locks_per_transaction to" in text
    # No safety backup either
    assert files.snapshot(repository) == before
    found = re.search(r"at least ([0-9,]+) locks", text)
    assert found is not None
    return int(found[1].replace(",", ""))


@pytest.mark.parametrize(("like", "objects"), [("many_tables", 60_000), ("many_partitions", 30_000)])
def test_a_live_database_of_many_tables(holdfast: Holdfast, crowded15: Server, like: str, objects: int) -> None:
    database = small(crowded15, crowded15.unique())
    holdfast.define("library", crowded15, database)
    holdfast.backup("library")
    crowded15.drop(database)
    with crowded15.connect() as session:
        session.execute(f'CREATE DATABASE "{database}" TEMPLATE {like}')
    # A table with its type and the type of its arrays
    room = "room for 6,400 (max_locks_per_transaction 64 for each of 100)"
    assert refused(holdfast, "--in-place", room=room) >= objects
    crowded15.drop(database)


def test_large_objects_on_either_side_in_place_and_beside(holdfast: Holdfast, cluster15: Server) -> None:
    everything = "SELECT oid, lomowner, lo_get(oid) FROM pg_largeobject_metadata ORDER BY oid"
    database = small(cluster15, cluster15.unique())
    holdfast.define("library", cluster15, database)
    holdfast.backup("library")
    with cluster15.connect(database) as session:
        session.execute(ONE_HUNDRED_THOUSAND)
    assert refused(holdfast, "--in-place") >= 100_000
    before = cluster15.query(everything, database)
    holdfast.backup("library")
    cluster15.drop(database)
    small(cluster15, database)
    assert refused(holdfast, "--in-place") >= 100_000
    told = holdfast.json("restore", "latest", "--no-safety-backup", "--yes")
    assert told["proof"]["result"] == "proved"
    assert cluster15.query(everything, database) == before and len(before) == 100_000


def test_many_tables_beside_what_is_there(holdfast: Holdfast, cluster15: Server) -> None:
    database = small(cluster15, cluster15.unique())
    with cluster15.connect(database) as session:
        session.execute("CREATE TABLE events (n integer) PARTITION BY LIST (n)")
        session.execute(TABLES.format(1_000).replace("(id integer)", "PARTITION OF events FOR VALUES IN (%1$s)"))
    holdfast.define("library", cluster15, database)
    holdfast.backup("library")
    with servers.cluster({"max_locks_per_transaction": "10", "max_connections": "20"}) as tiny:
        small(tiny, database)
        holdfast.define("library", tiny, database)
        room = "room for 200 (max_locks_per_transaction 10 for each of 20)"
        assert refused(holdfast, "--table", "events", room=room) == 2 * 1_001
        told = holdfast.json("restore", "latest", "--table", "t_7", "--to", "back")
        assert told["proof"]["result"] == "proved"
        # Of the whole backup no step needs many at once.
        log = Path(tiny.connection["work_dir"]) / "log"
        beforehand = log.read_text(encoding="utf-8").count(FULL)
        run = holdfast("restore", "latest")
        assert "Proved: 1,001 tables" in run.out
        assert "without statistics of its own: public.events" in run.out + run.err
        assert log.read_text(encoding="utf-8").count(FULL) == beforehand


def test_in_place_succeeds_with_what_the_refusal_asks_for(holdfast: Holdfast, cluster15: Server) -> None:
    database = small(cluster15, cluster15.unique())
    with cluster15.connect(database) as session:
        session.execute(TABLES.format(500))
    holdfast.define("library", cluster15, database)
    holdfast.backup("library")
    few = {"max_locks_per_transaction": "10", "max_connections": "20"}
    with servers.cluster(few) as tiny:
        small(tiny, database)
        with tiny.connect(database) as session:
            session.execute(TABLES.format(500))
        holdfast.define("library", tiny, database)
        told = holdfast("restore", "latest", "--in-place", status=1).err
    setting = re.search(r"set (max_locks_per_transaction) to ([0-9,]+)", told)
    assert setting is not None
    with servers.cluster({**few, setting[1]: setting[2].replace(",", "")}) as enough:
        small(enough, database)
        with enough.connect(database) as session:
            session.execute(TABLES.format(500))
        holdfast.define("library", enough, database)
        told = holdfast.json("restore", "latest", "--in-place")
        assert told["proof"]["result"] == "proved"
        assert len(rows(enough, database)) == 100


def test_what_may_fit_is_tried(holdfast: Holdfast, cluster15: Server) -> None:
    database = small(cluster15, cluster15.unique())
    with cluster15.connect(database) as session:
        session.execute(TABLES.format(800))
    holdfast.define("library", cluster15, database)
    holdfast.backup("library")
    run = holdfast("restore", "latest", "--in-place")
    assert "should they not suffice, nothing will have been changed" in run.out + run.err
    assert len(rows(cluster15, database)) == 100


def test_the_limit_is_no_smaller_than_what_the_server_grants(other15: Server) -> None:
    with other15.connect() as session:
        limit = lock_table.read(session).limit
        assert limit is not None
        session.execute("BEGIN")
        granted = 0
        with pytest.raises(Exception, match="out of shared memory"):
            while granted < 2 * limit:
                session.execute(f"SELECT pg_advisory_xact_lock(7, n) FROM generate_series({granted}, {granted} + 49) n")
                granted += 50
    assert granted <= limit
