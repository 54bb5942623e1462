# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The proof tells every alteration that a restore could bring, and none where there is none."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from psycopg import errors, sql

from ansible_collections.holdfast.postgres.plugins.module_utils._core import proof
from ansible_collections.holdfast.postgres.plugins.module_utils._core.difference import Difference
from ansible_collections.holdfast.postgres.plugins.module_utils._core.postgresql import rows
from ansible_collections.holdfast.postgres.tests.integration import sample
from ansible_collections.holdfast.postgres.tests.integration.content import assert_same, content
from ansible_collections.holdfast.postgres.tests.integration.program import Holdfast
from ansible_collections.holdfast.postgres.tests.integration.sabotage import alter
from ansible_collections.holdfast.postgres.tests.integration.servers import Server

TYPES = Path(__file__).with_name("types.sql").read_text(encoding="utf-8")
MANUAL = Path(__file__).parents[2] / "docs" / "proof.md"
# A domain over a domain
BEYOND = ('types."of domain of arrays"',)
MORE = """
    CREATE EVENT TRIGGER watch ON ddl_command_end EXECUTE FUNCTION library.watch();
    ALTER EVENT TRIGGER watch DISABLE;
    CREATE FOREIGN DATA WRAPPER nothing;
    CREATE SERVER elsewhere FOREIGN DATA WRAPPER nothing OPTIONS (host 'far');
    CREATE USER MAPPING FOR postgres SERVER elsewhere OPTIONS (password 'secret');
    CREATE FOREIGN TABLE library.far (id integer) SERVER elsewhere OPTIONS (name 'x');
    ALTER TABLE library.parent ADD CONSTRAINT small CHECK (a < 100) NOT VALID;
    ALTER TABLE library.authors DISABLE TRIGGER touch;
    ALTER TABLE library.cache CLUSTER ON cache_id;
    CREATE PUBLICATION unsorted FOR TABLE library.parent, library.books, library.authors;
    ALTER DEFAULT PRIVILEGES FOR ROLE "app owner" GRANT SELECT ON TABLES TO postgres, "read only", PUBLIC;
    DO $$ BEGIN
      EXECUTE format('ALTER DATABASE %I SET work_mem = ''8MB''', current_database());
      EXECUTE format('ALTER DATABASE %I SET application_name = ''library''', current_database());
      EXECUTE format('ALTER ROLE "read only" IN DATABASE %I SET work_mem = ''9MB''', current_database());
    END $$;
"""


def everything(server: Server, database: str) -> str:
    """A database with one of every object and values of every type."""
    sample.create(server, database)
    with server.connect(database) as session:
        session.execute(
            "CREATE FUNCTION library.watch() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';"
            "CREATE INDEX cache_id ON library.cache (id);" + MORE
        )
        session.execute(TYPES)
    return database


@pytest.mark.parametrize("format", ["plain", "custom", "directory"])
@pytest.mark.parametrize("reach", ["cluster15", "container17"])
def test_a_restored_database_is_proved(
    reach: str, format: str, request: pytest.FixtureRequest, holdfast: Holdfast
) -> None:
    server = request.getfixturevalue(reach)
    database, into = everything(server, server.unique()), server.unique()
    holdfast.define("library", server, {"database": database, "name": "library"}, format=format)
    holdfast.backup("library")
    found = holdfast.json("restore", "--into", into)["proof"]
    assert (found["result"], found["differences"], found["notes"]) == ("proved", [], [])
    assert found["tables"] > 70 and found["rows"] > 1500
    assert_same(content(server, into), content(server, database))


def test_a_newer_server_proves_what_an_older_one_had(
    holdfast: Holdfast, cluster15: Server, container17: Server
) -> None:
    database, into = everything(cluster15, cluster15.unique()), container17.unique()
    repository = holdfast.define("library", cluster15, database)
    holdfast.backup("library")
    holdfast.define("library", container17, database, repository=str(repository))
    found = holdfast.json("restore", "--into", into)["proof"]
    assert (found["result"], found["differences"]) == ("proved", [])


