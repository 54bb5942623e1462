# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which databases a restore drops, and which it leaves alone: names and comments can be anybody's."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from psycopg import sql

from ansible_collections.holdfast.postgres.tests.integration import crashes, processes
from ansible_collections.holdfast.postgres.tests.integration.content import rows
from ansible_collections.holdfast.postgres.tests.integration.program import Holdfast
from ansible_collections.holdfast.postgres.tests.integration.sabotage import alter
from ansible_collections.holdfast.postgres.tests.integration.sample import fill, small
from ansible_collections.holdfast.postgres.tests.integration.servers import Server
from ansible_collections.holdfast.postgres.tests.integration.waiting import wait_until

COMMENT = "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = '{}'"


@pytest.fixture
def library(holdfast: Holdfast, cluster15: Server) -> str:
    """A database with 100 rows in its backup, and 5 more that came later."""
    database = small(cluster15, cluster15.unique())
    holdfast.define("library", cluster15, database)
    holdfast.backup("library")
    fill(cluster15, database, 5)
    return database


def leave(holdfast: Holdfast, server: Server, database: str) -> str:
    """What a killed restore leaves; its name."""
    for step in range(2, 20):
        assert crashes.crash(holdfast, step, "restore", "latest", "--no-safety-backup")
        left = working(server, database)
        if left:
            return left[0]
    raise AssertionError("no killed restore left anything")


def working(server: Server, database: str) -> list[str]:
    return [name for name in server.names() if name.startswith(f"{database}_restore_")]


def comment(server: Server, database: str) -> str:
    return server.query(COMMENT.format(database))[0][0]


def run_each(server: Server, *statements: str, **names: str) -> None:
    with server.connect() as session:
        for statement in statements:
            for key, name in names.items():
                statement = statement.replace(f"{{{key}}}", sql.Identifier(name).as_string(None))
            session.execute(statement)


def test_what_a_killed_restore_left_is_dropped_by_the_next(holdfast: Holdfast, cluster15: Server, library: str) -> None:
    left = leave(holdfast, cluster15, library)
    assert library in comment(cluster15, left)
    holdfast.json("restore", "latest", "--no-safety-backup")
    assert working(cluster15, library) == []
    assert list((holdfast.home / "state" / "library" / "working").iterdir()) == []


def test_what_a_killed_restore_left_is_live_once_somebody_gave_it_the_name(
    holdfast: Holdfast, cluster15: Server, library: str
) -> None:
    left = leave(holdfast, cluster15, library)
    old = cluster15.unique("old")
    run_each(
        cluster15,
        "ALTER DATABASE {live} RENAME TO {old}",
        "ALTER DATABASE {left} RENAME TO {live}",
        live=library,
        old=old,
        left=left,
    )
    with cluster15.connect(library) as session:
        session.execute("CREATE TABLE precious AS SELECT 1 AS id")
    holdfast("restore", "latest", "--into", cluster15.unique())
    assert rows(cluster15, library, "precious") == [(1,)]
    assert "may not be complete" in holdfast("restore", "latest").out
    (before,) = [name for name in cluster15.names() if name.startswith(f"{library}_before_")]
    assert rows(cluster15, before, "precious") == [(1,)]
    # The new one is no unfinished restore.
    assert comment(cluster15, library) is None
    holdfast("rollback", library, "--force")
    assert rows(cluster15, library, "precious") == [(1,)]


def test_a_comment_alone_makes_no_database_ours(holdfast: Holdfast, cluster15: Server, library: str) -> None:
    left = leave(holdfast, cluster15, library)
    mark = comment(cluster15, left)
    # The same name and the same comment, and yet another database.
    run_each(cluster15, "DROP DATABASE {left}", "CREATE DATABASE {left}", left=left)
    others = [f"{library}_restore_20250816_15550{number}" for number in range(3)]
    comments = [mark, mark.replace(" on ", " on another-"), f"holdfast, job library: unfinished restore into {library}"]
    for name, text in [(left, mark), *zip(others, comments)]:
        if name != left:
            run_each(cluster15, "CREATE DATABASE {name} TEMPLATE template0", name=name)
        run_each(cluster15, f"COMMENT ON DATABASE {{name}} IS $holdfast${text}$holdfast$", name=name)
    told = holdfast("restore", "latest", "--no-safety-backup").out
    assert working(cluster15, library) == sorted([left, *others])
    # What looks as if our notes were lost is named.
    assert f"database {others[0]} says that it is an unfinished restore" in told


def test_what_a_killed_restore_left_stays_when_somebody_took_its_mark_away(
    holdfast: Holdfast, cluster15: Server, library: str
) -> None:
    left = leave(holdfast, cluster15, library)
    run_each(cluster15, "COMMENT ON DATABASE {left} IS 'ours now'", left=left)
    told = holdfast("restore", "latest", "--no-safety-backup").out
    assert working(cluster15, library) == [left]
    assert f"database {left}, which a killed restore left, has another comment now: it stays" in told


def test_what_a_killed_restore_left_stays_when_a_job_backs_it_up(
    holdfast: Holdfast, cluster15: Server, library: str
) -> None:
    left = leave(holdfast, cluster15, library)
    holdfast.define("archive", cluster15, left)
    assert "belongs to a job: it stays" in holdfast("restore", "latest", "--job", "library").out
    assert working(cluster15, library) == [left]


