# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One transaction around a whole dump, although dumps end transactions themselves.

pg_dump and pg_restore put BEGIN and COMMIT around the rows of large objects, and that COMMIT would be ours. They are
taken out of the script as it streams by, where pg_dump writes them and nowhere else. A COMMIT from anywhere else finds
a constraint that holds only at the end, when we say so: it fails, and everything is as it was.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

OURS = "holdfast: a dump must not end the transaction around it"
# No trigger and no function: the database may be one without plpgsql.
KEEP = f"""
CREATE TEMPORARY TABLE holdfast_keeps (one integer CONSTRAINT "{OURS}" UNIQUE DEFERRABLE INITIALLY DEFERRED)
  ON COMMIT DROP;
INSERT INTO pg_temp.holdfast_keeps VALUES (1), (1);
"""
LET_GO = "DELETE FROM pg_temp.holdfast_keeps;\n"
# What follows a ROLLBACK is in a transaction again, in which LET_GO fails.
OPTION = "--set=AUTOCOMMIT=off"

# Source: StartRestoreLOs and EndRestoreLOs in pg_backup_archiver.c, _printTocEntry for the lines above.
NEXT = re.compile(
    rb"\nCOPY [^\n]* FROM stdin;(?=\n)"
    rb"|\n-- Data for Name: [^\n]*; Type: BLOBS; [^\n]*\n--\n\n(?P<begin>BEGIN;)(?=\n)"
)
ROWS_END = re.compile(rb"\n\\\.\r?(?=\n)")
LARGE_OBJECTS_END = re.compile(rb"\n(?P<commit>COMMIT;)(?=\n)")
# What may be the beginning of any of them: so many lines, and of rows and large objects so many octets.
LINES = 5
OCTETS = 10


def without_commits(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """A dump as SQL without the BEGIN and COMMIT around its large objects."""
    # A line break before the first line makes it like all others.
    data, looking, first = b"\n", NEXT, True
    for chunk in chunks:
        data += chunk
        done = []
        while found := looking.search(data):
            mark = found.lastgroup
            start, end = found.span(mark) if mark else (found.end(), found.end())
            done.append(data[:start])
            data = data[end:]
            looking = _after(looking, mark)
        kept = _kept(data, looking)
        done.append(data[: len(data) - kept])
        data = data[len(data) - kept :]
        text = b"".join(done)
        if text:
            yield text[1:] if first else text
            first = False
    yield data[1:] if first else data


def _after(looking: re.Pattern[bytes], mark: str | None) -> re.Pattern[bytes]:
    if looking is not NEXT:
        return NEXT
    return LARGE_OBJECTS_END if mark else ROWS_END


def _kept(data: bytes, looking: re.Pattern[bytes]) -> int:
    if looking is not NEXT:
        return min(OCTETS, len(data))
    position = len(data)
    for _line in range(LINES):
        position = data.rfind(b"\n", 0, position)
        if position < 0:
            return len(data)
    return len(data) - position