def test_counts_and_none(holdfast: Holdfast, cluster15: Server) -> None:
    database = sample.small(cluster15, cluster15.unique())
    for mode, result in (("counts", "proved"), ("none", "no proof")):
        holdfast.define(mode, cluster15, database, proof=mode)
        holdfast.backup(mode)
        told = holdfast.json("restore", "--job", mode, "--into", cluster15.unique())
        assert (told["proof"]["result"], told["proof"]["mode"]) == (result, "counts")
        assert told["tables"] == [{"table": "public.items", "rows": 100}]


@pytest.fixture(scope="module")
def whole(_cluster15: Server) -> Iterator[tuple[Any, dict[str, Any]]]:
    """A session in a database with everything, and its proof. Tests alter it in a transaction that they roll back."""
    database = everything(_cluster15, "everything to alter")
    with _cluster15.connect(database) as session:
        rows.pin(session, 0)
        yield session, proof.take(session, "full")
    _cluster15.drop(database)


def altered(whole: tuple[Any, dict[str, Any]], statement: str) -> list[Difference]:
    session, expected = whole
    session.execute("BEGIN")
    try:
        session.execute(statement)
        return proof.compare(expected, proof.take(session, "full"))
    finally:
        session.execute("ROLLBACK")
        # A sequence does not roll back.
        session.execute("SELECT setval('library.authors_id_seq', 400)")


def test_nothing_differs_from_itself(whole: tuple[Any, dict[str, Any]]) -> None:
    assert altered(whole, "SELECT 1") == []


def test_nothing_that_is_set_for_a_session_changes_a_proof(
    whole: tuple[Any, dict[str, Any]], _cluster15: Server
) -> None:
    session, expected = whole
    odd = {
        "client_encoding": "LATIN1",
        "datestyle": "SQL, DMY",
        "intervalstyle": "iso_8601",
        "timezone": "Asia/Tokyo",
        "bytea_output": "escape",
        "extra_float_digits": "-15",
        "search_path": "types, library, public",
        "quote_all_identifiers": "on",
    }
    with _cluster15.connect(session.info.dbname) as other:
        for name, value in odd.items():
            other.execute("SELECT set_config(%s, %s, false)", [name, value])
        rows.pin(other, 0)
        assert proof.compare(expected, proof.take(other, "full")) == []


def test_rows_that_a_policy_hides_are_no_rows_that_are_not_there(
    whole: tuple[Any, dict[str, Any]], _cluster15: Server
) -> None:
    session, _proof = whole
    with _cluster15.connect(session.info.dbname) as other:
        rows.pin(other, 0)
        other.execute("BEGIN")
        other.execute(
            "CREATE ROLE hidden_from; CREATE TABLE public.hidden AS SELECT 1 AS id;"
            "ALTER TABLE public.hidden ENABLE ROW LEVEL SECURITY; GRANT SELECT ON public.hidden TO hidden_from"
        )
        (table,) = (table for table in rows.tables(other) if table.name == "public.hidden")
        assert rows.count(other, table, hashes=True)["rows"] == 1
        other.execute("SET ROLE hidden_from")
        with pytest.raises(errors.InsufficientPrivilege, match="row-level security"):
            rows.count(other, table, hashes=True)


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("integer", "0", "1"),
        ("numeric", "1.0", "1.00"),
        ("numeric", "0.000", "0"),
        ("real", "-0", "0"),
        ("double", "0.30000000000000004", "0.3"),
        ("money", "0", "0.01"),
        ("text", "A", "a"),
        ("text", "", None),
        ("any case", "WORD", "word"),
        ("bpchar", "a   ", "a"),
        ("bytea", "\\x", "\\x00"),
        ("varbit", "1", "10"),
        ("timetz", "11:00+01", "12:00+02"),
        ("interval", "24 hours", "1 day"),
        ("interval", "30 days", "1 mon"),
        ("json", '{ "a" : 1.0 }', '{"a" : 1.0 }'),
        ("jsonb", '{"a": 1.0}', '{"a": 1.00}'),
        ("xml", "<a></a>", "<a/>"),
        ("inet", "10.0.0.1", "10.0.0.1/31"),
        ("point", "(0.1,-0)", "(0.1,0)"),
        ("path", "[(0,0),(1,1)]", "((0,0),(1,1))"),
        ("enum", "red", "green"),
        ("composite", "(1.00,)", "(1.0,)"),
        ("domain", "", " "),
        ("array", "{1.0,NULL,1.00}", "{1.00,NULL,1.0}"),
        ("array", "[2:3]={1,2}", "{1,2}"),
        ("range", "empty", "[1,5)"),
        ("numrange", "[1.00,2)", "[1.0,2)"),
        ("own range", "[24 hours,2 days)", "[1 day,2 days)"),
        ("regclass", "pg_class", "pg_proc"),
        ("citext", "Word", "word"),
        ("date", "infinity", "-infinity"),
    ],
)
def test_one_altered_value_is_told(whole: tuple[Any, dict[str, Any]], name: str, old: str, new: str | None) -> None:
    """Also one that is equal to the old one, or that has the same hash in PostgreSQL's eyes."""
    table = f'types."of {name}"'
    session, _proof = whole
    (type_name,) = session.execute(
        "SELECT format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = %s::regclass AND attnum = 1",
        [table],
    ).fetchone()
    value = "NULL" if new is None else "'" + new + "'"
    statement = (
        f"UPDATE {table} SET value = {value}::{type_name} WHERE ctid = (SELECT ctid FROM {table}"
        f" WHERE textin({_output(session, table)}(value)) = textin({_output(session, table)}('{old}'::{type_name})))"
    )
    (found,) = altered(whole, statement)
    assert (found.kind, found.name, found.harmless) == ("table", table, False)
    assert "other content" in found.what


