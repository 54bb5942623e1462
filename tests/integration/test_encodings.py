# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Databases of other encodings than UTF8, with names beyond ASCII."""

from __future__ import annotations

import pytest

from ansible_collections.holdfast.postgres.tests.integration.content import assert_same, content
from ansible_collections.holdfast.postgres.tests.integration.program import Holdfast
from ansible_collections.holdfast.postgres.tests.integration.sample import small
from ansible_collections.holdfast.postgres.tests.integration.servers import Server

SCRIPT = """
    CREATE SCHEMA "Straße";
    CREATE TYPE "Straße"."Maß" AS ENUM ('groß', 'größer');
    CREATE TABLE "Straße"."Häuser" ("Nummer" serial PRIMARY KEY, "Größe" "Straße"."Maß", "Besitzer" text);
    INSERT INTO "Straße"."Häuser" ("Größe", "Besitzer")
      SELECT 'größer', 'Müller ' || n FROM generate_series(1, 50) AS n;
    COMMENT ON TABLE "Straße"."Häuser" IS 'für alle';
    CREATE SEQUENCE "Straße"."Zähler" START 7;
    CREATE FUNCTION "Straße"."zählen"() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM "Straße"."Häuser"';
    CREATE VIEW "Straße"."große" AS SELECT * FROM "Straße"."Häuser" WHERE "Größe" = 'groß';
    ALTER TABLE "Straße"."Häuser" OWNER TO "Wörter";
    GRANT SELECT ON "Straße"."Häuser" TO "Leser ü";
"""


# Müller as LATIN1 writes it
RAW = r"convert_from('\x4dfc6c6c6572'::bytea, 'SQL_ASCII')"
ROLES = ("Wörter", "Leser ü")
PYTHON = {"LATIN1": "latin1", "WIN1252": "cp1252", "SQL_ASCII": "utf-8"}


def strange(server: Server, encoding: str) -> str:
    """A new database of another encoding; its name, which is beyond ASCII as well."""
    database = server.unique("straße")
    with server.connect() as session:
        there = {row[0] for row in session.execute("SELECT rolname FROM pg_roles")}
        for role in {*ROLES} - there:
            session.execute(f'CREATE ROLE "{role}"')
        session.execute(f"CREATE DATABASE \"{database}\" TEMPLATE template0 ENCODING '{encoding}' LOCALE 'C'")
        session.execute(f"COMMENT ON DATABASE \"{database}\" IS 'für später'")
        session.execute(f'GRANT CONNECT ON DATABASE "{database}" TO "Leser ü"')
        session.execute(f'ALTER ROLE "Leser ü" IN DATABASE "{database}" SET work_mem = \'9MB\'')
    with server.connect(database) as session:
        session.execute("SET client_encoding = 'UTF8'")
        script = SCRIPT
        for role in ROLES:
            # Roles are the server's: what the names of its other databases are made of stays as it is.
            script = script.replace(role, role.encode().decode(PYTHON[encoding]))
        session.execute(script)
    return database


@pytest.mark.parametrize("encoding", ["LATIN1", "WIN1252", "SQL_ASCII"])
def test_names_and_rows_come_back(encoding: str, cluster15: Server, holdfast: Holdfast) -> None:
    database, into = strange(cluster15, encoding), cluster15.unique("wohin")
    before = content(cluster15, database)
    holdfast.define("library", cluster15, {"database": database, "name": "strange"})
    made = holdfast.backup("library")
    holdfast("verify", "latest")
    assert holdfast.json("drill")["result"] == "proved"
    holdfast("restore", made["id"], "--into", into)
    assert_same(content(cluster15, into), before)
    with cluster15.connect(database) as session:
        session.execute("SET client_encoding = 'UTF8'")
        session.execute('DELETE FROM "Straße"."Häuser" WHERE "Nummer" > 3')
    lost = content(cluster15, database)
    holdfast("restore", made["id"])
    assert_same(content(cluster15, database), before)
    holdfast("rollback", database)
    assert_same(content(cluster15, database), lost)
    holdfast("restore", made["id"], "--table", "Straße.Häuser", "--to", "zurück")
    back = content(cluster15, database)
    assert back["rows of zurück.Häuser"] == before["rows of Straße.Häuser"]
    assert database in holdfast("status", "library").out


