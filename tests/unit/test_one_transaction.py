# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The COMMITs that pg_dump writes around large objects are taken out, and nothing else."""

from __future__ import annotations

import pytest

from ansible_collections.holdfast.postgres.plugins.module_utils._core.postgresql.one_transaction import without_commits

BLOBS = b"""
--
-- Data for Name: %s; Type: BLOBS; Schema: -; Owner: -
--

BEGIN;

SELECT pg_catalog.lo_open('70001', 131072);
SELECT pg_catalog.lowrite(0, '\\x78');
SELECT pg_catalog.lo_close(0);

COMMIT;

"""
LEFT = BLOBS.replace(b"BEGIN;", b"").replace(b"COMMIT;", b"")
COPY = b"""
COPY public.scripts (line) FROM stdin;
--
-- Data for Name: BLOBS; Type: BLOBS; Schema: -; Owner: -
--

BEGIN;
COMMIT;
\\.x
\\.

COMMIT;
BEGIN;
"""
CASES = {
    "large objects as in 15": (BLOBS % b"BLOBS", LEFT % b"BLOBS"),
    "as in 17": (BLOBS % b"70001..70002", LEFT % b"70001..70002"),
    "two lots": ((BLOBS % b"1..2") * 2, (LEFT % b"1..2") * 2),
    "rows and other statements": (COPY, COPY),
    "rows before": (COPY + BLOBS % b"BLOBS", COPY + LEFT % b"BLOBS"),
    "rows after": (BLOBS % b"BLOBS" + COPY, LEFT % b"BLOBS" + COPY),
    "from the first line on": ((BLOBS % b"BLOBS")[4:], (LEFT % b"BLOBS")[4:]),
    "no line": (b"SELECT 1", b"SELECT 1"),
    "nothing": (b"", b""),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 1 << 20])
def test_only_those_around_large_objects_go_however_the_dump_arrives(case: str, size: int) -> None:
    script, expected = CASES[case]
    chunks = [script[start : start + size] for start in range(0, len(script), size)]
    assert b"".join(without_commits(chunks)) == expected


def test_rows_are_not_held_back() -> None:
    row = b"x" * (1 << 20)
    pieces = list(without_commits([b"\nCOPY t (a) FROM stdin;\n", *[row] * 8]))
    assert max(map(len, pieces)) <= len(row) and len(pieces) >= 8
