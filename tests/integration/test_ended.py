# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A dump that is ended in the middle: by a signal to us, to one of our programs, or with the server."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ansible_collections.holdfast.postgres.tests.integration import files, processes, servers
from ansible_collections.holdfast.postgres.tests.integration.program import Holdfast
from ansible_collections.holdfast.postgres.tests.integration.sample import large, small
from ansible_collections.holdfast.postgres.tests.integration.servers import Server
from ansible_collections.holdfast.postgres.tests.integration.waiting import wait_until


@contextmanager
def locked(server: Server, database: str) -> Iterator[None]:
    """While this holds, pg_dump waits for a table, in the middle of its work.

    It is one without rows of its own, for those that have some are locked before pg_dump begins.
    """
    with server.connect(database) as session:
        session.execute("CREATE TABLE IF NOT EXISTS gate (id integer) PARTITION BY RANGE (id)")
        session.execute("BEGIN")
        session.execute("LOCK TABLE gate IN ACCESS EXCLUSIVE MODE")
        yield
        session.execute("ROLLBACK")


def waits(server: Server) -> bool:
    query = "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'holdfast%' AND wait_event_type = 'Lock'"
    return server.query(query)[0][0] > 0


@pytest.mark.parametrize("reach", ["cluster15", "container17"])
def test_sigterm_cleans_up_at_once(reach: str, request: pytest.FixtureRequest, holdfast: Holdfast) -> None:
    server = request.getfixturevalue(reach)
    database = small(server, server.unique())
    repository = holdfast.define("library", server, database)
    holdfast.backup("library")
    earlier = files.snapshot(repository)
    with locked(server, database):
        run = holdfast.start("backup", "library")
        wait_until(lambda: waits(server), "pg_dump waits for the table")
        assert files.hidden(repository)
        processes.kill(run, signal.SIGTERM)
        assert run.returncode == 130
        # The table is still locked: nothing here happens because the dump went on.
        wait_until(lambda: server.sessions() == 0, "its sessions have ended")
    assert files.hidden(repository) == []
    assert files.snapshot(repository) == earlier
    assert holdfast.history("library")[-1]["result"] == "ended"


@pytest.mark.parametrize("reach", ["cluster15", "container17"])
def test_what_a_sigkill_leaves_on_the_server_ends_with_the_next_run(
    reach: str, request: pytest.FixtureRequest, holdfast: Holdfast
) -> None:
    server = request.getfixturevalue(reach)
    database, other = small(server, server.unique()), small(server, server.unique())
    repository = holdfast.define("library", server, database)
    with locked(server, database):
        run = holdfast.start("backup", "library")
        wait_until(lambda: waits(server), "pg_dump waits for the table")
        processes.kill(run)
        assert files.visible(repository) == []
        assert holdfast.json("list")["jobs"][0]["backups"] == []
        holdfast.define("library", server, other)
        holdfast.backup("library")
        wait_until(lambda: server.sessions() == 0, "the sessions of the killed run have ended")
    assert files.hidden(repository) == []


@pytest.mark.parametrize("format", ["plain", "custom", "directory"])
def test_a_pg_dump_that_is_killed_is_no_backup(holdfast: Holdfast, cluster15: Server, format: str) -> None:
    database = small(cluster15, cluster15.unique())
    repository = holdfast.define("library", cluster15, database, format=format)
    holdfast.backup("library")
    earlier = files.snapshot(repository)
    with locked(cluster15, database):
        run = holdfast.start("backup", "library")
        wait_until(lambda: waits(cluster15), "pg_dump waits for the table")
        os.kill(processes.find_child(run.pid, "pg_dump"), signal.SIGKILL)
        error = run.communicate(timeout=30)[1]
    assert run.returncode == 1
    assert "pg_dump" in error and "SIGKILL" in error
    assert files.hidden(repository) == []
    assert files.snapshot(repository) == earlier
    # Of this job alone: what a killed run of another test's job left waits for the next run of that job.
    assert not list(Path(cluster15.connection["work_dir"]).glob(".holdfast-library-*"))
    holdfast.backup("library")


def test_a_pg_dump_that_is_killed_inside_a_container_is_no_backup(holdfast: Holdfast, container17: Server) -> None:
    database = small(container17, container17.unique())
    repository = holdfast.define("library", container17, database)
    with locked(container17, database):
        run = holdfast.start("backup", "library")
        wait_until(lambda: waits(container17), "pg_dump waits for the table")
        os.kill(processes.in_container(container17, "pg_dump"), signal.SIGKILL)
        error = run.communicate(timeout=30)[1]
    assert run.returncode == 1
    assert "pg_dump in container" in error
    assert list(repository.iterdir()) == []