def _output(session: Any, table: str) -> str:
    query = (
        "SELECT t.typoutput::regproc::text FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid"
        " WHERE a.attrelid = %s::regclass AND a.attnum = 1"
    )
    return str(session.execute(query, [table]).fetchone()[0])


def contents(session: Any) -> dict[str, str]:
    """What the proof has of the content of each table of the schema types."""
    found = [table for table in rows.tables(session) if table.name.startswith("types.")]
    return {table.name: rows.count(session, table, hashes=True)["content"] for table in found}


def test_values_exchanged_between_two_rows_of_a_column_are_told(whole: tuple[Any, dict[str, Any]]) -> None:
    """Every value is still there, and belongs to another row: to somebody else, if it is a password."""
    session, _proof = whole
    session.execute("BEGIN")
    try:
        found = rows.tables(session)
        names = [
            table.name
            for table in found
            if table.name.startswith('types."of ') and rows.count(session, table, hashes=False)["rows"] > 1
        ]
        assert len(names) > 40
        for name in names:
            session.execute(f"ALTER TABLE {name} ADD id integer, ADD name text")
            session.execute(
                f"UPDATE {name} SET id = n, name = 'name ' || n FROM (SELECT ctid, row_number() OVER () AS n"
                f" FROM {name}) AS numbered WHERE numbered.ctid = {name}.ctid"
            )
        before = contents(session)
        for name in names:
            session.execute(
                f"UPDATE {name} SET value = other.value FROM {name} AS other WHERE {name}.id + other.id = 1 +"
                f" (SELECT max(id) FROM {name})"
            )
        after = contents(session)
        assert [name for name in names if before[name] == after[name]] == []
    finally:
        session.execute("ROLLBACK")


@pytest.mark.parametrize(
    ("type_name", "low", "high"),
    [
        ("bigint", "1", "4294967296"),
        ("bigint", "-1", "4294967295"),
        ("timestamp", "2000-01-01 00:00:00.000001", "2000-01-01 01:11:34.967296"),
        ("timestamptz", "2000-01-01 00:00:00.000001+00", "2000-01-01 01:11:34.967296+00"),
        ("time", "00:00:00.000001", "01:11:34.967296"),
        ("interval", "00:00:00.000001", "01:11:34.967296"),
        ("money", "0.01", "42949672.96"),
        ("pg_lsn", "0/1", "1/0"),
        ("xid8", "1", "4294967296"),
    ],
)
def test_both_halves_of_a_value_count(whole: tuple[Any, dict[str, Any]], type_name: str, low: str, high: str) -> None:
    session, _proof = whole
    session.execute("BEGIN")
    try:
        session.execute(f"CREATE TABLE types.halves AS SELECT '{low}'::{type_name} AS value")
        before = contents(session)["types.halves"]
        session.execute(f"UPDATE types.halves SET value = '{high}'")
        assert contents(session)["types.halves"] != before
    finally:
        session.execute("ROLLBACK")


