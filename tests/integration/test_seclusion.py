# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is taken into use is what was proved: nobody gets in between. What the live database is given comes along."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from ansible_collections.holdfast.postgres.tests.integration import sample, servers
from ansible_collections.holdfast.postgres.tests.integration.content import DATABASE, rows
from ansible_collections.holdfast.postgres.tests.integration.program import Holdfast
from ansible_collections.holdfast.postgres.tests.integration.sample import fill, large, small
from ansible_collections.holdfast.postgres.tests.integration.servers import Server
from ansible_collections.holdfast.postgres.tests.integration.waiting import wait_until

LABEL = """
    INSERT INTO pg_shseclabel SELECT oid, 'pg_database'::regclass, 'guard', 'secret' FROM pg_database
    WHERE datname = current_database() RETURNING label"""
UNMOVED = ("SECURITY LABEL FOR \"guard\" ON DATABASE {} IS E'secret'", "ALTER DATABASE {} IS_TEMPLATE true")
WAITS = "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'holdfast%' AND wait_event_type = 'Lock'"


@contextlib.contextmanager
def held(holdfast: Holdfast, server: Server, database: str, table: str) -> Iterator[subprocess.Popen[str]]:
    """A restore that is making its safety backup, and goes on after the block."""
    with server.connect(database) as session:
        session.execute(sql.SQL("BEGIN; LOCK TABLE {} IN ACCESS EXCLUSIVE MODE").format(sql.Identifier(table)))
        run = holdfast.start("restore", "latest", "--yes")
        wait_until(lambda: server.query(WAITS)[0][0], "the safety backup waits for the table", seconds=60)
        yield run
        session.execute("ROLLBACK")


def working(server: Server, database: str) -> str:
    """The restored database, as soon as it is there."""

    def look() -> str:
        return next((name for name in server.names() if name.startswith(f"{database}_restore_")), "")

    return wait_until(look, "the new database is there")


def refused(server: Server, database: str, user: str) -> str:
    """What somebody is told who wants to get in."""
    password = servers.PASSWORD if user == "postgres" else sample.PASSWORD
    with pytest.raises(psycopg.OperationalError) as error:
        server.connect(database, user, password).close()
    return str(error.value)


def done(run: subprocess.Popen[str], status: int = 0) -> str:
    out, error = run.communicate(timeout=60)
    assert run.returncode == status, out + error
    return out + error


def test_nobody_gets_into_a_database_that_is_being_restored(holdfast: Holdfast, cluster15: Server) -> None:
    sample.create_roles(cluster15)
    database = large(cluster15, cluster15.unique(), 1, slow=True)
    with cluster15.connect() as session:
        session.execute(sql.SQL('ALTER DATABASE {} OWNER TO "app owner"').format(sql.Identifier(database)))
    holdfast.define("library", cluster15, database)
    holdfast.backup("library")
    expected = rows(cluster15, database, "bulk")
    with cluster15.connect(database) as session:
        session.execute("CREATE TABLE later (id integer)")
    with held_while_loading(holdfast, cluster15, database) as run:
        new = working(cluster15, database)
        wait_until(lambda: cluster15.query(sample.RESTORING)[0][0], "it is being loaded")
        for user in ("read only", sample.OWNER):
            assert "permission denied" in refused(cluster15, new, user)
        wait_until(lambda: cluster15.query(WAITS)[0][0], "the safety backup waits", seconds=60)
        for user in ("read only", sample.OWNER, "postgres"):
            assert "not currently accepting connections" in refused(cluster15, new, user)
    assert "Proved: 1 table" in done(run)
    assert rows(cluster15, database, "bulk") == expected
    # Everybody is let in again.
    for user in ("read only", sample.OWNER):
        cluster15.connect(database, user, sample.PASSWORD).close()


@contextlib.contextmanager
def held_while_loading(holdfast: Holdfast, server: Server, database: str) -> Iterator[subprocess.Popen[str]]:
    """A restore that is going to wait at its safety backup, and goes on after the block."""
    with server.connect(database) as session:
        session.execute("BEGIN; LOCK TABLE later IN ACCESS EXCLUSIVE MODE")
        yield holdfast.start("restore", "latest", "--yes")
        session.execute("ROLLBACK")


