# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Large objects of any content, read by sessions that take a backslash for an escape. Many: test_lock_room.py."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.holdfast.postgres.tests.integration.program import Holdfast
from ansible_collections.holdfast.postgres.tests.integration.sample import small
from ansible_collections.holdfast.postgres.tests.integration.servers import Server

CONTENT = "SELECT oid, lomowner, lomacl::text, encode(sha256(lo_get(oid)), 'hex') FROM pg_largeobject_metadata"
# All octets, over several pages, the last of which ends in zeros
OCTETS = """decode(repeat(
    (SELECT string_agg(lpad(to_hex(n), 2, '0'), '' ORDER BY n) FROM generate_series(0, 255) AS n), 30) || '0000', 'hex')
"""


def content(server: Server, database: str) -> list[Any]:
    return server.query(CONTENT + " ORDER BY 1", database)


@pytest.mark.parametrize(
    ("of", "format"), [("DATABASE {database}", "plain"), ("ROLE postgres IN DATABASE {database}", "custom")]
)
def test_strings_whose_backslashes_escape(of: str, format: str, holdfast: Holdfast, cluster15: Server) -> None:
    database = small(cluster15, cluster15.unique())
    with cluster15.connect(database) as session:
        session.execute(f"SELECT lo_from_bytea(70001, {OCTETS}), lo_from_bytea(70002, '')")
        session.execute(r"CREATE TABLE slashes AS SELECT 'a\b''\' AS text")
        session.execute(r"COMMENT ON TABLE slashes IS E'\\n\\'")
        session.execute(f"ALTER {of.format(database=database)} SET standard_conforming_strings = off")
    before = content(cluster15, database)
    holdfast.define("library", cluster15, database, format=format)
    made = holdfast.backup("library")
    assert holdfast.json("drill")["result"] == "proved"
    for how in (("--swap", "--no-safety-backup"), ("--in-place",)):
        with cluster15.connect(database) as session:
            session.execute("SELECT lo_unlink(70001)")
        assert holdfast.json("restore", made["id"], *how, "--yes")["proof"]["result"] == "proved"
        assert content(cluster15, database) == before
