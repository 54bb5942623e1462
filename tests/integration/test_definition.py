# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Job definitions that are wrong: what is wrong is named, and nothing is done."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.holdfast.postgres.tests.integration.program import Holdfast

GOOD: dict[str, Any] = {"name": "library", "connection": {"container": "db"}, "databases": [{"database": "library"}]}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"databses": []}, "Did you mean 'databases'?"),
        ({"compresion": "gzip"}, "Did you mean 'compression'?"),
        ({"connection": {"contaner": "db"}}, "Did you mean 'container'?"),
        ({"keep": {"dayly": 7}}, "Did you mean 'daily'?"),
        ({"databases": [{"databse": "x"}]}, "Did you mean 'database'?"),
        ({"zzzzzz": 1}, "The keys are"),
        ({"databases": "library"}, "expected a list"),
        ({"databases": []}, "it has no databases"),
        ({"databases": ["library"]}, "expected keys and values"),
        ({"databases": [{}]}, "the key 'database' is missing"),
        ({"databases": [{"database": "a"}, {"database": "a"}]}, "is used twice"),
        ({"databases": [{"database": "globals"}]}, "globals"),
        ({"databases": [{"database": "we\"ird 'name' ..x"}]}, "Set 'name' for this database"),
        ({"databases": [{"database": "x", "name": "../x"}]}, "cannot begin a file name"),
        ({"connection": {"container": "db", "host": "x"}}, "'container' and 'host' are both set"),
        ({"connection": {"port": "x"}}, "port"),
        ({"connection": {"port": 70000}}, "1 to 65535"),
        ({"connection": {"port": "²"}}, "port"),
        ({"connection": 5}, "expected keys and values"),
        ({"connection": {"host": "x", "password": "a", "password_file": "/a"}}, "both set"),
        ({"repository": "relative"}, "not an absolute path"),
        ({"repository": "/var/../etc"}, "without '..'"),
        ({"format": "tar"}, "'tar' is none of"),
        ({"compression": "lzma"}, "'lzma' is none of"),
        ({"compression": "gzip", "compression_level": 12}, "from 1 to 9"),
        ({"compression": "none", "compression_level": 1}, "no level"),
        ({"parallel": 0}, "parallel"),
        ({"parallel": True}, "parallel"),
        ({"globals": "yes"}, "neither true nor false"),
        ({"keep": {"daily": -1}}, "daily"),
        ({"schedule": "0 2 * *"}, "0 2 * *"),
        ({"schedule": "61 2 * * *"}, "61"),
        ({"schedule": "0 2 30 2 *"}, "0 2 30 2 *"),
        ({"schedule": 5}, "expected text"),
        ({"name": ".."}, "'..' is not a name"),
        ({"name": "a/b"}, "'a/b' is not a name"),
        ({"name": "a b"}, "'a b' is not a name"),
        ({"name": "it's"}, "is not a name"),
        ({"name": ""}, "the key 'name' is missing"),
        ({"name": "archive"}, "it defines the job 'archive'"),
    ],
    ids=lambda value: json.dumps(value) if isinstance(value, dict) else "",
)
def test_what_is_wrong_is_named(holdfast: Holdfast, change: dict[str, Any], told: str) -> None:
    holdfast.write("library", json.dumps({**GOOD, **change}))
    assert told in holdfast("backup", "library", status=2).err
    assert not holdfast.backups.exists()


@pytest.mark.parametrize("text", ["", "{", "null", "[]", '"library"', "{'name': 'library'}", "\ufeff{}", "[" * 3000])
def test_what_is_no_definition_is_said_to_be_none(holdfast: Holdfast, text: str) -> None:
    holdfast.write("library", text)
    assert "library" in holdfast("backup", status=2).err or "job" in holdfast("backup", status=2).err
    assert holdfast.json("backup", status=2)["failed"]


def test_what_is_no_text_at_all_is_said_to_be_none(holdfast: Holdfast) -> None:
    (holdfast.jobs / "library.json").write_bytes(b"\xff\xfe\x00{")
    assert "it is not JSON" in holdfast("backup", status=2).err


@pytest.mark.parametrize("name", ["nothing", "..", "../library", "it's", "a b", "", "libary", "/etc/passwd"])
def test_an_unknown_job_is_told(holdfast: Holdfast, name: str) -> None:
    holdfast.write("library", json.dumps(GOOD))
    for command in ("backup", "prune", "list", "status"):
        if name or command in ("backup", "prune"):
            told = holdfast(command, name, status=2).err
            assert "is not deployed" in told
            assert ("Did you mean 'library'?" in told) is (name in ("libary", "../library"))


def test_without_any_job_it_is_said_how_to_get_one(holdfast: Holdfast) -> None:
    for command in ("backup", "list", "status", "prune", "verify"):
        assert "deploy_backup.yml" in holdfast(command, status=2).err


def test_with_several_jobs_one_has_to_be_named(holdfast: Holdfast) -> None:
    holdfast.write("library", json.dumps(GOOD))
    holdfast.write("archive", json.dumps({**GOOD, "name": "archive"}))
    assert "Name one of archive, library." in holdfast("backup", status=2).err
