# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The key with which newer dumps tell psql to refuse its own commands: taken out, for a key that only we know."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

HEAD_LIMIT = 65536
TAIL_LIMIT = 1024
HEAD = re.compile(rb"((?:--[^\n]*\n|\n)*)\\restrict ([0-9A-Za-z]+)\n")
# What may still become such a head.
BEGUN = re.compile(rb"(?:--[^\n]*\n|\n)*(?:-[^\n]*|\\[a-z]*(?: [0-9A-Za-z]*)?)?\Z")


def without_key(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """A plain dump without the ``\\restrict`` at its head and the ``\\unrestrict`` with the same key at its end.

    Only there are they pg_dump's. What looks like them elsewhere, in rows or in texts, stays as it is.
    """
    stream = iter(chunks)
    head = b""
    for chunk in stream:
        head += chunk
        if len(head) > HEAD_LIMIT or not BEGUN.match(head):
            break
    found = HEAD.match(head)
    if found is None:
        yield head
        yield from stream
        return
    kept = found[1] + head[found.end() :]
    for chunk in stream:
        kept += chunk
        yield kept[:-TAIL_LIMIT]
        kept = kept[-TAIL_LIMIT:]
    end = re.compile(rb"(?<=\n)\\unrestrict " + found[2] + rb"\n*\Z")
    yield end.sub(b"", kept)
