# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A password reaches PostgreSQL's programs, and no list of processes, no output and no file but its own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.holdfast.postgres.tests.integration import servers
from ansible_collections.holdfast.postgres.tests.integration.content import rows
from ansible_collections.holdfast.postgres.tests.integration.program import Holdfast
from ansible_collections.holdfast.postgres.tests.integration.sample import small
from ansible_collections.holdfast.postgres.tests.integration.servers import Server

# Python runs a module of this name first. Of the interpreter's audit events it keeps each start of a program.
HOOK = """
import json
import os
import sys


def text(word):
    return os.fsdecode(word) if isinstance(word, (str, bytes, os.PathLike)) else str(word)


def hook(event, args):
    if event == "subprocess.Popen":
        _program, argv, _directory, environment = args
        values = list(map(text, (environment or {}).values()))
        with open(os.environ["STARTED"], "a") as file:
            file.write(json.dumps({"argv": list(map(text, argv)), "environment": values}) + "\\n")


sys.addaudithook(hook)
"""


@pytest.fixture
def guarded() -> Iterator[Server]:
    """A container whose server wants a password on its socket, too."""
    with servers.container(17, ["--env", "POSTGRES_INITDB_ARGS=--auth-local=scram-sha-256"]) as server:
        yield server


@pytest.mark.parametrize("reach", ["cluster15", "container15", "guarded"])
def test_no_program_gets_it_among_its_arguments(
    reach: str, request: pytest.FixtureRequest, holdfast: Holdfast, password_file: Path, tmp_path: Path
) -> None:
    server: Server = request.getfixturevalue(reach)
    tcp = {"host": "127.0.0.1", "port": server.port}
    connection: dict[str, Any] = tcp if reach == "container15" else server.connection
    database, into = small(server, server.unique()), server.unique()
    repository = holdfast.define("library", {**connection, "password_file": str(password_file)}, database)
    (tmp_path / "sitecustomize.py").write_text(HOOK, encoding="utf-8")
    started = tmp_path / "started"
    environment = {"PYTHONPATH": str(tmp_path), "STARTED": str(started)}
    told = [
        holdfast("-v", *words, env=environment)
        for words in (
            ["backup", "library"],
            ["drill", "latest", "--where", "database"],
            ["restore", "latest", "--into", into],
            ["restore", "latest", "--in-place"],
        )
    ]
    assert rows(server, into) == rows(server, database)
    runs = [json.loads(line) for line in started.read_text(encoding="utf-8").splitlines()]
    for program in ("pg_dump", "pg_restore", "psql"):
        assert any(program in word for run in runs for word in run["argv"])
    assert any(servers.PASSWORD in value for run in runs for value in run["environment"])
    assert [run["argv"] for run in runs if any(servers.PASSWORD in word for word in run["argv"])] == []
    assert not [one for one in told if servers.PASSWORD in one.out + one.err]
    written = [*repository.iterdir(), *(path for path in holdfast.home.rglob("*") if path.is_file())]
    assert not [path for path in written if servers.PASSWORD.encode() in path.read_bytes()]
