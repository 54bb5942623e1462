# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Odd but legal databases: everything in tests/integration/odd, each file in a schema of its name, in one database."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from psycopg import sql

from ansible_collections.holdfast.postgres.tests.integration import sample
from ansible_collections.holdfast.postgres.tests.integration.content import assert_same, content
from ansible_collections.holdfast.postgres.tests.integration.program import Holdfast
from ansible_collections.holdfast.postgres.tests.integration.servers import Server

FILES = sorted(Path(__file__).with_name("odd").glob("*.sql"))
# What the application of the database wants, and nobody else
SET = {
    "lc_monetary": "C.UTF-8",
    "DateStyle": "German",
    "IntervalStyle": "iso_8601",
    "bytea_output": "escape",
    "extra_float_digits": "-15",
    "TimeZone": "Pacific/Chatham",
    "search_path": '"e.x""t", "%t {}", kinds',
}
# What an extension was made with does not come back, nor is it wanted: the server's own version is.
OLDER = {"btree_gist", "pg_stat_statements"}
TABLES = [
    "kinds.t",
    "partitions.p1",
    "partitions.p3a",
    "inheritance.m",
    "names.SELECT",
    "names.%t {}",
    "beyond.parts_here",
]


# The order of the columns that a table inherits is not kept either.
UNLIKE = ("extensions", "rows of inheritance.late", "rows of inheritance.m")


def everything(server: Server, database: str) -> dict[str, Any]:
    return {key: value for key, value in content(server, database).items() if key not in UNLIKE}


def odd(server: Server) -> str:
    sample.create_roles(server)
    database = server.unique("odd %s {0} \\ 'x' \"y\"")
    server.create(database)
    with server.connect(database) as session:
        for file in FILES:
            name = sql.Identifier(file.stem)
            session.execute(sql.SQL("CREATE SCHEMA {0}; SET search_path = {0}, public").format(name))
            session.execute(file.read_text(encoding="utf-8"))
        name = sql.Identifier(database)
        for key, value in SET.items():
            statement = sql.SQL("ALTER DATABASE {} SET {} = {}")
            session.execute(
                statement.format(
                    name, sql.Identifier(key), sql.SQL(value if key == "search_path" else sql.quote(value))
                )
            )
    return database


def forget_role(server: Server) -> None:
    """A server that other tests use has no other roles than they expect."""
    server.sweep()
    with server.connect() as session:
        session.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier("%role {} \\ \"'")))


@pytest.mark.parametrize("reach", ["cluster15", "container17"])
def test_odd_databases_come_back_whichever_way(reach: str, request: pytest.FixtureRequest, holdfast: Holdfast) -> None:
    server: Server = request.getfixturevalue(reach)
    request.addfinalizer(lambda: forget_role(server))
    database = odd(server)
    before = everything(server, database)
    holdfast.define("odd", server, {"database": database, "name": "odd"})
    made = holdfast("backup", "odd")
    assert "warning" not in made.out + made.err
    for where in ((), ("--where", "database")):
        report = holdfast.json("drill", "latest", *where)
        assert report["result"] == "proved", report
    swapped = holdfast("restore", "latest", "--no-safety-backup", "--yes")
    # Nobody asks the servers that it names.
    assert (
        "without statistics of its own: beyond.parent, beyond.parts; some of their rows are on another" in swapped.out
    )
    assert_same(everything(server, database), before)
    told = holdfast.json("restore", "latest", "--in-place", "--yes")["proof"]
    assert (told["result"], told["differences"]) == ("proved", [])
    assert {note["name"] for note in told["notes"]} == OLDER
    assert_same(everything(server, database), before)
    wanted = [word for table in TABLES for word in ("--table", table)]
    told = holdfast.json("restore", "latest", *wanted, "--to", "back")["proof"]
    assert (told["result"], told["differences"]) == ("proved", [])
