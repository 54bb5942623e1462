# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A hot standby as the source: what can be read there is backed up, and nothing can be restored into it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ansible_collections.holdfast.postgres.tests.integration import sample, servers
from ansible_collections.holdfast.postgres.tests.integration.content import assert_same, content
from ansible_collections.holdfast.postgres.tests.integration.program import Holdfast
from ansible_collections.holdfast.postgres.tests.integration.servers import Server


@pytest.fixture
def primary(other15: Server) -> Server:
    sample.create(other15, "library")
    with other15.connect("library") as session:
        session.execute("CREATE UNLOGGED SEQUENCE library.fleeting START 7; SELECT nextval('library.fleeting')")
        session.execute(
            "CREATE UNLOGGED TABLE library.queue (id integer GENERATED ALWAYS AS IDENTITY, job text);"
            " INSERT INTO library.queue (job) VALUES ('one'), ('two')"
        )
    return other15


@pytest.fixture
def standby(primary: Server) -> Iterator[Server]:
    with servers.standby(primary) as server:
        yield server


def test_a_standby_is_backed_up_and_nothing_is_restored_into_it(
    primary: Server, standby: Server, holdfast: Holdfast
) -> None:
    repository = holdfast.define("library", standby, "library", format="directory")
    told = holdfast("backup")
    assert "no rows of unlogged tables, and the backup none of library.cache, library.queue" in told.err + told.out
    holdfast("verify", "latest")
    assert holdfast.json("drill")["result"] == "proved"
    for command in (
        ["--into", "never"],
        ["--yes"],
        ["--in-place", "--yes"],
        ["--table", "library.books"],
        ["--dry-run"],
    ):
        assert "it is a standby" in holdfast("restore", "latest", *command, status=1).err
    assert len(holdfast.json("list")["jobs"][0]["backups"]) == 1

    expected = content(primary, "library")
    holdfast.define("library", primary, "library", repository=str(repository))
    with primary.connect("library") as session:
        session.execute("DELETE FROM library.parent")
    holdfast("restore", "latest", "--yes")
    # Where the sequences stand the backup does not know; the live database that was replaced did.
    unlogged = {"rows of library.cache": (0, None), "rows of library.queue": (0, None)}
    assert_same(content(primary, "library"), {**expected, **unlogged})