def test_what_another_host_restores_is_left_alone(
    holdfast: Holdfast, program: Path, tmp_path: Path, cluster15: Server, library: str
) -> None:
    other = Holdfast(program, tmp_path / "other")
    other.define("library", cluster15, library)
    left = leave(holdfast, cluster15, library)
    other.backup("library")
    other("restore", "latest", "--no-safety-backup")
    assert working(cluster15, library) == [left]
    holdfast("restore", "latest", "--no-safety-backup")
    assert working(cluster15, library) == []


def test_what_has_sessions_stays_until_they_end(holdfast: Holdfast, cluster15: Server, library: str) -> None:
    left = leave(holdfast, cluster15, library)
    with cluster15.connect(left):
        assert f"database {left}, which a killed restore left" in holdfast("restore", "latest").out
        assert working(cluster15, library) == [left]
    holdfast("restore", "latest", "--no-safety-backup")
    assert working(cluster15, library) == []


@pytest.mark.parametrize("used", [False, True], ids=["empty", "used"])
def test_killed_before_its_mark_a_database_goes_unless_it_holds_something(
    used: bool, holdfast: Holdfast, cluster15: Server, library: str
) -> None:
    waits = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'COMMENT ON%' AND wait_event_type = 'Lock'"
    with cluster15.connect() as session:
        session.execute("BEGIN; LOCK TABLE pg_catalog.pg_shdescription IN SHARE MODE")
        run = holdfast.start("restore", "latest", "--no-safety-backup")
        wait_until(lambda: cluster15.query(waits)[0][0], "the new database is about to be marked")
        processes.kill(run)
        session.execute("ROLLBACK")
    wait_until(lambda: cluster15.sessions() == 0, "the sessions of the killed run have ended")
    (left,) = working(cluster15, library)
    if used:
        run_each(cluster15, "ALTER DATABASE {left} ALLOW_CONNECTIONS true", left=left)
        fill(cluster15, left, 1)
    stranger = f"{library}_restore_20250816_155503"
    run_each(cluster15, "CREATE DATABASE {stranger} TEMPLATE template0", stranger=stranger)
    holdfast("restore", "latest", "--no-safety-backup")
    assert working(cluster15, library) == [stranger, *([left] if used else [])]


def forged(server: Server, database: str, **changed: Any) -> str:
    """A database that says that it was live before a swap."""
    name = f"{database}_before_20250816_155503"
    said = {"what": "swapped", "job": "library", "was": database, "at": "2099-08-16T15:55:03Z", "backup": "library_x"}
    run_each(server, "CREATE DATABASE {name} TEMPLATE template0", name=name)
    text = json.dumps({**said, "comment": None, "host": "x", "token": "0" * 32, **changed})
    run_each(server, f"COMMENT ON DATABASE {{name}} IS $holdfast$holdfast {text}$holdfast$", name=name)
    return name


def test_a_rollback_believes_no_comment(holdfast: Holdfast, cluster15: Server, library: str) -> None:
    name = forged(cluster15, library)
    error = holdfast("rollback", library, "--force", status=1).err
    assert name in error and "is not known on this host" in error
    assert len(rows(cluster15, library)) == 105
    told = holdfast.json("restore", "latest", "--no-safety-backup")
    # The later one by its own word is not the one that was swapped.
    assert holdfast.json("rollback", library)["before"] == told["before"]
    assert len(rows(cluster15, library)) == 105
    assert [one["database"] for one in holdfast.json("status")["jobs"][0]["put_aside"]] != [name]


def test_without_its_notes_a_rollback_says_what_is_there(holdfast: Holdfast, cluster15: Server, library: str) -> None:
    told = holdfast.json("restore", "latest", "--no-safety-backup")
    shutil.rmtree(holdfast.home / "state" / "library")
    names = cluster15.names()
    error = holdfast("rollback", library, "--force", status=1).err
    assert told["before"] in error and "ALTER DATABASE" in error
    assert cluster15.names() == names and len(rows(cluster15, library)) == 100


def test_subscriptions_of_what_is_taken_away_again_go_and_their_slots_stay(
    holdfast: Holdfast, cluster15: Server
) -> None:
    """Nobody but a superuser could drop the database with them, and a slot of the publisher is the live one's."""
    database = small(cluster15, cluster15.unique())
    with cluster15.connect(database) as session:
        session.execute("CREATE SUBSCRIPTION fed CONNECTION 'host=/nowhere' PUBLICATION p WITH (connect = false)")
    repository = holdfast.define("library", cluster15, database)
    made = holdfast.backup("library")
    assert holdfast.json("drill", "latest", "--where", "database")["result"] == "proved"
    alter(cluster15, repository, made, "DELETE FROM items")
    names = cluster15.names()
    told = holdfast("restore", made["id"], "--into", cluster15.unique(), status=1).err
    assert "table public.items: 0 rows, and the backup has 100" in told and "could not be dropped" not in told
    assert cluster15.names() == names
    live = (
        "SELECT subslotname FROM pg_subscription, pg_database d WHERE d.oid = subdbid AND datname = current_database()"
    )
    assert cluster15.query(live, database) == [("fed",)]
