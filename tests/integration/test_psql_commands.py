# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A plain dump with commands for psql: none is carried out, nothing goes elsewhere, and nothing is called restored."""

from __future__ import annotations

import re
import secrets
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.holdfast.postgres.tests.integration import processes, servers
from ansible_collections.holdfast.postgres.tests.integration.content import rows
from ansible_collections.holdfast.postgres.tests.integration.program import Holdfast
from ansible_collections.holdfast.postgres.tests.integration.sabotage import replace
from ansible_collections.holdfast.postgres.tests.integration.sample import small
from ansible_collections.holdfast.postgres.tests.integration.servers import Server, docker
from ansible_collections.holdfast.postgres.tests.integration.waiting import wait_until

LINES = {
    "shell": "\\! touch {witness}",
    "amid a line": "SELECT 1 \\! touch {witness}",
    "after a tab": "\t\\c {other}",
    "after SQL": "SELECT 1 \\c {other}",
    "copy": "\\copy (SELECT 1) TO PROGRAM 'touch {witness}'",
    "output": "\\o |touch {witness}",
    "result": "SELECT 1 \\g |touch {witness}",
    "query": "SELECT 'touch {witness}' \\g (format=unaligned tuples_only=on) |sh",
    "environment": "\\setenv PATH /tmp",
    "key": "\\unrestrict x\n\\! touch {witness}\n\\restrict x",
}
KEYS = re.compile(rb"^\\(?:un)?restrict .*\n", re.MULTILINE)
MARK = b"-- PostgreSQL database dump complete"


class Hostile:
    """A job with a plain backup, whose dump gets a line at its end; the checksums are made to fit."""

    def __init__(self, holdfast: Holdfast, server: Server, connection: Any = None) -> None:
        self.holdfast, self.server = holdfast, server
        self.name = f"library-{secrets.token_hex(4)}"
        self.database, self.other = small(server, server.unique()), server.unique("other")
        server.create(self.other)
        self.witness = Path(f"/tmp/holdfast-it-{secrets.token_hex(8)}")
        connection = connection or server
        self.repository = holdfast.define(
            self.name, connection, self.database, format="plain", compression="none", proof="none", globals=False
        )
        self.made = holdfast.backup(self.name)
        self.path = self.repository / self.made["artifacts"][0]["file"]
        # Whoever alters a dump takes out what makes psql refuse its own commands, or uses its key.
        self.clean = KEYS.sub(b"", self.path.read_bytes())

    def put(self, line: str) -> bytes:
        told = line.format(witness=self.witness, other=self.other)
        after = f"{told}\nCREATE TABLE public.after (id integer);\n".encode()
        octets = self.clean.replace(MARK, after + MARK)
        if "unrestrict" in line:
            octets = b"\\restrict x\n" + octets + b"\\unrestrict x\n"
        replace(self.repository, self.made["id"], self.path, octets)
        return octets

    def run(self, *args: str) -> None:
        """The command fails, and what the line wants has not happened."""
        before = rows(self.server, self.database)
        names = self.server.names()
        result = self.holdfast(*args, status=None)
        assert result.status == 1, result.out + result.err
        assert "Restored" not in result.out and "proved" not in result.out.lower()
        assert not self.witness.exists()
        if self.server.container:
            assert self.witness.name not in docker("exec", self.server.container, "ls", "/tmp")
        assert self.server.query("SELECT to_regclass('public.after')", self.other) == [(None,)]
        assert rows(self.server, self.database) == before
        assert self.server.names() == names


@pytest.mark.parametrize("line", LINES)
def test_a_backup_with_such_a_line_is_not_restored(holdfast: Holdfast, cluster15: Server, line: str) -> None:
    hostile = Hostile(holdfast, cluster15)
    hostile.put(LINES[line])
    hostile.run("restore", hostile.made["id"], "--into", cluster15.unique())


@pytest.mark.parametrize("reach", ["tcp15", "container17"])
def test_nor_over_tcp_nor_in_a_container(reach: str, request: pytest.FixtureRequest, holdfast: Holdfast) -> None:
    server: Server = request.getfixturevalue("container15" if reach == "tcp15" else reach)
    hostile = Hostile(holdfast, server, request.getfixturevalue(reach))
    for line in ("shell", "after SQL"):
        hostile.put(LINES[line])
        hostile.run("restore", hostile.made["id"], "--into", server.unique())
    # The same dump without the line is.
    replace(hostile.repository, hostile.made["id"], hostile.path, hostile.clean)
    into = server.unique()
    holdfast("restore", hostile.made["id"], "--into", into)
    assert rows(server, into) == rows(server, hostile.database)