def test_text_in_no_encoding_at_all(cluster15: Server, holdfast: Holdfast) -> None:
    database, into = strange(cluster15, "SQL_ASCII"), cluster15.unique("wohin")
    with cluster15.connect(database) as session:
        session.execute("CREATE TABLE raw (id int, name text, more varchar(9)[])")
        session.execute(f"INSERT INTO raw SELECT n, {RAW} || n, ARRAY[{RAW}] FROM generate_series(1, 20) n")
        session.execute(f"DO $do$ BEGIN EXECUTE format('COMMENT ON TABLE raw IS %L', {RAW}); END $do$")
    look = "SELECT md5(string_agg(raw::text, '' ORDER BY id)), md5(obj_description('raw'::regclass)) FROM raw"
    before = cluster15.query(look, database)
    holdfast.define("library", cluster15, {"database": database, "name": "strange"})
    made = holdfast.backup("library")
    assert holdfast.json("drill")["result"] == "proved"
    holdfast("restore", made["id"], "--into", into)
    assert cluster15.query(look, into) == before

    # A name in no encoding cannot be told.
    with cluster15.connect(database) as session:
        session.execute(f"DO $do$ BEGIN EXECUTE format('ALTER TABLE raw RENAME more TO %I', {RAW}); END $do$")
    told = holdfast("backup", status=1).err
    assert "the name of a column in it is not UTF-8: M\\xfcller" in told and "Rename it" in told
    assert len(holdfast.json("list")["jobs"][0]["backups"]) == 1


def test_the_encoding_of_its_clients_is_not_that_of_a_dump(cluster15: Server, holdfast: Holdfast) -> None:
    database, into = small(cluster15, cluster15.unique()), cluster15.unique()
    with cluster15.connect(database) as session:
        session.execute("INSERT INTO items (name) VALUES ('5 €, 7 字')")
        session.execute(f"ALTER DATABASE {database} SET client_encoding = 'LATIN1'")
    holdfast.define("library", cluster15, database, format="plain")
    made = holdfast.backup("library")
    holdfast("restore", made["id"], "--into", into)
    with cluster15.connect(into) as session:
        session.execute("SET client_encoding = 'UTF8'")
        assert session.execute("SELECT name FROM items WHERE id = 101").fetchall() == [("5 €, 7 字",)]


@pytest.mark.parametrize(
    ("encoding", "format"), [("LATIN1", "plain"), ("WIN1252", "directory"), ("SQL_ASCII", "custom")]
)
def test_in_place(encoding: str, format: str, cluster15: Server, holdfast: Holdfast) -> None:
    database = strange(cluster15, encoding)
    with cluster15.connect(database) as session:
        session.execute("SET client_encoding = 'UTF8'")
        session.execute('CREATE PUBLICATION "für alle"; CREATE SCHEMA "Größe"; SELECT lo_from_bytea(70001, \'x\')')
    before = content(cluster15, database)
    holdfast.define("library", cluster15, {"database": database, "name": "strange"}, format=format)
    made = holdfast.backup("library")
    with cluster15.connect(database) as session:
        session.execute("SET client_encoding = 'UTF8'")
        session.execute('DELETE FROM "Straße"."Häuser" WHERE "Nummer" > 3; CREATE TABLE "Größe"."später" ()')
        session.execute("ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC")
    lost = content(cluster15, database)
    told = holdfast.json("restore", made["id"], "--in-place")
    assert told["proof"]["result"] == "proved"
    assert_same(content(cluster15, database), before)
    holdfast("restore", told["safety"], "--in-place")
    assert_same(content(cluster15, database), lost)


def test_text_in_no_encoding_in_place(cluster15: Server, holdfast: Holdfast) -> None:
    database = strange(cluster15, "SQL_ASCII")
    with cluster15.connect(database) as session:
        session.execute(f"CREATE TABLE raw AS SELECT n AS id, {RAW} || n AS name FROM generate_series(1, 20) n")
        session.execute(f"DO $do$ BEGIN EXECUTE format('COMMENT ON TABLE raw IS %L', {RAW}); END $do$")
        session.execute(f"DO $do$ BEGIN EXECUTE format('ALTER TABLE raw ALTER name SET DEFAULT %L', {RAW}); END $do$")
    look = "SELECT md5(string_agg(raw::text, '' ORDER BY id)), md5(obj_description('raw'::regclass)) FROM raw"
    before = cluster15.query(look, database)
    holdfast.define("library", cluster15, {"database": database, "name": "strange"})
    made = holdfast.backup("library")
    with cluster15.connect(database) as session:
        session.execute("DELETE FROM raw WHERE id > 3")
    assert holdfast.json("restore", made["id"], "--in-place")["proof"]["result"] == "proved"
    assert cluster15.query(look, database) == before


def test_a_comment_in_the_encoding_of_its_database_is_named_and_in_the_way_of_no_other(
    cluster15: Server, holdfast: Holdfast
) -> None:
    database, other = strange(cluster15, "LATIN1"), small(cluster15, cluster15.unique())
    with cluster15.connect(database) as session:
        session.execute("SET client_encoding = 'UTF8'")
        comment = "EXECUTE format('COMMENT ON DATABASE %I IS %L', current_database(), 'für')"
        session.execute(f"DO $do$ BEGIN {comment}; END $do$")
    holdfast.define("strange", cluster15, {"database": database, "name": "strange"})
    told = holdfast("backup", "strange", status=1).err
    assert "its comment or one of its settings is in another encoding" in told and "defect" not in told
    holdfast.define("library", cluster15, other)
    holdfast.backup("library")
    holdfast("restore", "latest", "--job", "library")
    holdfast("rollback", other, "--job", "library")
    assert other in holdfast("status", "library").out
