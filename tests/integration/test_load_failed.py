# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A backup whose files are whole and that cannot be loaded: nobody is led to it again."""

from __future__ import annotations

import pytest

from ansible_collections.holdfast.postgres.tests.integration import files
from ansible_collections.holdfast.postgres.tests.integration.content import assert_same, content
from ansible_collections.holdfast.postgres.tests.integration.program import Holdfast
from ansible_collections.holdfast.postgres.tests.integration.sabotage import replace
from ansible_collections.holdfast.postgres.tests.integration.sample import RESTORING, large, small
from ansible_collections.holdfast.postgres.tests.integration.servers import Server
from ansible_collections.holdfast.postgres.tests.integration.waiting import wait_until

FIRST = b"SET row_security = off;\n"
# Backed up by what it is now, and loaded without the rows that it wants.
WANTS_OTHER_ROWS = """
    CREATE TABLE allowed (name text); INSERT INTO allowed VALUES ('a');
    CREATE FUNCTION is_allowed(wanted text) RETURNS boolean LANGUAGE plpgsql AS
      'BEGIN RETURN EXISTS (SELECT FROM public.allowed WHERE name = wanted); END';
    CREATE TABLE checked (name text CHECK (is_allowed(name))); INSERT INTO checked VALUES ('a')
"""


@pytest.mark.parametrize("how", ["swap", "--into", "--in-place", "--table", "drill"])
def test_a_backup_that_cannot_be_loaded_is_passed_over_from_then_on(
    how: str, holdfast: Holdfast, cluster15: Server
) -> None:
    database = small(cluster15, cluster15.unique())
    repository = holdfast.define("library", cluster15, database, format="plain", compression="none")
    good, bad = holdfast.backup("library"), holdfast.backup("library")
    path = files.artifact(repository, bad)
    replace(repository, bad["id"], path, path.read_bytes().replace(FIRST, FIRST + b"SELECT public.gone();\n"))
    into, before, names = cluster15.unique(), content(cluster15, database), cluster15.names()
    command = {
        "swap": ["restore", bad["id"]],
        "--into": ["restore", bad["id"], "--into", into],
        "--in-place": ["restore", bad["id"], "--in-place"],
        "--table": ["restore", bad["id"], "--table", "items", "--to", "back"],
        "drill": ["drill", bad["id"], "--where", "database"],
    }[how]
    told = holdfast(*command, status=1).err
    assert "it cannot be loaded" in told and "function public.gone() does not exist" in told
    assert f"The newest good backup before it is {good['id']}." in told
    assert cluster15.names() == names
    assert_same(content(cluster15, database), before)
    # Its files are whole: no verify sees what is wrong.
    holdfast("verify", bad["id"])
    assert holdfast.json("show", "latest")["id"] == good["id"]
    found = holdfast.json("restore", "latest", "--into", into)
    assert found["backup"] == good["id"] and bad["id"] in found["passed_over"][0]


def test_what_the_server_lacks_is_no_fault_of_the_backup(holdfast: Holdfast, cluster15: Server) -> None:
    database = small(cluster15, cluster15.unique())
    repository = holdfast.define("library", cluster15, database, format="plain", compression="none")
    made = holdfast.backup("library")
    path = files.artifact(repository, made)
    replace(repository, made["id"], path, path.read_bytes().replace(FIRST, FIRST + b"CREATE EXTENSION nowhere;\n"))
    told = holdfast("restore", made["id"], "--into", cluster15.unique(), status=1).err
    assert "nowhere" in told and "cannot be loaded" not in told
    assert holdfast.json("show", "latest")["id"] == made["id"]


def test_rows_that_are_left_out_are_no_fault_of_the_backup(holdfast: Holdfast, cluster15: Server) -> None:
    database = small(cluster15, cluster15.unique())
    with cluster15.connect(database) as session:
        session.execute(WANTS_OTHER_ROWS)
    holdfast.define("library", cluster15, database)
    made = holdfast.backup("library")
    told = holdfast("restore", made["id"], "--table", "checked", status=1).err
    assert "violates check constraint" in told and "cannot be loaded" not in told
    into = cluster15.unique()
    assert holdfast.json("restore", "latest", "--into", into)["backup"] == made["id"]


def test_what_is_in_the_way_in_a_live_database_is_no_fault_of_the_backup(holdfast: Holdfast, cluster15: Server) -> None:
    database = small(cluster15, cluster15.unique())
    with cluster15.connect(database) as session:
        session.execute("INSERT INTO items VALUES (101, 'ř')")
    holdfast.define("library", cluster15, database)
    made = holdfast.backup("library")
    name = database
    with cluster15.connect(database) as session:
        session.execute("CREATE SUBSCRIPTION s CONNECTION 'host=/nowhere' PUBLICATION p WITH (connect = false)")
    try:
        told = holdfast("restore", made["id"], "--in-place", status=1).err
        assert "the database has subscriptions" in told and "cannot be loaded" not in told
    finally:
        with cluster15.connect(database) as session:
            session.execute("ALTER SUBSCRIPTION s SET (slot_name = NONE); DROP SUBSCRIPTION s")
    cluster15.drop(database)
    with cluster15.connect() as session:
        session.execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'")
    told = holdfast("restore", made["id"], "--in-place", status=1).err
    assert "LATIN1" in told and "cannot be loaded" not in told
    assert not any("damaged" in line for line in holdfast.history("library"))
    assert holdfast.json("show", "latest")["id"] == made["id"]


@pytest.mark.parametrize("reach", ["cluster15", "container17"])
def test_a_connection_that_is_lost_is_no_fault_of_the_backup(
    reach: str, request: pytest.FixtureRequest, holdfast: Holdfast
) -> None:
    server = request.getfixturevalue(reach)
    database = large(server, server.unique(), megabytes=20, slow=True)
    holdfast.define("library", server, database)
    made = holdfast.backup("library")
    before = content(server, database)
    for how in (["--in-place"], ["--table", "bulk"]):
        run = holdfast.start("restore", made["id"], *how)
        wait_until(lambda: server.query(RESTORING)[0][0], "rows are being restored")
        server.query("SELECT pg_terminate_backend(pid) FROM pg_stat_progress_copy WHERE command = 'COPY FROM'")
        error = run.communicate(timeout=60)[1]
        assert run.returncode == 1 and "cannot be loaded" not in error, error
        assert_same(content(server, database), before)
    assert not any("damaged" in line for line in holdfast.history("library"))
