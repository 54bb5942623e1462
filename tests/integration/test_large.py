# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Backups of more tables than the server has locks for, as PostgreSQL is configured by default."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ansible_collections.holdfast.postgres.tests.integration import large, servers
from ansible_collections.holdfast.postgres.tests.integration.program import Holdfast
from ansible_collections.holdfast.postgres.tests.integration.servers import Server


def test_too_few_locks_are_known_beforehand_and_the_next_step_helps(crowded15: Server, holdfast: Holdfast) -> None:
    repository = holdfast.define("job", crowded15, "many_tables")
    refused = holdfast("backup", "job", status=1)
    assert "20,000" in refused.err and "dumping" not in refused.out
    setting = re.search(r"Set (max_locks_per_transaction) = (\d+)", refused.err)
    assert setting
    # To try would take the locks away from everybody else.
    log = (Path(crowded15.connection["work_dir"]) / "log").read_text(encoding="utf-8")
    assert "out of shared memory" not in log
    assert not [path for path in repository.iterdir() if not path.name.startswith(".")]
    with servers.cluster({"max_connections": "100", setting[1]: setting[2]}) as other:
        holdfast.define("job", other, large.create(other, "many_tables"))
        manifest = holdfast.backup("job")
    proof = next(artifact for artifact in manifest["artifacts"] if artifact["kind"] == "proof")
    assert (proof["details"]["tables"], proof["details"]["rows"]) == (20_000, 200)


@pytest.mark.parametrize("format", ["custom", "directory"])
def test_with_fewer_locks_than_it_would_like_a_backup_does_without(
    format: str, crowded15: Server, holdfast: Holdfast
) -> None:
    holdfast.define("job", crowded15, "many_partitions", format=format)
    manifest = holdfast.backup("job")
    proof = next(artifact for artifact in manifest["artifacts"] if artifact["kind"] == "proof")
    assert (proof["details"]["tables"], proof["details"]["rows"]) == (10_000, 100)
    log = (Path(crowded15.connection["work_dir"]) / "log").read_text(encoding="utf-8")
    assert "out of shared memory" not in log
