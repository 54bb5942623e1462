# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A rollback knows what was written since the swap, whatever was swapped in, or says that it does not."""

from __future__ import annotations

import json

import pytest
from psycopg import sql

from ansible_collections.holdfast.postgres.tests.integration.content import rows
from ansible_collections.holdfast.postgres.tests.integration.program import Holdfast
from ansible_collections.holdfast.postgres.tests.integration.sample import fill, small
from ansible_collections.holdfast.postgres.tests.integration.servers import Server
from ansible_collections.holdfast.postgres.tests.integration.waiting import wait_until

WAITS = "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'holdfast%' AND wait_event_type = 'Lock'"


def _backup(holdfast: Holdfast, server: Server, database: str, kind: str) -> str:
    """A backup of that kind; what names it."""
    repository = holdfast.define("library", server, database, proof=kind if kind in ("counts", "none") else "full")
    if kind in ("counts", "none"):
        return holdfast.backup("library")["id"]
    repository.mkdir(parents=True, exist_ok=True)
    path = repository / f"{database}_20250816_155503.sql"
    path.write_bytes(server.run("pg_dump", f"--host={server.connection['socket']}", f"--port={server.port}", database))
    if kind == "adopted":
        return holdfast.json("adopt", path)["adopted"][0]["backup"]
    return str(path)


@pytest.mark.parametrize("kind", ["counts", "none", "adopted", "file"])
def test_it_sees_an_update_after_the_swap_of_what_has_no_full_proof(
    holdfast: Holdfast, cluster15: Server, kind: str
) -> None:
    database = small(cluster15, cluster15.unique())
    backup = _backup(holdfast, cluster15, database, kind)
    fill(cluster15, database, 5)
    told = holdfast.json("restore", backup, "--no-safety-backup")
    proved = told["proof"]
    assert (proved["result"], proved["mode"]) == ("proved" if kind == "counts" else "no proof", "counts")
    assert holdfast.json("rollback", database, "--dry-run")["changes"] == []
    with cluster15.connect(database) as session:
        session.execute("UPDATE items SET name = 'since the swap'")
    assert "the same number of rows (100), and other content" in holdfast("rollback", database, status=1).err
    assert rows(cluster15, database)[0] == (1, "since the swap")
    aside = holdfast.json("rollback", database, "--force")["aside"]
    assert len(rows(cluster15, database)) == 105 and rows(cluster15, aside)[0] == (1, "since the swap")


def test_what_it_cannot_know_it_does_not_deny(holdfast: Holdfast, cluster15: Server) -> None:
    database = small(cluster15, cluster15.unique())
    holdfast.define("library", cluster15, database)
    holdfast.backup("library")
    holdfast("restore", "latest", "--no-safety-backup")
    (kept,) = (holdfast.home / "state" / "library" / "swapped").iterdir()
    text = kept.read_text(encoding="utf-8")
    for unknown in (text.replace('"mode": "full"', '"mode": "counts"'), text[:100]):
        kept.write_text(unknown, encoding="utf-8")
        assert holdfast.json("rollback", database, "--dry-run")["changes"] is None
        refused = holdfast("rollback", database, status=1).err
        assert "is not known" in refused and "--force" in refused
    holdfast("rollback", database, "--force")
    assert len(rows(cluster15, database)) == 100


@pytest.fixture
def swapped(holdfast: Holdfast, cluster15: Server) -> str:
    """The name of a live database that a restore brought."""
    database = small(cluster15, cluster15.unique())
    holdfast.define("library", cluster15, database)
    holdfast.backup("library")
    holdfast("restore", "latest", "--no-safety-backup")
    return database


def test_what_was_set_on_the_database_itself_is_named(holdfast: Holdfast, cluster15: Server, swapped: str) -> None:
    with cluster15.connect() as session:
        session.execute(f"ALTER DATABASE {swapped} SET work_mem = '11MB'")
    refused = holdfast("rollback", swapped, status=1).err
    assert f"database {swapped}: setting work_mem: '11MB' instead of none" in refused
    holdfast("rollback", swapped, "--force")


def test_what_is_done_while_it_waits_is_named(holdfast: Holdfast, cluster15: Server, swapped: str) -> None:
    with cluster15.connect() as session:
        # The transaction keeps the database from being renamed, and nobody sees what it sets.
        session.execute(
            f"BEGIN; COMMENT ON DATABASE {swapped} IS 'gate'; ALTER DATABASE {swapped} SET work_mem = '11MB'"
        )
        run = holdfast.start("rollback", swapped, "--json")
        wait_until(lambda: cluster15.query(WAITS)[0][0], "the rollback waits")
        session.execute("COMMIT")
        told, error = run.communicate(timeout=60)
    assert run.returncode == 0, error
    assert "setting work_mem: '11MB' instead of none" in "".join(json.loads(told)["changes"])


def test_what_is_altered_while_it_waits_is_not_put_back(holdfast: Holdfast, cluster15: Server, swapped: str) -> None:
    (before,) = (name for name in cluster15.names() if name.startswith(f"{swapped}_before_"))
    with cluster15.connect() as session, cluster15.connect() as other:
        session.execute(f"BEGIN; COMMENT ON DATABASE {swapped} IS 'gate'")
        run = holdfast.start("rollback", swapped)
        wait_until(lambda: cluster15.query(WAITS)[0][0], "the rollback waits")
        other.execute(sql.SQL("COMMENT ON DATABASE {} IS 'mine'").format(sql.Identifier(before)))
        names = cluster15.names()
        session.execute("ROLLBACK")
        error = run.communicate(timeout=60)[1]
    assert run.returncode == 1 and "somebody altered it meanwhile" in error
    assert cluster15.names() == names
