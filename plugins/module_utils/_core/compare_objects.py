# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How the objects of a restored database differ from those of the proof, in words."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any

from .difference import NOT_COMPUTED, Difference

Facts = Mapping[str, Any]

# Hashes, which say nothing to a reader
HASHED = frozenset(
    {"arguments", "body", "comment", "constraints", "default", "definition", "foreign_options", "rules", "source"}
)
# Of a whole row of a system catalog: told when nothing else of the object is
CATALOG = "catalog"
ELSE = "something of it is not the same, and only the system catalogs tell (its other properties are)"
# Of columns that only some versions have
NEWER = "_newer"
# PostgreSQL 16 began to write the columns of queries in another way, so these may differ where nothing was altered; of
# the policies those that hold a query.
WRITTEN = frozenset(
    {
        ("view", "definition"),
        ("materialized view", "definition"),
        ("rule", "definition"),
        ("policy", "definition"),
        ("function", "body"),
    }
)
# PostgreSQL 17 gave the owner of a table one privilege more.
NEWER_PRIVILEGE = re.compile(r"=MAINTAIN\*?( by .*)?$")


def compare_objects(
    expected: Mapping[str, Any], found: Mapping[str, Any], live: Collection[str], told: Collection[tuple[str, str]]
) -> list[Difference]:
    """Both are proofs. live: facts of the database itself that do not count; told: kind and name of what is known to be
    missing, or too much."""
    majors = (expected["major"], found["major"])
    differences: list[Difference] = []
    for kind in sorted({*expected["objects"], *found["objects"]}):
        left, right = expected["objects"].get(kind, {}), found["objects"].get(kind, {})
        for name in sorted({*left, *right}):
            if (kind, name) in told and (name not in left or name not in right):
                continue
            if name not in right:
                differences.append(Difference(kind, name, "it is missing"))
            elif name not in left:
                differences.append(Difference(kind, name, "it is not in the backup"))
            else:
                ignored = live if kind == "database" else ()
                differences += _object(kind, name, left[name], right[name], majors, ignored)
    return differences


def _object(
    kind: str, name: str, expected: Facts, found: Facts, majors: tuple[int, int], ignored: Collection[str]
) -> list[Difference]:
    """What differs of one object; the columns of a table are objects of their own."""
    differences: list[Difference] = []
    inner: list[Difference] = []
    unnamed = False
    for fact in sorted({*expected, *found} - {*ignored}):
        left, right = expected.get(fact), found.get(fact)
        if fact == "columns":
            inner = list(_columns(name, left or {}, right or {}, majors))
        elif fact == "privileges" and majors[0] != majors[1]:
            differences += _fact(kind, name, fact, _older(left), _older(right), majors)
        elif left == right or _unread(kind, fact, expected, found):
            continue
        elif not fact.startswith(CATALOG):
            plain = kind == "policy" and not (expected.get("queries") and found.get("queries"))
            differences += _fact(kind, name, fact, left, right, (majors[0], majors[0]) if plain else majors)
        elif not fact.endswith(NEWER) or majors[0] == majors[1]:
            unnamed = True
    if unnamed and not any(one.compared for one in differences) and not inner:
        differences.append(Difference(kind, name, ELSE))
    return differences + inner


def _columns(table: str, expected: Facts, found: Facts, majors: tuple[int, int]) -> Iterator[Difference]:
    for column in sorted({*expected, *found}):
        title = f"{table}.{column}"
        if column not in found:
            yield Difference("column", title, "it is missing")
        elif column not in expected:
            yield Difference("column", title, "it is not in the backup")
        else:
            yield from _object("column", title, expected[column], found[column], majors, ())


def _fact(kind: str, name: str, fact: str, left: Any, right: Any, majors: tuple[int, int]) -> Iterator[Difference]:
    if left == right:
        return
    difference = Difference(kind, name, _told(kind, fact, left, right))
    if (kind, fact) == ("extension", "version"):
        difference = replace(difference, harmless=True)
    elif majors[0] != majors[1] and (kind, fact) in WRITTEN:
        what = f"PostgreSQL {majors[0]} and {majors[1]} write its {fact} in different ways, so it was not compared"
        difference = Difference(kind, name, what, harmless=True, compared=False)
    yield difference


def _unread(kind: str, fact: str, expected: Facts, found: Facts) -> bool:
    """Whether a role could not read the options of a user mapping, which are in no dump that it makes."""
    return kind == "user mapping" and fact in ("options", "unread") and ("unread" in expected or "unread" in found)


def _older(privileges: list[str] | None) -> list[str] | None:
    return privileges and [item for item in privileges if not NEWER_PRIVILEGE.search(item)]


def _told(kind: str, fact: str, left: object, right: object) -> str:
    if fact == "populated":
        return NOT_COMPUTED if right is None else "it is computed, and was empty"
    title = fact.replace("_", " ")
    verb, past = ("are", "were") if title.endswith("s") else ("is", "was")
    if fact in HASHED or (kind, fact) == ("user mapping", "options"):
        return f"its {title} {verb} {'missing' if right is None else 'new' if left is None else 'not the same'}"
    return f"its {title} {verb} {_plain(right)}, and {past} {_plain(left)}"


def _plain(value: object) -> str:
    if value is None:
        return "not set"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
