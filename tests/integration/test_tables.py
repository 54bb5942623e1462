# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Single tables out of a backup, beside what is in the live database."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.holdfast.postgres.tests.integration import files, sample
from ansible_collections.holdfast.postgres.tests.integration.content import assert_same, content, rows
from ansible_collections.holdfast.postgres.tests.integration.program import Holdfast
from ansible_collections.holdfast.postgres.tests.integration.sabotage import alter
from ansible_collections.holdfast.postgres.tests.integration.sample import small
from ansible_collections.holdfast.postgres.tests.integration.servers import Server


def of_schema(found: dict[str, Any], schema: str) -> dict[str, Any]:
    """A content without what is in a schema."""

    def elsewhere(row: Any) -> bool:
        return not any(schema in str(cell) for cell in row)

    kept = {key: rows for key, rows in found.items() if schema not in key}
    return {key: list(filter(elsewhere, rows)) if isinstance(rows, list) else rows for key, rows in kept.items()}


@pytest.mark.parametrize(
    ("reach", "format"),
    [("cluster15", "plain"), ("cluster15", "custom"), ("cluster15", "directory"), ("container17", "custom")],
)
def test_tables_come_back_beside_what_is_there(
    reach: str, format: str, request: pytest.FixtureRequest, holdfast: Holdfast
) -> None:
    server = request.getfixturevalue(reach)
    database = sample.create(server, server.unique())
    holdfast.define("library", server, database, format=format)
    holdfast.backup("library")
    with server.connect(database) as session:
        session.execute("DELETE FROM library.books; UPDATE library.authors SET name = 'lost'; DROP TABLE library.child")
    live, names = content(server, database), server.names()
    weird = '"Größen ""und"" Maße"."tab.le with \'quotes\'"'
    wanted = ["library.books", "library.authors", "library.events", "library.child", weird]
    told = holdfast.json("restore", *(word for table in wanted for word in ("--table", table)), "--to", "back")

    assert told["proof"]["result"] == "proved"
    assert server.names() == names
    assert_same(of_schema(content(server, database), "back"), of_schema(live, "back"))
    with server.connect(database) as session:

        def one(query: str) -> Any:
            return session.execute(query).fetchone()[0]

        assert one("SELECT count(*) FROM back.books") == 700
        assert one("SELECT count(DISTINCT name) FROM back.authors") == 400
        assert one("SELECT count(*) FROM back.events") == 250
        assert one("SELECT count(*) FROM back.events_2024") > 50
        assert one("SELECT count(*) FROM back.child") == 1
        assert one("SELECT count(*) FROM library.parent") == 1
        assert one("SELECT count(*) FROM back.\"tab.le with 'quotes'\"") == 5
        # Rows go on where they were, owners and privileges too; what would act or reach beyond the tables is left out.
        session.execute("INSERT INTO back.authors (name) VALUES ('new') RETURNING id")
        assert one("SELECT max(id) FROM back.authors") == 401
        assert one("SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = 'back.authors'::regclass") == "app owner"
        assert one("SELECT has_table_privilege('read only', 'back.books', 'SELECT')")
        assert one("SELECT count(*) FROM pg_trigger WHERE tgrelid = 'back.authors'::regclass AND NOT tgisinternal") == 0
        assert one("SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND conrelid = 'back.books'::regclass") == 0
        session.execute(told["undo"])
    assert_same(content(server, database), live)
    assert server.sessions() == 0


def test_a_single_table_may_get_another_name(holdfast: Holdfast, cluster15: Server) -> None:
    database = small(cluster15, cluster15.unique())
    holdfast.define("library", cluster15, database)
    holdfast.backup("library")
    with cluster15.connect(database) as session:
        session.execute("DELETE FROM items WHERE id > 3")
    told = holdfast("restore", "--table", "items", "--to", "public.items_yesterday").out
    assert "public.items as public.items_yesterday" in told and "Proved: 1 table, 100 rows" in told
    assert len(rows(cluster15, database)) == 3
    assert len(rows(cluster15, database, "items_yesterday")) == 100
    assert (
        "public.items_yesterday exists"
        in holdfast("restore", "--table", "items", "--to", "public.items_yesterday", status=1).err
    )
    told = holdfast.json("restore", "--table", "public.items")
    assert told["renamed"][0]["now"].startswith("restored_")


