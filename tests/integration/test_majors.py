# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The majors of PostgreSQL that Debian has not, and from each to the next. Those that it has are everywhere else."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.holdfast.postgres.tests.integration import sample
from ansible_collections.holdfast.postgres.tests.integration.content import assert_same, content, rows
from ansible_collections.holdfast.postgres.tests.integration.program import Holdfast
from ansible_collections.holdfast.postgres.tests.integration.sample import small
from ansible_collections.holdfast.postgres.tests.integration.servers import Server

# What only a server of that version or newer knows
NEWS = {
    15: """
        CREATE TABLE library.seats (id integer, guest integer UNIQUE NULLS NOT DISTINCT);
        INSERT INTO library.seats VALUES (1, NULL), (2, 7);
        CREATE VIEW library.own_books WITH (security_invoker = true) AS SELECT id FROM library.books;
        CREATE PUBLICATION seats FOR TABLE library.seats (id) WHERE (id > 1);""",
    16: """
        CREATE TABLE library.thick (id integer, filling text STORAGE MAIN);
        INSERT INTO library.thick VALUES (1, repeat('x', 5000));""",
    17: """
        CREATE TABLE library.labels (id integer GENERATED ALWAYS AS IDENTITY, span interval);
        INSERT INTO library.labels (span) VALUES ('infinity'), ('-infinity');""",
    18: """
        CREATE TABLE library.stays (room int4range, during daterange, nights integer, price numeric,
          total numeric GENERATED ALWAYS AS (nights * price) VIRTUAL,
          PRIMARY KEY (room, during WITHOUT OVERLAPS), CONSTRAINT cheap CHECK (price < 10) NOT ENFORCED,
          CONSTRAINT counted NOT NULL nights NOT VALID);
        INSERT INTO library.stays VALUES ('[1,2)', '[2025-01-01,2025-01-04)', 3, 80.5);""",
}


def library(server: Server) -> str:
    """A new database with one of everything that the server knows."""
    news = "".join(script for major, script in NEWS.items() if major <= server.major)
    return sample.create(server, server.unique(), sample.BARE + news)


@pytest.fixture
def server(major: int, request: pytest.FixtureRequest) -> Server:
    return request.getfixturevalue(f"container{major}")


@pytest.mark.parametrize(("major", "format"), [(14, "plain"), (16, "directory"), (18, "custom")])
def test_a_database_goes_all_the_ways(major: int, format: str, server: Server, holdfast: Holdfast) -> None:
    database, beside = library(server), server.unique()
    before = content(server, database)
    holdfast.define("library", server, database, format=format)
    made = holdfast.backup("library")
    assert made["server"]["major"] == server.major == major
    # The programs of 16 and 18 were built without zstd.
    assert made["artifacts"][0]["file"].endswith(".zst")
    holdfast("verify", "latest")
    report = holdfast.json("drill")
    assert (report["result"], report["where"], report["server"]["major"]) == ("proved", "container", major)

    holdfast("restore", made["id"], "--into", beside)
    assert_same(content(server, beside), before)
    with server.connect(database) as session:
        session.execute("DELETE FROM library.books WHERE id > 10")
        session.execute("INSERT INTO library.parent VALUES (7, 'seven')")
    lost = content(server, database)
    holdfast("restore", made["id"])
    assert_same(content(server, database), before)
    holdfast("rollback", database)
    assert_same(content(server, database), lost)
    holdfast("restore", made["id"], "--table", "library.parent", "--table", "library.books", "--to", "back")
    with server.connect(database) as session:
        found = session.execute("SELECT count(*), sum(pages) FROM back.books").fetchall()
    assert found == [(700, 350 * 701)]
    holdfast("restore", made["id"], "--in-place")
    assert_same(content(server, database), before)
    assert "PostgreSQL " + str(major) in holdfast("status", "library").out


def test_an_older_server_is_served_from_this_host(holdfast: Holdfast, container14: Server, password_file: Path) -> None:
    """The next newer programs that are installed dump it, and make the scratch server of its drills."""
    database, beside = small(container14, container14.unique()), container14.unique()
    connection = {"host": "127.0.0.1", "port": container14.port, "password_file": str(password_file)}
    holdfast.define("library", connection, database)
    assert holdfast.backup("library")["artifacts"][0]["details"]["dumped_with"] == 15
    report = holdfast.json("drill")
    assert (report["result"], report["where"], report["server"]["major"]) == ("proved", "cluster", 15)
    holdfast("restore", "latest", "--into", beside)
    assert rows(container14, beside) == rows(container14, database)


@pytest.mark.parametrize(("major", "newer"), [(14, 15), (15, 16), (16, 17), (17, 18), (14, 18)])
def test_a_newer_server_takes_the_backup(
    major: int, newer: int, server: Server, request: pytest.FixtureRequest, holdfast: Holdfast
) -> None:
    target: Server = request.getfixturevalue(f"container{newer}")
    database = library(server)
    before = content(server, database)
    # What either of them can read
    repository = holdfast.define("library", server, database, compression="gzip")
    holdfast.backup("library")
    holdfast.define("library", target, database, compression="gzip", repository=str(repository))
    target.databases.append(database)
    holdfast("restore", "latest", "--into", database)
    found = content(target, database)
    for key in sorted(before):
        if key.startswith(("rows", "sequence", "large")):
            assert found[key] == before[key]


@pytest.mark.parametrize("format", ["custom", "directory"])
def test_what_cannot_be_decompressed_is_known_beforehand(
    format: str, holdfast: Holdfast, container17: Server, container18: Server
) -> None:
    database = small(container17, container17.unique())
    repository = holdfast.define("library", container17, database, format=format)
    made = holdfast.backup("library")
    small(container18, database, 5)
    container18.databases.append(database)
    holdfast.define("library", container18, database, repository=str(repository))
    names = container18.names()
    for command in (["restore", made["id"]], ["restore", made["id"], "--dry-run"], ["drill", made["id"]]):
        assert "zstd, which the PostgreSQL programs" in " ".join(holdfast(*command, status=1).err.split())
    assert len(rows(container18, database)) == 5 and container18.names() == names
    # That says nothing against the backup.
    assert holdfast("verify", made["id"], status=None).status == (1 if format == "custom" else 0)
    assert holdfast.json("list")["jobs"][0]["backups"][0]["problem"] == ""
