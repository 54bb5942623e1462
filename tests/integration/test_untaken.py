# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What no dump takes is said when a backup is made, and only then."""

from __future__ import annotations

import pytest

from ansible_collections.holdfast.postgres.tests.integration.program import Holdfast
from ansible_collections.holdfast.postgres.tests.integration.sample import small

# In transactions of their own: what a script makes is there again after a restore.
MADE = [
    "CREATE TABLE kept (id integer)",
    "INSERT INTO kept SELECT generate_series(1, 500)",
    "ALTER EXTENSION hstore ADD TABLE kept",
    "CREATE TABLE bare (id integer)",
    "ALTER EXTENSION hstore ADD TABLE bare",
    "CREATE INDEX kept_id ON kept (id)",
    "CREATE TRIGGER same BEFORE UPDATE ON kept FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    "CREATE POLICY high ON kept USING (id > 3)",
    "CREATE TABLE parent (id integer PRIMARY KEY)",
    "CREATE TABLE child (parent integer CONSTRAINT of_parent REFERENCES parent)",
    "ALTER TABLE child DISABLE TRIGGER ALL",
    "CREATE FUNCTION pg_catalog.stray() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
    "CREATE TABLE information_schema.stray (id integer)",
]
WARNINGS = [
    "rows of tables that belong to an extension are in no dump, unless the extension asks for them:"
    " public.kept (hstore)",
    "what was added to tables that belong to an extension is in no dump: index public.kept_id (hstore),"
    " policy high on table public.kept (hstore), trigger same on table public.kept (hstore)",
    "constraints are switched off (DISABLE TRIGGER ALL); a restore switches them on, and fails on rows that break them:"
    " of_parent of public.child",
    "what was made in the schemas of the system is in no dump: table information_schema.stray, function stray()",
]


@pytest.mark.parametrize("reach", ["cluster15", "container17"])
def test_what_no_dump_takes_is_warned_of(reach: str, request: pytest.FixtureRequest, holdfast: Holdfast) -> None:
    server = request.getfixturevalue(reach)
    database, into, role = small(server, server.unique()), server.unique(), server.unique("role")
    holdfast.define("library", server, database)
    with server.connect(database) as session:
        session.execute("CREATE EXTENSION hstore")
        session.execute("CREATE EXTENSION pg_stat_statements")
    assert "warning" not in holdfast("backup", "library").out
    with server.connect(database) as session:
        for statement in MADE:
            session.execute(statement)
        session.execute(f"CREATE ROLE {role}; GRANT SET ON PARAMETER zero_damaged_pages TO {role}")
    try:
        out = holdfast("backup", "library").out
        warned = [line.partition("warning: ")[2] for line in out.splitlines() if "warning: " in line]
        assert warned == [
            *(f"database {database}: {one}" for one in WARNINGS),
            "no restore brings privileges on parameters back, which are in the globals alone: zero_damaged_pages for"
            f" {role}",
        ]
        # It is true: none of that comes back, and nobody says so of it.
        found = holdfast.json("restore", "latest", "--into", into)["proof"]
        assert found["result"] == "proved"
        with server.connect(into) as session:
            assert session.execute(
                "SELECT to_regclass('public.kept'), to_regclass('information_schema.stray')"
            ).fetchone() == (None, None)
            assert session.execute("SELECT count(*) FROM pg_proc WHERE proname = 'stray'").fetchone() == (0,)
            with pytest.raises(Exception, match="of_parent"):
                session.execute("INSERT INTO child VALUES (7)")
    finally:
        with server.connect() as session:
            session.execute(f"REVOKE SET ON PARAMETER zero_damaged_pages FROM {role}; DROP ROLE {role}")


ROUND = """
    CREATE FUNCTION again(n integer) RETURNS integer LANGUAGE sql AS 'SELECT 1';
    CREATE OR REPLACE FUNCTION again(n integer) RETURNS integer BEGIN ATOMIC SELECT again(n - 1); END;
    CREATE FUNCTION one() RETURNS integer LANGUAGE sql AS 'SELECT 1';
    CREATE FUNCTION two() RETURNS integer BEGIN ATOMIC SELECT one(); END;
    CREATE OR REPLACE FUNCTION one() RETURNS integer BEGIN ATOMIC SELECT two(); END;
    CREATE FUNCTION three() RETURNS integer BEGIN ATOMIC SELECT two(); END;
"""
INHERITED = """
    CREATE TABLE elder (a text, b text, c text);
    CREATE TABLE child () INHERITS (elder);
    CREATE TABLE grandchild () INHERITS (child);
    ALTER TABLE ONLY elder ALTER a SET STORAGE EXTERNAL, ALTER b SET COMPRESSION pglz;
    ALTER TABLE grandchild ALTER a SET STORAGE MAIN;
"""


@pytest.mark.parametrize("reach", ["cluster15", "container17"])
def test_what_a_dump_does_not_say_rightly_is_warned_of(
    reach: str, request: pytest.FixtureRequest, holdfast: Holdfast
) -> None:
    server = request.getfixturevalue(reach)
    database = small(server, server.unique())
    holdfast.define("library", server, database)
    for made, warning, refusal in (
        (ROUND, "public.again(n integer), public.one(), public.two()", "cannot be loaded"),
        (INHERITED, "public.child.a, public.child.b, public.grandchild.b", "its storage is e, and was not set"),
    ):
        with server.connect(database) as session:
            session.execute(made)
        out = holdfast("backup", "library").out
        warned = [line for line in out.splitlines() if "warning: " in line]
        assert len(warned) == 1 and warned[0].endswith(f": {warning}")
        # It is true: a restore is refused, as long as these are there.
        assert refusal in holdfast("restore", "latest", "--into", server.unique(), status=1).err
        with server.connect(database) as session:
            session.execute("DROP FUNCTION IF EXISTS again; DROP FUNCTION IF EXISTS one CASCADE")
