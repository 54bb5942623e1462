# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Backups and restores of more tables than the server has locks for, as PostgreSQL is configured by default."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ansible_collections.holdfast.postgres.tests.integration import large, servers
from ansible_collections.holdfast.postgres.tests.integration.program import Holdfast
from ansible_collections.holdfast.postgres.tests.integration.servers import Server


def assert_never_full(server: Server) -> None:
    """To try would take the locks away from everybody else."""
    log = (Path(server.connection["work_dir"]) / "log").read_text(encoding="utf-8")
    assert "out of shared memory" not in log


def test_too_few_locks_are_known_beforehand_and_the_next_step_helps(crowded15: Server, holdfast: Holdfast) -> None:
    repository = holdfast.define("job", crowded15, "many_tables")
    refused = holdfast("backup", "job", status=1)
    assert "20,000" in refused.err and "dumping" not in refused.out
    setting = re.search(r"Set (max_locks_per_transaction) = (\d+)", refused.err)
    assert setting
    assert_never_full(crowded15)
    assert not [path for path in repository.iterdir() if not path.name.startswith(".")]
    with servers.cluster({"max_connections": "100", setting[1]: setting[2]}) as other:
        holdfast.define("job", other, large.create(other, "many_tables"))
        manifest = holdfast.backup("job")
    proof = next(artifact for artifact in manifest["artifacts"] if artifact["kind"] == "proof")
    assert (proof["details"]["tables"], proof["details"]["rows"]) == (20_000, 200)
    # To restore it the default locks are enough.
    holdfast.define("job", crowded15, "many_tables")
    drilled = holdfast.json("drill", "latest", "--where", "database")
    assert (drilled["result"], len(drilled["databases"])) == ("proved", 1)
    assert_never_full(crowded15)


@pytest.mark.parametrize("format", ["custom", "directory"])
def test_with_fewer_locks_than_it_would_like_a_backup_does_without(
    format: str, crowded15: Server, holdfast: Holdfast
) -> None:
    holdfast.define("job", crowded15, "many_partitions", format=format)
    manifest = holdfast.backup("job")
    proof = next(artifact for artifact in manifest["artifacts"] if artifact["kind"] == "proof")
    assert (proof["details"]["tables"], proof["details"]["rows"]) == (10_000, 100)
    assert_never_full(crowded15)


def test_ten_thousand_partitions_are_swapped_and_rolled_back(crowded15: Server, holdfast: Holdfast) -> None:
    database = crowded15.unique()
    with crowded15.connect() as session:
        session.execute(f'CREATE DATABASE "{database}" TEMPLATE many_partitions')
    holdfast.define("job", crowded15, database)
    holdfast.backup("job")
    with crowded15.connect(database) as session:
        session.execute("DELETE FROM events_7_7")
    restored = holdfast("restore", "latest", "--no-safety-backup")
    assert "Proved: 10,000 tables, 100 rows" in restored.out
    assert "without statistics of its own: public.events;" in restored.out + restored.err
    assert crowded15.query("SELECT count(*) FROM events_7_7", database) == [(1,)]
    assert holdfast.json("rollback", database)["changes"] == []
    assert crowded15.query("SELECT count(*) FROM events_7_7", database) == [(0,)]
    assert_never_full(crowded15)