def test_nor_in_place_nor_in_a_drill_nor_by_its_path_nor_adopted(holdfast: Holdfast, cluster15: Server) -> None:
    hostile = Hostile(holdfast, cluster15)
    for line in ("shell", "after a tab"):
        octets = hostile.put(LINES[line])
        hostile.run("restore", hostile.made["id"], "--in-place")
        hostile.run("drill", hostile.made["id"])
        old = hostile.repository / "old_20250816_155503.sql"
        old.write_bytes(octets)
        hostile.run("restore", str(old), "--into", cluster15.unique())
        hostile.run("adopt", str(old))


def test_psql_is_nobody_who_could_do_harm(holdfast: Holdfast, container15: Server, tcp15: dict[str, Any]) -> None:
    hostile = Hostile(holdfast, container15, tcp15)
    slow = "SELECT pg_sleep(600); SELECT 1"
    hostile.put(slow)
    run = holdfast.start("restore", hostile.made["id"], "--into", container15.unique())
    try:
        found = Path("/proc") / str(processes.find_by_argument(run.pid, "--file=-"))
        # It becomes psql step by step, in one process.
        wait_until(lambda: (found / "comm").read_text(encoding="utf-8") == "psql\n", "it has become psql")
        status = dict(line.split(":", 1) for line in (found / "status").read_text(encoding="utf-8").splitlines())
        assert "0" not in status["Uid"].split() + status["Gid"].split()
        assert status["Groups"].split() == []
        assert {int(status[key], 16) for key in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {0}
        assert status["NoNewPrivs"].strip() == "1"
        limits = (found / "limits").read_text(encoding="utf-8")
        assert "Max processes             0                    0 " in limits
        variables = (found / "environ").read_bytes().decode().split("\0")
        assert "PATH=/nonexistent" in variables and "SHELL=/nonexistent" in variables
        sleeps = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
        wait_until(lambda: container15.query(sleeps)[0][0], "psql waits for an answer")
    finally:
        run.kill()
        run.wait()
    # Nothing comes or goes through its pipes, so that none of them would tell it.
    wait_until(lambda: not found.exists(), "psql has ended with us")


# As a psql is that knows nothing of \\restrict, and what it gets is altered on its way.
OLD = """#!/bin/sh
case "$*" in *--version*) echo 'psql (PostgreSQL) 17.5'; exit;; esac
sed -u '{edit}' | exec {real} "$@"
"""


def test_a_psql_that_cannot_refuse_them_does_not_get_to_see_them_and_is_believed_nothing(holdfast: Holdfast) -> None:
    with servers.container(17) as server:
        hostile = Hostile(holdfast, server)
        replace(hostile.repository, hostile.made["id"], hostile.path, hostile.clean)
        where = server.run("sh", "-c", "readlink -f $(command -v psql)").decode().strip()
        server.run("mv", where, f"{where}.real")

        def edited(edit: str) -> None:
            script = OLD.format(edit=edit, real=f"{where}.real")
            server.run("sh", "-c", f"cat > {where} && chmod 755 {where}", source=script.encode())

        edited("")
        into = server.unique()
        holdfast("restore", hostile.made["id"], "--into", into)
        assert rows(server, into) == rows(server, hostile.database)
        for line in ("shell", "after SQL", "copy"):
            hostile.put(LINES[line])
            hostile.run("restore", hostile.made["id"], "--into", server.unique())
        replace(hostile.repository, hostile.made["id"], hostile.path, hostile.clean)
        for edit, told in (
            (f"s/^-- PostgreSQL database dump complete/\\\\c {hostile.other}/", "another session or database"),
            ("/^-- PostgreSQL database dump complete/q", "ended"),
        ):
            edited(edit)
            hostile.run("restore", hostile.made["id"], "--into", server.unique())
            assert told in holdfast("restore", hostile.made["id"], "--into", server.unique(), status=1).err
