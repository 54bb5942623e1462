# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Memory stays flat, however much data passes through."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ansible_collections.holdfast.postgres.tests.integration import processes
from ansible_collections.holdfast.postgres.tests.integration.program import Holdfast
from ansible_collections.holdfast.postgres.tests.integration.sample import large
from ansible_collections.holdfast.postgres.tests.integration.servers import Server

LIMIT = 100 * 1024 * 1024


@pytest.fixture(scope="module")
def bulk(_cluster15: Server) -> Iterator[str]:
    """A database whose dump has over 300 MB."""
    yield large(_cluster15, "db_bulk", megabytes=310)
    _cluster15.drop("db_bulk")


@pytest.mark.parametrize(("format", "compression"), [("plain", "none"), ("custom", "zstd"), ("directory", "none")])
def test_our_own_process_stays_under_100_mib(
    holdfast: Holdfast, cluster15: Server, bulk: str, format: str, compression: str
) -> None:
    into = cluster15.unique()
    holdfast.define("library", cluster15, bulk, format=format, compression=compression)

    def peak(*command: str) -> int:
        run = holdfast.start(*command)
        found = processes.peak_memory(run)
        out, error = run.communicate()
        assert run.returncode == 0, out + error
        return found

    assert 1024 * 1024 < peak("backup", "library") < LIMIT
    made = holdfast.json("list")["jobs"][0]["backups"][0]
    if compression == "none":
        assert made["size"] > 300_000_000
    assert peak("verify", "latest") < LIMIT
    assert peak("drill") < LIMIT
    assert peak("restore", "latest", "--into", into) < LIMIT
    count = "SELECT count(*), sum(hashtext(filling)) FROM bulk"
    assert cluster15.query(count, into) == cluster15.query(count, bulk)
    if format == "plain":
        assert peak("restore", made["id"], "--in-place") < LIMIT