def test_only_the_roles_that_the_tables_need_are_created(holdfast: Holdfast, cluster15: Server) -> None:
    database = small(cluster15, cluster15.unique())
    needed, reader, other = (f"{kind} of {database}" for kind in ("owner", "reader", "other"))
    roles = f"SELECT rolname FROM pg_roles WHERE rolname LIKE '% of {database}' ORDER BY 1"
    with cluster15.connect(database) as session:
        for role in (needed, reader, other):
            session.execute(f'CREATE ROLE "{role}"')
        session.execute(f'ALTER TABLE items OWNER TO "{needed}"; GRANT SELECT ON items TO "{reader}"')
        session.execute(f'CREATE TABLE others (); ALTER TABLE others OWNER TO "{other}"; GRANT "{reader}" TO "{other}"')
    holdfast.define("library", cluster15, database)
    holdfast.backup("library")
    with cluster15.connect(database) as session:
        session.execute("DROP TABLE others; DROP TABLE items")
        session.execute(f'DROP ROLE "{needed}", "{reader}", "{other}"')
    told = holdfast.json("restore", "--table", "items", "--to", "public")
    assert sorted(told["roles_created"]) == [needed, reader]
    assert cluster15.query(roles) == [(needed,), (reader,)]
    owner = "SELECT pg_get_userbyid(relowner) FROM pg_class WHERE relname = 'items'"
    assert cluster15.query(owner, database) == [(needed,)]
    assert cluster15.query("SELECT count(*) FROM items", database) == [(100,)]
    cluster15.drop(database)
    with cluster15.connect() as session:
        session.execute(f'DROP ROLE "{needed}", "{reader}"')


def test_a_table_that_the_archive_lost_is_named(holdfast: Holdfast, cluster15: Server) -> None:
    database = small(cluster15, cluster15.unique())
    repository = holdfast.define("library", cluster15, database)
    made = holdfast.backup("library")
    alter(cluster15, repository, made, "DROP TABLE items")
    names = cluster15.names()
    error = holdfast("restore", made["id"], "--table", "items", status=1).err
    assert "it holds no table public.items" in error and "Its proof says that it should" in error
    assert cluster15.names() == names
    assert "public.items" in holdfast.json("list")["jobs"][0]["backups"][0]["problem"]


def test_bad_input_is_refused_before_anything_is_touched(holdfast: Holdfast, cluster15: Server) -> None:
    database = small(cluster15, cluster15.unique())
    holdfast.define("library", cluster15, database)
    holdfast.backup("library")
    before, names = content(cluster15, database), cluster15.names()

    def refused(*args: str, status: int = 2) -> str:
        error = holdfast("restore", *args, status=status).err
        assert cluster15.names() == names
        assert_same(content(cluster15, database), before)
        return error

    assert "it holds no table public.gone" in refused("--table", "gone")
    assert "It holds: public.items" in refused("--table", "gone")
    assert "is not a table's name" in refused("--table", "a.b.c")
    assert "would become" in refused("--table", "items", "--table", "public.items")
    assert "public.items exists" in refused("--table", "items", "--to", "public", status=1)
    assert "not allowed with" in refused("--table", "items", "--into", "x")
    told = holdfast("restore", "--table", "items", "--dry-run").out
    assert "public.items as restored_" in told and "Nothing was changed" in told
    assert_same(content(cluster15, database), before)


@pytest.mark.parametrize("format", ["plain", "custom"])
def test_names_with_line_breaks(holdfast: Holdfast, cluster15: Server, format: str) -> None:
    database = small(cluster15, cluster15.unique())
    names = ['"two\nlines"', '"carriage\rreturn"', '"line\u2028separator"', '"form\x0cfeed"', '"sp  ace"']
    with cluster15.connect(database) as session:
        session.execute('CREATE SCHEMA "odd\nschema"')
        for number, name in enumerate(names):
            session.execute(f'CREATE TABLE "odd\nschema".{name} AS SELECT generate_series(1, 10 + {number}) AS id')
    holdfast.define("library", cluster15, database, format=format)
    holdfast.backup("library")
    wanted = [word for name in names for word in ("--table", f'"odd\nschema".{name}')]
    told = holdfast.json("restore", "latest", *wanted, "--to", '"back\nagain"')
    assert told["proof"]["result"] == "proved" and told["proof"]["rows"] == 10 + 11 + 12 + 13 + 14
    with cluster15.connect(database) as session:
        for number, name in enumerate(names):
            assert session.execute(f'SELECT count(*) FROM "back\nagain".{name}').fetchone()[0] == 10 + number


def test_room_is_asked_for_the_tables_alone(holdfast: Holdfast, cluster15: Server) -> None:
    database = small(cluster15, cluster15.unique())
    repository = holdfast.define("library", cluster15, database)
    made = holdfast.backup("library")["id"]
    path = files.manifest_file(repository, made)
    manifest = json.loads(path.read_text(encoding="utf-8"))
    # As if there were a table as large as no disk
    details = manifest["artifacts"][0]["details"]
    details["size"] = 1 << 60
    details["largest_tables"].insert(0, {"schema": "public", "table": "huge", "size": (1 << 60) - details["size"]})
    path.write_text(json.dumps(manifest), encoding="utf-8")
    assert "needs about" in holdfast("restore", made, "--into", cluster15.unique(), status=1).err
    told = holdfast.json("restore", made, "--table", "items", "--to", "back")
    assert told["tables"] == [{"table": "back.items", "rows": 100}]
