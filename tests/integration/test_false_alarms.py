# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Databases that a dump holds whole, and that a careless comparison would call altered."""

from __future__ import annotations

import pytest

from ansible_collections.holdfast.postgres.tests.integration import sample
from ansible_collections.holdfast.postgres.tests.integration.program import Holdfast
from ansible_collections.holdfast.postgres.tests.integration.servers import Server

# Operators that are named as another's commutator and negator, and that nobody made; two remain of one that is gone.
SHELLS = """
    CREATE SCHEMA app;
    CREATE OPERATOR app.<<< (FUNCTION = int4lt, LEFTARG = integer, RIGHTARG = integer,
      COMMUTATOR = OPERATOR(app.>>>), NEGATOR = OPERATOR(app.>>=));
    CREATE OPERATOR app.@@@ (FUNCTION = int4lt, LEFTARG = integer, RIGHTARG = integer,
      COMMUTATOR = OPERATOR(app.@@>), NEGATOR = OPERATOR(app.@@=));
    DROP OPERATOR app.@@@ (integer, integer);
    CREATE TABLE app.items (id integer PRIMARY KEY);
    INSERT INTO app.items SELECT generate_series(1, 100);
"""
ODD = {
    "without what every new database has": "DROP TABLE items; DROP SCHEMA public; DROP EXTENSION plpgsql",
    "public made again": "DROP TABLE items; DROP SCHEMA public; CREATE SCHEMA public",
    "public is somebody's": """ALTER SCHEMA public OWNER TO "app owner"; COMMENT ON SCHEMA public IS NULL;
        REVOKE ALL ON SCHEMA public FROM PUBLIC""",
}


def odd(server: Server, statements: str) -> str:
    sample.create_roles(server)
    database = sample.small(server, server.unique())
    with server.connect(database) as session:
        session.execute(SHELLS)
        session.execute(statements)
    return database


@pytest.mark.parametrize("name", ODD)
@pytest.mark.parametrize("reach", ["cluster15", "container17"])
def test_an_odd_database_is_proved_in_every_kind_of_restore(
    name: str, reach: str, request: pytest.FixtureRequest, holdfast: Holdfast
) -> None:
    server: Server = request.getfixturevalue(reach)
    database, into = odd(server, ODD[name]), server.unique()
    holdfast.define("library", server, database)
    made = holdfast.backup("library")
    restores = [("--into", into), ("--in-place",)]
    for how in restores:
        told = holdfast.json("restore", made["id"], *how)["proof"]
        assert (told["result"], told["differences"], told["notes"]) == ("proved", [], []), how
    schemas = """SELECT nspname, nspacl::text, nspowner::regrole::text FROM pg_namespace
        WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'"""
    query = f"{schemas} UNION ALL SELECT extname, '', '' FROM pg_extension ORDER BY 1"
    assert server.query(query, into) == server.query(query, database)
    assert holdfast.json("drill", made["id"])["result"] == "proved"
