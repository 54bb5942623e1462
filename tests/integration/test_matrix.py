# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every connection, format and compression: back up, list, verify, restore; the same database comes out."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.holdfast.postgres.tests.integration.content import assert_same, content
from ansible_collections.holdfast.postgres.tests.integration.sample import WEIRD
from ansible_collections.holdfast.postgres.tests.integration.servers import Server

EXTENSIONS = {
    ("plain", "gzip"): ".sql.gz",
    ("plain", "zstd"): ".sql.zst",
    ("plain", "none"): ".sql",
    ("custom", "gzip"): ".dump",
    ("custom", "zstd"): {15: ".dump.zst", 17: ".dump"},
    ("custom", "none"): ".dump",
    ("directory", "gzip"): ".dir.tar",
    ("directory", "zstd"): {15: ".dir.tar.zst", 17: ".dir.tar"},
    ("directory", "none"): ".dir.tar",
}


@pytest.mark.parametrize("compression", ["gzip", "zstd", "none"])
@pytest.mark.parametrize("format", ["plain", "custom", "directory"])
@pytest.mark.parametrize("reach", ["container15", "container17", "cluster15", "tcp15"])
def test_a_backup_comes_back_as_it_was(
    reach: str, format: str, compression: str, request: pytest.FixtureRequest, holdfast: Any, samples: Any
) -> None:
    connection = request.getfixturevalue(reach)
    server = request.getfixturevalue("container15") if reach == "tcp15" else connection
    expected = samples(server)
    restored = server.unique()
    source = {"database": WEIRD, "name": "weird"}
    repository = holdfast.define("library", connection, source, format=format, compression=compression)

    made = holdfast.backup("library")
    extension = EXTENSIONS[format, compression]
    ending = extension if isinstance(extension, str) else extension[server.major]
    assert made["artifacts"][0]["file"] == f"weird_{made['id'].removeprefix('library_')}{ending}"
    assert (repository / made["artifacts"][0]["file"]).stat().st_size == made["artifacts"][0]["size"]
    assert made["server"]["major"] == server.major

    listed = holdfast.json("list")["jobs"][0]
    assert [(backup["id"], backup["problem"]) for backup in listed["backups"]] == [(made["id"], "")]
    assert holdfast.json("verify", "latest")["backup"] == made["id"]

    result = holdfast.json("restore", "latest", "--into", restored)
    assert_same(content(server, restored), expected)
    assert {"table": "library.books", "rows": 700} in result["tables"]
    assert server.sessions() == 0


@pytest.mark.parametrize("format", ["plain", "custom", "directory"])
def test_a_container_whose_files_cannot_be_seen_from_here(
    format: str, holdfast: Any, container17: Server, samples: Any
) -> None:
    """The working directory is an absolute link, which on this host leads nowhere."""
    expected, restored = samples(container17), container17.unique()
    container17.run("sh", "-c", "mkdir -p /srv/hidden && ln -sfn /srv/hidden /srv/link")
    connection = {**container17.connection, "work_dir": "/srv/link"}
    holdfast.define("library", connection, {"database": WEIRD, "name": "weird"}, format=format)
    holdfast.backup("library")
    holdfast("restore", "latest", "--into", restored)
    assert_same(content(container17, restored), expected)
    assert not container17.run("ls", "-A", "/srv/hidden")