def test_the_manual_computes_the_same_by_hand(
    whole: tuple[Any, dict[str, Any]], _cluster15: Server, tmp_path: Path
) -> None:
    session, expected = whole
    script = MANUAL.read_text(encoding="utf-8").partition("## Compare by hand")[2].split("```")[1].removeprefix("sql")
    tables = {
        name: f"{table['rows']}|{table['content']}"
        for name, table in expected["tables"].items()
        if name not in BEYOND and "content" in table
    }
    runs = "".join(f"\\set table {sql.Literal(name).as_string(None)}\n{script}\n" for name in tables)
    where = ("-h", _cluster15.connection["socket"], "-p", str(_cluster15.port), "-d", session.info.dbname)
    told = _cluster15.run("psql", *where, "-XqAt", source=runs.encode())
    assert dict(zip(tables, told.decode().splitlines())) == tables


@pytest.mark.parametrize("encoding", ["LATIN1", "WIN1252", "SQL_ASCII"])
def test_text_in_other_encodings_is_proved(encoding: str, holdfast: Holdfast, cluster15: Server) -> None:
    """Also octets that mean nothing in UTF-8, or anywhere."""
    database, into = cluster15.unique(), cluster15.unique()
    with cluster15.connect() as session:
        session.execute(
            f"CREATE DATABASE {database} TEMPLATE template0 ENCODING '{encoding}' LC_COLLATE 'C' LC_CTYPE 'C'"
        )
    odd = "\\201" if encoding == "WIN1252" else "\\344"
    with cluster15.connect(database) as session:
        session.execute(f"SET client_encoding = '{encoding}'")
        session.execute(
            "CREATE TABLE words (id integer, plain text, padded char(9), named name, list text[], object jsonb);"
            f"INSERT INTO words SELECT 1, t, t, t, ARRAY[t], to_jsonb(t) FROM convert_from('{odd}', '{encoding}') AS t;"
            "INSERT INTO words VALUES (2, '', 'NULL', NULL, '{NULL}', '{}')"
        )
    holdfast.define("library", cluster15, database)
    holdfast.backup("library")
    assert holdfast.json("restore", "--into", into)["proof"]["result"] == "proved"