def test_whoever_cannot_be_put_out_before_the_proof_ends_the_restore(
    holdfast: Holdfast, cluster15: Server, password_file: Path
) -> None:
    """A superuser was in it before it became read-only, and the role that restores may end no superuser's session."""
    database, role = large(cluster15, cluster15.unique(), 1, slow=True), cluster15.unique("keeper")
    password_file.write_text("kept", encoding="utf-8")
    with cluster15.connect() as session:
        session.execute(f"CREATE ROLE {role} LOGIN CREATEDB PASSWORD 'kept'")
        session.execute(f"GRANT pg_signal_backend, pg_read_all_data TO {role}")
        session.execute(f"ALTER DATABASE {database} OWNER TO {role}")
    with cluster15.connect(database) as session:
        session.execute(f"ALTER TABLE bulk OWNER TO {role}; ALTER FUNCTION slow(integer) OWNER TO {role}")
    connection = {"host": "127.0.0.1", "port": cluster15.port, "user": role, "password_file": str(password_file)}
    holdfast.define("library", connection, database, globals=False)
    holdfast.backup("library")
    run = holdfast.start("restore", "latest", "--no-safety-backup")
    new = working(cluster15, database)

    def entered() -> psycopg.Connection | None:
        with contextlib.suppress(psycopg.OperationalError):
            return cluster15.connect(new)
        return None

    with wait_until(entered, "it takes connections"):
        told = done(run, status=1)
    assert "somebody could write into it while it was proved" in told
    assert f"Database {new}, which is of no use, could not be dropped" in told
    holdfast("restore", "latest", "--no-safety-backup")
    assert new not in cluster15.names()
    cluster15.sweep()
    with cluster15.connect() as session:
        session.execute(f"DROP ROLE {role}")


def test_what_a_superuser_altered_after_the_proof_is_not_taken_into_use(holdfast: Holdfast, cluster15: Server) -> None:
    database = small(cluster15, cluster15.unique())
    holdfast.define("library", cluster15, database)
    holdfast.backup("library")
    fill(cluster15, database, 5)
    expected = rows(cluster15, database)
    with held(holdfast, cluster15, database, "items") as run:
        new = sql.Identifier(working(cluster15, database))
        with cluster15.connect() as session:
            session.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS true").format(new))
        with cluster15.connect(working(cluster15, database)) as session:
            session.execute("SET default_transaction_read_only = off")
            session.execute("DELETE FROM items WHERE id % 2 = 0")
        with cluster15.connect() as session:
            session.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(new))
    told = done(run, 1)
    assert "somebody altered" in told and "Proved" not in told
    assert rows(cluster15, database) == expected
    assert [name for name in cluster15.names() if name.startswith(f"{database}_")] == []


def test_what_the_live_database_is_given_meanwhile_comes_along(holdfast: Holdfast, cluster15: Server) -> None:
    sample.create_roles(cluster15)
    database = small(cluster15, cluster15.unique())
    holdfast.define("library", cluster15, database)
    holdfast.backup("library")
    with held(holdfast, cluster15, database, "items") as run:
        for statement in (
            'ALTER DATABASE {} OWNER TO "app owner"',
            "REVOKE ALL ON DATABASE {} FROM PUBLIC",
            'GRANT CONNECT ON DATABASE {} TO "read only" WITH GRANT OPTION',
            'ALTER DATABASE {} SET search_path = here, "We""ird"',
            "ALTER ROLE \"read only\" IN DATABASE {} SET statement_timeout = '77s'",
            "COMMENT ON DATABASE {} IS 'given meanwhile'",
            "ALTER DATABASE {} CONNECTION LIMIT 44",
        ):
            with cluster15.connect() as session:
                session.execute(statement.replace("{}", f'"{database}"'))
        expected = cluster15.query(DATABASE, database)
        # No provider is loaded.
        assert cluster15.query(LABEL, database)
        with cluster15.connect() as session:
            session.execute(f'ALTER DATABASE "{database}" IS_TEMPLATE true')
    told = done(run)
    for statement in UNMOVED:
        assert statement.format(f'"{database}"') in told
    assert cluster15.query(DATABASE, database) == expected
    assert "given meanwhile" in str(expected) and "statement_timeout=77s" in str(expected)
    assert holdfast.json("rollback", database)["changes"] == []
    with cluster15.connect() as session:
        session.execute(f'ALTER DATABASE "{database}" IS_TEMPLATE false')
    assert cluster15.query(DATABASE, database) == expected


def test_a_slot_that_is_made_meanwhile_keeps_the_database_from_being_exchanged(holdfast: Holdfast) -> None:
    with servers.cluster({"wal_level": "logical"}) as server:
        database = large(server, "library", 1, slow=True)
        holdfast.define("library", server, database)
        holdfast.backup("library")
        run = holdfast.start("restore", "latest", "--yes", "--no-safety-backup")
        wait_until(lambda: server.query(sample.RESTORING)[0][0], "it is being loaded")
        server.query("SELECT pg_create_logical_replication_slot('reports', 'test_decoding')", database)
        names = [name for name in server.names() if "_restore_" not in name]
        told = done(run, 1)
        assert "replication slot reports" in told
        assert server.names() == names
        assert len(rows(server, database, "bulk")) == 100
