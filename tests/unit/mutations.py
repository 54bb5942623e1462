# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ways to alter a text of JSON, each with a name."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

NESTED: Any = []
for _depth in range(200):
    NESTED = [NESTED]
VALUES: dict[str, Any] = {
    "null": None,
    "empty list": [],
    "empty mapping": {},
    "empty text": "",
    "newline": "\n",
    "text": "x",
    "surrogate": "\ud800",
    "escape": "a\u001b[2Jb",
    "negative": -1,
    "huge": 10**40,
    "fraction": 1.5,
    "true": True,
    "nested": NESTED,
    "list of null": [None],
}


def values(document: Any, every: int = 1) -> Iterator[tuple[str, bytes, tuple[Any, ...]]]:
    """(title, altered text, path): each value of the document replaced by each of VALUES, and left out. every: only
    so many of them."""
    number = 0
    for path in _paths(document):
        for title in ("left out", *VALUES):
            number += 1
            if number % every:
                continue
            altered = copy.deepcopy(document)
            holder = altered
            for step in path[:-1]:
                holder = holder[step]
            if title == "left out":
                del holder[path[-1]]
            elif holder[path[-1]] == VALUES[title] and type(holder[path[-1]]) is type(VALUES[title]):
                continue
            else:
                holder[path[-1]] = VALUES[title]
            yield f"{'.'.join(map(str, path))}: {title}", json.dumps(altered).encode(), path


def texts(document: dict[str, Any]) -> Iterator[tuple[str, bytes]]:
    """What is no JSON any more, or other JSON than it seems."""
    text = json.dumps(document).encode()
    for end in (0, 1, len(text) // 3, len(text) // 2, len(text) - 1):
        yield f"cut off at {end}", text[:end]
    yield "no UTF-8", text[: len(text) // 2] + b"\xff\xfe\x80" + text[len(text) // 2 :]
    yield "no UTF-8 in a name", b'{"\xff": 1, ' + text[1:]
    yield "UTF-16", json.dumps(document).encode("utf-16")
    yield "a mark before it", b"\xef\xbb\xbf" + text
    yield "an unknown key", b'{"of_tomorrow": 1, ' + text[1:]
    key = min(document)
    yield "a key twice", b"{" + json.dumps(key).encode() + b': "other", ' + text[1:]
    yield "not a number", b'{"seconds": NaN, ' + text[1:]
    yield "infinity", b'{"seconds": -Infinity, ' + text[1:]
    yield "more than infinity", b'{"seconds": 1e999, ' + text[1:]
    yield "more digits than anybody needs", b'{"seconds": ' + b"9" * 10000 + b", " + text[1:]
    yield "deeper than anybody reads", b"[" * 100000 + b"]" * 100000
    yield "zeros", b"\0" * len(text)
    for other in (b"null", b"[]", b"{}", b'"text"', b"7", b"[" + text + b"]"):
        yield f"{other[:8].decode()} instead", other


def _paths(document: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    items = (
        document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    )
    for step, value in items:
        yield (*path, step)
        yield from _paths(value, (*path, step))
