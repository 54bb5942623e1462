# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whatever a database or a role has set for its application, backups and restores work, and run nobody's code."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.holdfast.postgres.tests.integration.program import Holdfast
from ansible_collections.holdfast.postgres.tests.integration.servers import PASSWORD, Server
from ansible_collections.holdfast.postgres.tests.integration.waiting import wait_until

NASTY = {
    "default_transaction_read_only": "on",
    "default_transaction_isolation": "serializable",
    "default_transaction_deferrable": "on",
    "statement_timeout": "1ms",
    "lock_timeout": "1ms",
    "idle_in_transaction_session_timeout": "1ms",
    "idle_session_timeout": "1ms",
    "exit_on_error": "on",
    "search_path": "traps, pg_catalog",
    "default_tablespace": "pg_global",
    "standard_conforming_strings": "off",
    "array_nulls": "off",
    "transform_null_equals": "on",
    "role": "bystander",
    "bytea_output": "escape",
    "DateStyle": "SQL, DMY",
    "IntervalStyle": "sql_standard",
    "TimeZone": "Asia/Kolkata",
    "extra_float_digits": "-15",
    "quote_all_identifiers": "on",
    "client_encoding": "LATIN1",
    "client_min_messages": "debug5",
    "row_security": "off",
    "xmloption": "document",
    "check_function_bodies": "on",
    "session_replication_role": "replica",
    "zero_damaged_pages": "on",
    "ignore_checksum_failure": "on",
    "temp_file_limit": "0",
}
CONTENT = """
    CREATE TABLE public.items (id serial PRIMARY KEY, at timestamptz, took interval, ratio float8, raw bytea,
      list text[], path text);
    INSERT INTO public.items (at, took, ratio, raw, list, path)
      SELECT '2025-03-30 02:30+01', '1 day -2 hours', 1 / 3.0, '\\x00ff', '{NULL,a}', E'C:\\\\new\\'s'
      FROM generate_series(1, 9);
    CREATE TABLE public.other (item integer REFERENCES public.items);
    CREATE VIEW public.unknown AS SELECT id FROM public.items WHERE path IS NOT DISTINCT FROM NULL;
    CREATE MATERIALIZED VIEW public.kept AS SELECT id FROM public.items;
    SELECT lo_from_bytea(4711, '\\x00616200');
    CREATE SCHEMA traps;
"""
# They would be taken instead of PostgreSQL's own.
TRAP = """
    CREATE FUNCTION traps.{} RETURNS {} LANGUAGE plpgsql AS
    $$ BEGIN RAISE 'a function of the database was run by %', current_user; END $$
"""
TRAPS = {
    "format(text, name)": "text",
    "format(text, name, name)": "text",
    "current_setting(text)": "text",
    "current_database()": "name",
    "pg_get_userbyid(oid)": "name",
    "pg_encoding_to_char(integer)": "name",
    "pg_database_size(oid)": "bigint",
    "pg_relation_size(oid)": "bigint",
    "shobj_description(oid, name)": "text",
    "pg_is_in_recovery()": "boolean",
}
TRIGGERS = """
    CREATE FUNCTION public.barred() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'barred'; END $$;
    CREATE EVENT TRIGGER barred_login ON login EXECUTE FUNCTION public.barred();
    CREATE EVENT TRIGGER barred_change ON ddl_command_start EXECUTE FUNCTION public.barred();
"""


@pytest.mark.parametrize(("reach", "whom"), [("other15", "ROLE postgres"), ("container17", "DATABASE {}")])
def test_backups_and_restores_work_whatever_is_set(
    reach: str, whom: str, request: pytest.FixtureRequest, holdfast: Holdfast
) -> None:
    server: Server = request.getfixturevalue(reach)
    database, into = server.unique(), server.unique()
    server.create(database)
    with server.connect() as session:
        session.execute("DO $$ BEGIN CREATE ROLE bystander; EXCEPTION WHEN duplicate_object THEN NULL; END $$")
        session.execute(
            f"CREATE ROLE keeper_{into} SUPERUSER LOGIN PASSWORD '{PASSWORD.replace(chr(39), chr(39) * 2)}'"
        )
    with server.connect(database) as session:
        session.execute(CONTENT)
        for function, result in TRAPS.items():
            session.execute(TRAP.format(function, result))
        if server.major >= 17:
            session.execute(TRIGGERS)
    settings = {**NASTY, **({"transaction_timeout": "1ms"} if server.major >= 17 else {})}
    with server.connect(user=f"keeper_{into}") as keeper:
        for name, value in settings.items():
            value = value if name == "search_path" else f"'{value}'"
            keeper.execute(f"ALTER {whom.format(database)} SET {name} = {value}")
        try:
            for format in ("custom", "plain"):
                holdfast.define(format, server, {"database": database}, format=format)
                holdfast.backup(format)
                restored = holdfast.json("restore", "latest", "--job", format, "--into", into)
                assert restored["proof"]["result"] == "proved"
                holdfast("restore", "latest", "--job", format, "--in-place", "--yes")
                keeper.execute(f"DROP DATABASE {into}")
            holdfast("restore", "latest", "--job", "custom", "--table", "public.other", "--yes")
            holdfast("restore", "latest", "--job", "custom", "--swap", "--yes")
            holdfast("rollback", database, "--job", "custom")
            assert holdfast.json("drill", "latest", "--job", "custom")["result"] == "proved"
        finally:
            keeper.execute(f"ALTER {whom.format(database)} RESET ALL")


def test_a_view_that_takes_the_place_of_a_materialized_one_runs_nothing(other15: Server, holdfast: Holdfast) -> None:
    database = other15.unique()
    other15.create(database)
    with other15.connect(database) as session:
        session.execute("""
            CREATE TABLE large AS SELECT generate_series(1, 9999) AS id;
            CREATE INDEX barrier ON large (id);
            CREATE MATERIALIZED VIEW kept AS SELECT 1 AS id;
            CREATE FUNCTION trap() RETURNS integer LANGUAGE plpgsql AS
              $$ BEGIN RAISE LOG 'the trap was run by %', current_user; RETURN 1; END $$
        """)
    holdfast.define("job", other15, {"database": database})
    with other15.connect(database) as barrier, other15.connect(database) as owner:
        # Nothing but reading the large table, which comes first, needs its index.
        barrier.execute("BEGIN; REINDEX INDEX barrier")
        run = holdfast.start("backup", "job")
        waiting = (
            "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%ONLY public.large%' AND wait_event = 'relation'"
        )
        wait_until(lambda: other15.query(waiting)[0][0], "the large table is being read")
        owner.execute("BEGIN; DROP MATERIALIZED VIEW kept; CREATE VIEW kept AS SELECT trap() AS id; COMMIT")
        barrier.execute("ROLLBACK")
        assert run.wait(timeout=120) == 0, run.stderr and run.stderr.read()
    log = (Path(other15.connection["work_dir"]) / "log").read_text(encoding="utf-8")
    assert "the trap was run" not in log


@pytest.mark.parametrize("reach", ["cluster15", "container17"])
def test_a_dump_that_ends_with_rows_is_loaded(reach: str, request: pytest.FixtureRequest, holdfast: Holdfast) -> None:
    server: Server = request.getfixturevalue(reach)
    database = server.unique()
    server.create(database)
    with server.connect(database) as session:
        session.execute("CREATE TABLE bare (id integer)")
    holdfast.define("job", server, {"database": database}, format="plain", compression="none")
    holdfast.backup("job")
    assert holdfast.json("restore", "latest", "--in-place", "--yes")["proof"]["result"] == "proved"