@pytest.mark.parametrize(("compression", "victim"), [("gzip", "gzip"), ("gzip", "pg_dump"), ("zstd", "zstd")])
def test_a_program_that_dies_amid_the_data_is_no_backup(
    holdfast: Holdfast, cluster15: Server, compression: str, victim: str
) -> None:
    database = large(cluster15, cluster15.unique(), megabytes=20)
    repository = holdfast.define("library", cluster15, database, format="plain", compression=compression)
    run = holdfast.start("backup", "library")
    # Stopped, it holds up pg_dump in the middle of the table.
    compressor = processes.find_child(run.pid, compression)
    processes.stop(compressor)
    busy = "SELECT count(*) FROM pg_stat_progress_copy WHERE command = 'COPY TO' AND bytes_processed > 500000"
    wait_until(lambda: cluster15.query(busy)[0][0], "rows are on their way")
    os.kill(processes.find_child(run.pid, victim), signal.SIGKILL)
    if victim != compression:
        processes.resume(compressor)
    error = run.communicate(timeout=30)[1]
    assert run.returncode == 1, error
    assert f"{victim}: was ended by SIGKILL" in error
    assert list(repository.iterdir()) == []


# Everything that pg_dump writes but its end is kept, and all is said to be well.
CUT_OFF = """#!/bin/bash
set -- "$@"; file=/dev/stdout; words=()
for word; do case $word in --file=*) file=${{word#--file=}};; *) words+=("$word");; esac; done
case "$*" in
  *--version*) exec {real} "$@";;
  *directory*) {real} "$@" && rm "$file"/[0-9]*.dat*;;
  *) {real} "${{words[@]}}" | head -c {octets} > "$file";;
esac
exit 0
"""


@pytest.mark.parametrize(
    ("format", "octets", "told"),
    [
        ("plain", 100_000, "the dump does not end with 'dump complete'"),
        ("custom", 100_000, "it cannot be read to its end"),
        ("directory", 0, "which its table of contents lists, is missing"),
        ("custom", 300, "300 octets are too few for a dump of database"),
    ],
)
def test_a_pg_dump_that_ends_early_and_says_nothing_of_it_is_no_backup(
    holdfast: Holdfast, format: str, octets: int, told: str
) -> None:
    with servers.container(17) as server:
        database = large(server, "library", megabytes=4)
        repository = holdfast.define("library", server, database, format=format, compression="none", globals=False)
        holdfast.backup("library")
        earlier = files.snapshot(repository)
        where = server.run("sh", "-c", "readlink -f $(command -v pg_dump)").decode().strip()
        server.run("mv", where, f"{where}.real")
        script = CUT_OFF.format(real=f"{where}.real", octets=octets)
        server.run("sh", "-c", f"cat > {where} && chmod 755 {where}", source=script.encode())
        assert told in holdfast("backup", "library", status=1).err
        assert files.snapshot(repository) == earlier and files.hidden(repository) == []


def test_a_container_that_is_stopped_in_the_middle_is_no_backup(holdfast: Holdfast) -> None:
    with servers.container(17) as server:
        database = small(server, "library")
        repository = holdfast.define("library", server, database)
        holdfast.backup("library")
        earlier = files.snapshot(repository)
        session = server.connect(database)
        session.execute("BEGIN; LOCK TABLE items IN ACCESS EXCLUSIVE MODE")
        run = holdfast.start("backup", "library")
        wait_until(lambda: waits(server), "pg_dump waits for the table")
        servers.docker("kill", server.container)
        error = run.communicate(timeout=30)[1]
        session.close()
        assert run.returncode == 1
        assert "Traceback" not in error
        assert files.hidden(repository) == []
        assert files.snapshot(repository) == earlier

        # Without its server no archive can be read, and that is not the backup's fault.
        error = holdfast("verify", "latest", status=1).err
        assert f"container {server.container}" in error and f"docker start {server.container}" in error
        assert holdfast.json("list")["jobs"][0]["backups"][0]["problem"] == ""
        assert "there is no such container" not in holdfast("restore", "latest", "--into", "x", status=1).err
        servers.restart(server)
        holdfast("verify", "latest")
        holdfast("restore", "latest", "--into", "again")
        assert server.query("SELECT count(*) FROM items", "again") == [(100,)]
