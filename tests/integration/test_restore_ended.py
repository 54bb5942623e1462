# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A restore into a new database that is ended in the middle, by what its programs suffer, is no success."""

from __future__ import annotations

import os
import signal

import pytest

from ansible_collections.holdfast.postgres.tests.integration import processes
from ansible_collections.holdfast.postgres.tests.integration.content import assert_same, content
from ansible_collections.holdfast.postgres.tests.integration.program import Holdfast
from ansible_collections.holdfast.postgres.tests.integration.sample import RESTORING, large
from ansible_collections.holdfast.postgres.tests.integration.servers import Server
from ansible_collections.holdfast.postgres.tests.integration.waiting import wait_until


@pytest.mark.parametrize(
    ("format", "word", "number"),
    [
        ("plain", "psql", signal.SIGTERM),
        ("plain", "psql", signal.SIGKILL),
        ("custom", "pg_restore", signal.SIGTERM),
        ("directory", "pg_restore", signal.SIGTERM),
    ],
)
def test_a_container_client_that_is_ended_is_no_success(
    holdfast: Holdfast, container17: Server, format: str, word: str, number: int
) -> None:
    database, into = large(container17, container17.unique(), megabytes=20, slow=True), container17.unique()
    holdfast.define("library", container17, database, format=format, globals=False)
    holdfast.backup("library")
    names = container17.names()
    run = holdfast.start("restore", "latest", "--into", into)
    wait_until(lambda: container17.query(RESTORING)[0][0], "rows are being restored")
    # Docker's client has the exit status 0 after SIGTERM, whatever becomes of the program.
    os.kill(processes.find_client(run.pid, word), number)
    error = run.communicate(timeout=60)[1]
    assert run.returncode == 1, error
    assert container17.names() == names
    assert container17.sessions() == 0


@pytest.mark.parametrize("format", ["plain", "custom", "directory"])
def test_a_program_that_dies_is_no_success(holdfast: Holdfast, cluster15: Server, format: str) -> None:
    database, into = large(cluster15, cluster15.unique(), megabytes=20, slow=True), cluster15.unique()
    holdfast.define("library", cluster15, database, format=format, globals=False)
    holdfast.backup("library")
    names = cluster15.names()
    run = holdfast.start("restore", "latest", "--into", into)
    wait_until(lambda: cluster15.query(RESTORING)[0][0], "rows are being restored")
    # Of a plain dump it is the decompressor whose end psql would take for the end of the dump.
    os.kill(processes.find_child(run.pid, "zstd" if format == "plain" else "pg_restore"), signal.SIGKILL)
    error = run.communicate(timeout=60)[1]
    assert run.returncode == 1, error
    assert "SIGKILL" in error
    assert cluster15.names() == names
    holdfast("restore", "latest", "--into", into)
    assert_same(content(cluster15, into), content(cluster15, database))
