# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whatever is altered in a database, its proof tells; and what is not, it does not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.holdfast.postgres.plugins.module_utils._core import proof
from ansible_collections.holdfast.postgres.plugins.module_utils._core.postgresql import entries, objects, outside, rows
from ansible_collections.holdfast.postgres.tests.integration import sample
from ansible_collections.holdfast.postgres.tests.integration.content import assert_same, content
from ansible_collections.holdfast.postgres.tests.integration.program import Holdfast
from ansible_collections.holdfast.postgres.tests.integration.sabotage import alter
from ansible_collections.holdfast.postgres.tests.integration.servers import Server

HERE = Path(__file__).parent
# Told only when both servers are of the same major version: other versions write queries in another way, or lack the
# property.
UNSEEN_FROM_OLDER = (
    "CREATE OR REPLACE FUNCTION rich.atomic(a integer) RETURNS integer BEGIN ATOMIC SELECT a + 2; END",
    "ALTER POLICY several ON rich.belongings USING (id IN (SELECT id FROM rich.belongings))",
    "CREATE OR REPLACE VIEW rich.seen WITH (security_barrier) AS"
    " SELECT id, name, spare FROM rich.things WHERE spare > 1",
    "ALTER SUBSCRIPTION fed SET (disable_on_error = true)",
)
# Catalogs whose columns are facts of their own
BY_COLUMN = """pg_attrdef pg_database pg_db_role_setting pg_depend pg_description pg_enum pg_extension pg_inherits
    pg_init_privs pg_publication_namespace pg_seclabel pg_sequence pg_ts_config_map pg_user_mapping"""
# Catalogs of which a proof says nothing, and why
LEFT_OUT = {
    "of the whole server": "pg_authid pg_auth_members pg_parameter_acl pg_tablespace pg_replication_origin",
    "of rows and their statistics": "pg_largeobject pg_statistic pg_statistic_ext_data pg_subscription_rel",
    "what depends on what": "pg_shdepend",
    # large_objects.py, and the manifest
    "kept elsewhere": "pg_largeobject_metadata pg_shdescription pg_shseclabel",
}


def statements(file: str) -> list[str]:
    lines = (HERE / file).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("--")]


def rich(server: Server, database: str) -> str:
    """A new database with an object of every kind that there is."""
    sample.create(server, database)
    with server.connect(database) as session:
        session.execute((HERE / "rich.sql").read_text(encoding="utf-8"))
    return database


@pytest.fixture(scope="module")
def altering(_container17: Server) -> Iterator[Any]:
    """A pinned session in a rich database."""
    database = rich(_container17, "rich to alter")
    with _container17.connect(database) as session:
        session.execute("SET allow_system_table_mods = on")
        rows.pin(session, 0)
        yield session
    _container17.drop(database)


def look(session: Any) -> dict[str, Any]:
    """A proof without the rows."""
    none = {"mode": "full", "tables": {}, "sequences": {}, "large_objects": {"count": 0}, "major": 17}
    return {**none, "objects": objects.read(session)}


def after(session: Any, statement: str) -> dict[str, Any]:
    """A proof after a statement, which is rolled back."""
    if statement.startswith("VACUUM"):
        session.execute(statement)
        return look(session)
    session.execute("BEGIN")
    try:
        session.execute(statement)
        return look(session)
    finally:
        session.execute("ROLLBACK")


def test_every_mutation_is_told(altering: Any) -> None:
    expected, table = look(altering), statements("mutations.sql")
    of_older = {**expected, "major": 15}
    assert len(table) == len(set(table)) > 400
    unseen, unseen_from_older = [], []
    for statement in table:
        found = after(altering, statement)
        if not proof.compare(expected, found):
            unseen.append(statement)
        if not proof.serious(proof.compare(of_older, found)):
            unseen_from_older.append(statement)
    assert unseen == []
    assert sorted(unseen_from_older) == sorted(UNSEEN_FROM_OLDER)
    assert look(altering) == expected


def test_what_alters_nothing_is_not_told(altering: Any) -> None:
    expected = look(altering)
    table = statements("unchanged.sql")
    alarms = {statement: proof.compare(expected, after(altering, statement)) for statement in table}
    assert {statement: list(map(str, told)) for statement, told in alarms.items() if told} == {}


@pytest.mark.parametrize("reach", ["cluster15", "container17"])
def test_a_rich_database_is_proved(reach: str, request: pytest.FixtureRequest, holdfast: Holdfast) -> None:
    server: Server = request.getfixturevalue(reach)
    database, into = rich(server, server.unique()), server.unique()
    holdfast.define("library", server, database)
    holdfast.backup("library")
    found = holdfast.json("restore", "--into", into)["proof"]
    assert (found["result"], found["differences"], found["notes"]) == ("proved", [], [])
    assert_same(content(server, into), content(server, database))


@pytest.mark.parametrize("reach", ["cluster15", "container17"])
def test_every_catalog_is_read_whole_or_left_out_for_a_reason(reach: str, request: pytest.FixtureRequest) -> None:
    server: Server = request.getfixturevalue(reach)
    queries = " ".join({**objects.KINDS, **outside.kinds(server.major)}.values())
    with server.connect() as session:
        there = entries.columns(session)
    whole = {catalog for catalog in there if f"@{catalog} " in queries}
    left_out = {catalog for catalogs in LEFT_OUT.values() for catalog in catalogs.split()}
    assert set(there) == whole | {*BY_COLUMN.split()} | left_out
    assert entries.unknown({catalog: there[catalog] for catalog in whole}) == []


def test_a_loss_on_the_way_to_a_newer_server_is_named(
    holdfast: Holdfast, cluster15: Server, container17: Server
) -> None:
    database, into = sample.create(cluster15, cluster15.unique()), container17.unique()
    repository = holdfast.define("library", cluster15, database)
    made = holdfast.backup("library")
    holdfast.define("library", container17, database, repository=str(repository))
    sample.create_roles(container17)
    found = holdfast("restore", "--into", into)
    assert "every object that was compared, are what was backed up" in found.out
    assert "in different ways: materialized view library.totals, view library.long_books." in found.out
    alter(
        cluster15,
        repository,
        made,
        """
        CREATE OR REPLACE FUNCTION library.touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
        ALTER TABLE library.authors DROP CONSTRAINT authors_email_key;
        ALTER TABLE library.books DROP CONSTRAINT books_author_fkey;
        ALTER TABLE library.books ADD FOREIGN KEY (author) REFERENCES library.authors;
        """,
    )
    told = holdfast("restore", "--into", container17.unique(), status=1).err
    assert "function library.touch(): its source is not the same" in told
    assert "constraint library.authors authors_email_key: it is missing" in told
    assert "constraint library.books books_author_fkey: its on delete is a, and was c" in told
    report = holdfast.json("drill", made["id"], status=1)
    evidence = next((holdfast.home / "state" / "library" / "evidence").glob("*.txt")).read_text(encoding="utf-8")
    assert report["failed"] and re.search(r"^  view +1  1 NOT COMPARED$", evidence, re.MULTILINE)
    assert re.search(r"^  constraint +\d+  3 DIFFER$", evidence, re.MULTILINE)