@pytest.mark.parametrize(
    ("statement", "kind", "what"),
    [
        ("DELETE FROM library.books WHERE id = 7", "table", "699 rows, and the backup has 700"),
        ("INSERT INTO library.empty DEFAULT VALUES", "table", "1 rows, and the backup has 0"),
        ("INSERT INTO library.child VALUES (3, 'x', 1)", "table", "2 rows"),
        ("UPDATE library.events_2024 SET amount = amount + 1 WHERE kind = 'kind 1'", "table", "other content"),
        ("UPDATE library.cache SET filling = 'y' WHERE id = 1", "table", "other content"),
        ("DROP TABLE library.parent CASCADE", "table", "missing"),
        ("CREATE TABLE library.more (id integer)", "table", "not in the backup"),
        (
            "ALTER TABLE library.books OWNER TO postgres; ALTER TABLE library.authors OWNER TO postgres",
            "table",
            "owner",
        ),
        ("GRANT DELETE ON library.books TO PUBLIC", "table", "PUBLIC=DELETE"),
        ('REVOKE UPDATE (name) ON library.authors FROM "we""ird.role \'x\'"', "column", "privileges"),
        ("ALTER TABLE library.books DISABLE ROW LEVEL SECURITY", "table", "row security"),
        ("ALTER TABLE library.books FORCE ROW LEVEL SECURITY", "table", "row security forced"),
        ("ALTER TABLE library.cache SET LOGGED", "table", "unlogged"),
        ("ALTER TABLE library.authors ALTER name DROP NOT NULL", "column", "not null"),
        ("ALTER TABLE library.authors ALTER mood SET DEFAULT 'sad'", "column", "default"),
        ("ALTER TABLE library.books ALTER id SET GENERATED BY DEFAULT", "column", "identity"),
        ("COMMENT ON COLUMN library.books.title IS NULL", "column", "comment"),
        ("ALTER TABLE library.parent VALIDATE CONSTRAINT small", "constraint", "not validated"),
        ("ALTER TABLE library.books DROP CONSTRAINT books_author_fkey", "constraint", "missing"),
        ("DROP INDEX library.books_lower", "index", "missing"),
        ("ALTER TABLE library.cache SET WITHOUT CLUSTER", "index", "clustered"),
        ("ALTER TABLE library.authors ENABLE TRIGGER touch", "trigger", "enabled"),
        ("DROP TRIGGER touch ON library.authors", "trigger", "missing"),
        ("DROP RULE quiet ON library.cache", "rule", "missing"),
        ("ALTER POLICY short ON library.books USING (true)", "policy", "definition"),
        ("DROP VIEW library.long_books", "view", "missing"),
        ("REFRESH MATERIALIZED VIEW library.totals WITH NO DATA", "materialized view", "could not be computed"),
        ("ALTER FUNCTION library.touch() OWNER TO postgres", "function", "owner"),
        ("GRANT EXECUTE ON FUNCTION library.touch() TO PUBLIC", "function", "privileges"),
        ("ALTER FUNCTION library.touch() SECURITY DEFINER", "function", "security definer"),
        ("ALTER TYPE library.mood RENAME VALUE 'sad' TO 'blue'", "type", "labels"),
        ("ALTER DOMAIN library.positive DROP CONSTRAINT positive_check", "type", "constraints"),
        ("SELECT setval('library.authors_id_seq', 3)", "sequence", "behind"),
        ("SELECT setval('library.authors_id_seq', 4000)", "sequence", "ahead"),
        ("ALTER SEQUENCE library.authors_id_seq OWNED BY NONE", "sequence", "owned by"),
        ("ALTER SEQUENCE library.authors_id_seq INCREMENT 2", "sequence", "parameters"),
        ("SELECT lo_put(70001, 2, 'x')", "large objects", "other content"),
        ("SELECT lo_truncate(lo_open(70001, 131072), 7)", "large objects", "other content"),
        ("SELECT lo_unlink(70002)", "large objects", "1, and the backup has 2"),
        ("ALTER LARGE OBJECT 70001 OWNER TO postgres", "large objects", "owners"),
        ("DROP EXTENSION pgcrypto", "extension", "missing"),
        ("DROP PUBLICATION everything", "publication", "missing"),
        ("ALTER PUBLICATION everything ADD TABLE library.authors", "publication", "tables"),
        ("ALTER EVENT TRIGGER watch ENABLE", "event trigger", "enabled"),
        ("ALTER SERVER elsewhere OPTIONS (SET host 'near')", "foreign server", "definition"),
        ("DROP USER MAPPING FOR postgres SERVER elsewhere", "user mapping", "missing"),
        ("ALTER FOREIGN TABLE library.far OPTIONS (SET name 'y')", "table", "foreign options"),
        ("DROP STATISTICS library.books_stat", "statistics", "missing"),
        ('REVOKE USAGE ON SCHEMA library FROM "read only"', "schema", "privileges"),
        ("COMMENT ON SCHEMA library IS 'another'", "schema", "comment"),
        (
            'ALTER DEFAULT PRIVILEGES FOR ROLE "app owner" REVOKE EXECUTE ON FUNCTIONS FROM "read only"',
            "default privileges",
            "privileges",
        ),
    ],
)
def test_one_altered_object_is_named(whole: tuple[Any, dict[str, Any]], statement: str, kind: str, what: str) -> None:
    found = [one for one in altered(whole, statement) if (one.kind == kind and what in str(one))]
    assert found and not found[0].harmless, altered(whole, statement)


@pytest.mark.parametrize(
    ("statement", "kind"),
    [
        (
            "UPDATE library.books SET author = 2 WHERE author = 3; REFRESH MATERIALIZED VIEW library.totals",
            "materialized view",
        ),
    ],
)
def test_what_a_restore_computes_anew_is_no_loss(whole: tuple[Any, dict[str, Any]], statement: str, kind: str) -> None:
    assert [one.harmless for one in altered(whole, statement) if one.kind == kind] == [True]


