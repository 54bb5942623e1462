# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The databases that the tests back up."""

from __future__ import annotations

import re
from pathlib import Path

from psycopg import sql

from .servers import Server

SAMPLE = (Path(__file__).parent / "sample.sql").read_text(encoding="utf-8")
# The same for a server that has neither extensions nor ICU.
BARE = re.sub("CREATE EXTENSION .*", "", SAMPLE).replace(" citext ", " text ")
BARE = BARE.replace("(provider = icu, locale = 'de')", 'FROM "C"')
# A database name that breaks whatever is not quoted, or quoted once too often.
WEIRD = "we\"ird 'name' ..x"
OWNER = "app owner"
ROLES = (OWNER, "we\"ird.role 'x'", "read only")
PASSWORD = r"pass'word \ ü"
SLOW = """
    CREATE FUNCTION slow(id integer) RETURNS boolean LANGUAGE plpgsql AS $f$
    BEGIN
      IF id <= 50 AND current_setting('application_name') LIKE 'holdfast%' THEN PERFORM pg_sleep(0.1); END IF;
      RETURN true;
    END $f$"""
# Rows of such a database are being restored, and most are still to come.
RESTORING = (
    "SELECT count(*) FROM pg_stat_progress_copy WHERE command = 'COPY FROM' AND tuples_processed BETWEEN 1 AND 45"
)


def create_roles(server: Server) -> None:
    with server.connect() as session:
        there = {row[0] for row in session.execute("SELECT rolname FROM pg_roles")}
        for role in ROLES:
            if role not in there:
                statement = sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}")
                session.execute(statement.format(sql.Identifier(role), sql.Literal(PASSWORD)))
        session.execute('GRANT "read only" TO "app owner" WITH ADMIN OPTION')
        session.execute("ALTER ROLE \"app owner\" SET work_mem = '7MB'")


def create(server: Server, database: str, script: str = SAMPLE) -> str:
    """A new database with one of everything; its name."""
    create_roles(server)
    name = sql.Identifier(database)
    server.create(database, OWNER)
    with server.connect(database) as session:
        session.execute(script)
        for statement in (
            'ALTER DATABASE {} SET search_path = library, "Größen ""und"" Maße"',
            "ALTER DATABASE {} SET work_mem = '9MB'",
            "ALTER ROLE \"read only\" IN DATABASE {} SET statement_timeout = '77s'",
            "REVOKE ALL ON DATABASE {} FROM PUBLIC",
            'GRANT CONNECT ON DATABASE {} TO "read only"',
            'GRANT ALL ON DATABASE {} TO "we""ird.role \'x\'" WITH GRANT OPTION',
            "ALTER DATABASE {} CONNECTION LIMIT 60",
            "COMMENT ON DATABASE {} IS 'it''s the sample'",
        ):
            session.execute(sql.SQL(statement.replace("{}", "{name}")).format(name=name))
    return database


def small(server: Server, database: str, rows: int = 100) -> str:
    """A new database with the table items (id, name) and nothing else."""
    server.create(database)
    fill(server, database, rows)
    return database


def fill(server: Server, database: str, rows: int) -> None:
    with server.connect(database) as session:
        session.execute("CREATE TABLE IF NOT EXISTS items (id serial PRIMARY KEY, name text NOT NULL)")
        session.execute("INSERT INTO items (name) SELECT 'item ' || n FROM generate_series(1, %s) AS n", [rows])


def large(server: Server, database: str, megabytes: int, slow: bool = False) -> str:
    """A new database whose plain dump has at least that many megabytes, in rows of 10 KB that do not compress away.

    slow: its first rows take five seconds to restore, which is time to see a restore at work and to end it there.
    """
    server.create(database)
    grow(server, database, megabytes)
    if slow:
        with server.connect(database) as session:
            session.execute(SLOW)
            session.execute("ALTER TABLE bulk ADD CHECK (slow(id))")
    return database


def grow(server: Server, database: str, megabytes: int) -> None:
    """Give a database the table bulk, as :func:`large` has it."""
    with server.connect(database) as session:
        session.execute("SET synchronous_commit = off")
        session.execute("CREATE TABLE bulk (id integer, filling text)")
        session.execute("ALTER TABLE bulk ALTER filling SET STORAGE EXTERNAL")
        # The same text comes again after five megabytes, where no compressor remembers it.
        session.execute(
            "WITH texts AS (SELECT k, string_agg(md5(k || ' ' || m), '') AS filling"
            " FROM generate_series(0, 499) AS k, generate_series(1, 313) AS m GROUP BY k)"
            " INSERT INTO bulk SELECT n, filling FROM generate_series(1, %s) AS n JOIN texts ON k = n %% 500"
            " ORDER BY n",
            [megabytes * 100],
        )