def test_large_objects_with_holes_are_the_same_when_the_holes_are_filled(whole: tuple[Any, dict[str, Any]]) -> None:
    session, _expected = whole
    session.execute("BEGIN")
    try:
        session.execute("SELECT lo_put(lo_create(70009), 9000, 'end')")
        sparse = proof.take(session, "full")["large_objects"]
        session.execute("SELECT lo_put(70009, 0, decode(repeat('00', 9000), 'hex'))")
        assert proof.take(session, "full")["large_objects"] == sparse
    finally:
        session.execute("ROLLBACK")


@pytest.mark.parametrize("format", ["custom", "directory"])
def test_a_materialized_view_that_cannot_be_computed_is_named_and_can_be_accepted(
    format: str, holdfast: Holdfast, cluster15: Server
) -> None:
    database, into = sample.small(cluster15, cluster15.unique()), cluster15.unique()
    with cluster15.connect(database) as session:
        session.execute("CREATE ROLE barred")
        session.execute("CREATE MATERIALIZED VIEW z_first AS SELECT count(*) AS items FROM items")
        session.execute("CREATE MATERIALIZED VIEW a_second AS SELECT items + 1 AS more FROM z_first")
        session.execute("CREATE MATERIALIZED VIEW broken AS SELECT * FROM items")
        session.execute("ALTER MATERIALIZED VIEW broken OWNER TO barred")
    holdfast.define("library", cluster15, database, format=format)
    holdfast.backup("library")
    told = holdfast("restore", "--into", into, status=1)
    assert "broken could not be computed: permission denied for table items" in told.out
    assert "materialized view public.broken: it could not be computed" in told.err and "second" not in told.err
    assert into not in cluster15.names()
    # That is no fault of the backup.
    assert holdfast.json("list")["jobs"][0]["backups"][0]["problem"] == ""
    told = holdfast("restore", "--into", into, "--accept-differences", status=1)
    assert cluster15.query("SELECT more FROM a_second", into) == [(101,)]
    cluster15.sweep()
    with cluster15.connect() as session:
        session.execute("DROP ROLE barred")


def test_of_an_extension_s_tables_only_what_a_dump_takes_is_proved(holdfast: Holdfast, container17: Server) -> None:
    script = (
        "CREATE TABLE public.rules (id integer PRIMARY KEY, value text, own boolean DEFAULT true);"
        "INSERT INTO public.rules VALUES (1, 'shipped', false);"
        "CREATE TABLE public.shipped AS SELECT 'from the package'::text AS value;"
        "SELECT pg_extension_config_dump('public.rules', 'WHERE own');"
    )
    make = "cd /usr/share/postgresql/17/extension && echo \"default_version = '1'\" >ruled.control && cat >ruled--1.sql"
    container17.run("sh", "-c", make, source=script.encode())
    database = sample.small(container17, container17.unique())
    with container17.connect(database) as session:
        session.execute("CREATE EXTENSION ruled")
        session.execute("INSERT INTO rules VALUES (2, 'ours')")
        # Neither of them is in any dump.
        session.execute("UPDATE rules SET value = 'changed' WHERE id = 1")
        session.execute("INSERT INTO shipped VALUES ('added')")
    repository = holdfast.define("library", container17, database)
    made = holdfast.backup("library")
    into = container17.unique()
    told = holdfast.json("restore", "--into", into)
    assert (told["proof"]["result"], told["proof"]["notes"]) == ("proved", [])
    assert {table["table"]: table["rows"] for table in told["tables"]} == {"public.items": 100, "public.rules": 1}
    assert container17.query("SELECT * FROM rules ORDER BY id", into) == [(1, "shipped", False), (2, "ours", True)]
    alter(container17, repository, made, "UPDATE rules SET value = 'theirs' WHERE own")
    error = holdfast("restore", "--into", container17.unique(), status=1).err
    assert "table public.rules: the same number of rows (1), and other content" in error
