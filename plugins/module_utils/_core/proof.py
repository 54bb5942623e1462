# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The proof: what is in a database, short enough to be kept, exact enough to tell one altered row.

It is taken in the snapshot that a dump uses, and again in what was restored; :func:`compare` tells how the two differ.
A proof is plain data, and JSON as an artifact:

    proof       2, the version of this shape
    mode        full, or counts: without the hashes of the rows
    database    its name
    major       the server's major version
    tables      name -> kind, rows, content, generated (of a table with generated columns)
    sequences   name -> increment, cycle, position (last value, whether it was given out), until (position at the end)
    large_objects   count and hashes, or problem: why they could not be read
    objects     kind -> name -> facts
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import proof_shape, shape
from .compare_objects import compare_objects
from .difference import Difference
from .errors import Damaged
from .postgresql import large_objects, objects, rows, sequences

if TYPE_CHECKING:
    from .postgresql.rows import Session

VERSION = 2
# Tables that one transaction reads
AT_ONCE = 50
# What a database that replaces another one takes over from it
OWN = frozenset({"owner", "privileges", "settings", "connection_limit", "comment"})


def take(
    session: Session,
    mode: str,
    renew: Callable[[], None] = lambda: None,
    at: Mapping[str, Mapping[str, Any]] | None = None,
    described: Callable[[], None] = lambda: None,
) -> dict[str, Any]:
    """The proof of the session's database as its transaction sees it. The session must be pinned.

    renew: called now and then, to go on seeing the same without the locks that reading took: a query locks a table and
    all its indexes, the definition of a view every relation that it reads, and whoever waits for one of them keeps
    pg_dump waiting.
    at: the sequences, when they were read already. described: called when all definitions were read.
    """
    renew()
    found = objects.read(session)
    renew()
    described()
    wanted = rows.tables(session)
    tables = {}
    for number, table in enumerate(wanted):
        if number % AT_ONCE == AT_ONCE - 1:
            renew()
        tables[table.name] = {"kind": table.kind, **rows.count(session, table, hashes=mode == "full")}
    taken = {
        "proof": VERSION,
        "mode": mode,
        "database": session.info.dbname,
        "major": session.info.server_version // 10000,
        "tables": tables,
        "sequences": sequences.read(session) if at is None else at,
        "large_objects": large_objects.read(session, hashes=mode == "full"),
        "objects": found,
    }
    renew()
    return taken


def summary(proof: Mapping[str, Any]) -> dict[str, Any]:
    """mode, tables and rows: how many there are of each."""
    tables = [table for table in proof["tables"].values() if table["kind"] == "r"]
    return {"mode": proof["mode"], "tables": len(tables), "rows": sum(table["rows"] for table in tables)}


def read(path: Path, octets: bytes) -> dict[str, Any]:
    """A proof as an artifact holds it; :class:`Damaged` when it is not one."""
    try:
        found: dict[str, Any] = shape.loads(octets)
        if isinstance(found, dict) and isinstance(found.get("proof"), int) and found["proof"] != VERSION:
            cause = f"it has version {found['proof']!r}, and this program reads version {VERSION}"
            raise Damaged(str(path), cause, "Use the version of holdfast that wrote it, or a newer one.")
        proof_shape.check(found)
    except shape.Misshapen as error:
        raise Damaged(str(path), f"it is not a proof ({error})", "The dump beside it may be whole.") from error
    return found


def with_end(proof: Mapping[str, Any], at_end: Mapping[str, list[Any]]) -> dict[str, Any]:
    """The proof with the positions that the sequences had at the end of the dump.

    They are in no snapshot: a dump holds whatever each had when pg_dump read it.
    """
    until = {name: {**sequence, "until": at_end[name]} for name, sequence in proof["sequences"].items()}
    return {**proof, "sequences": until}


def compare(expected: Mapping[str, Any], found: Mapping[str, Any], itself: bool = True) -> list[Difference]:
    """How a restored database differs from the proof of its backup; nothing, when the restore is proved.

    itself: whether the database itself should have the same owner, privileges, settings, connection limit and comment.
    The hashes count only where both proofs have them.
    """
    live = frozenset() if itself else OWN
    differences = [
        *compare_rows(expected["tables"], _of_standby(expected, "table", "tables", found)),
        *_sequences(expected["sequences"], _of_standby(expected, "sequence", "sequences", found)),
        *_large_objects(expected["large_objects"], found["large_objects"]),
    ]
    differences += uncompared(expected, found)
    told = {(difference.kind, difference.name) for difference in differences}
    return differences + compare_objects(expected, found, live, told)


def uncompared(expected: Mapping[str, Any], found: Mapping[str, Any]) -> Iterator[Difference]:
    """Tables of a full proof that has no hash for them: nobody must take that for the same content."""
    if expected["mode"] == found["mode"] == "full":
        for name in sorted({*expected["tables"], *found["tables"]}):
            left, right = expected["tables"].get(name), found["tables"].get(name)
            if left and right and left["kind"] == "r" and "content" in right and "content" not in left:
                yield Difference("table", name, "its content cannot be compared: the proof has no hash of it")


def serious(differences: Iterable[Difference]) -> list[Difference]:
    return [difference for difference in differences if not difference.harmless]


def compare_rows(expected: Mapping[str, Any], found: Mapping[str, Any]) -> Iterator[Difference]:
    """How the rows of tables differ; both as in a proof, by name."""
    for name in sorted({*expected, *found}):
        left, right = expected.get(name), found.get(name)
        view = "m" in ((left or right or {}).get("kind"),)
        kind = "materialized view" if view else "table"
        if left is None or right is None:
            # A materialized view may be there without any rows: the comparison of the objects tells.
            if not view:
                yield Difference(kind, name, "it is missing" if right is None else "it is not in the backup")
        elif left["rows"] != right["rows"]:
            what = f"{right['rows']:,} rows, and the backup has {left['rows']:,}"
            yield Difference(kind, name, what, harmless=view)
        elif _differ("content", left, right):
            what = f"the same number of rows ({left['rows']:,}), and other content"
            yield Difference(kind, name, what, harmless=view)
        elif _differ("generated", left, right):
            what = "its generated columns come out different today"
            yield Difference(kind, name, what, harmless=True)


def _of_standby(
    expected: Mapping[str, Any], kind: str, part: str, found: Mapping[str, Any]
) -> dict[str, dict[str, Any]]:
    """Part of what was found, without what is unlogged and was not read: a standby has nothing in it."""
    known = expected["objects"].get(kind, {})
    return {
        name: one
        for name, one in found[part].items()
        if name in expected[part] or not known.get(name, {}).get("unlogged")
    }


def _sequences(expected: Mapping[str, Any], found: Mapping[str, Any]) -> Iterator[Difference]:
    for name in sorted({*expected, *found}):
        left, right = expected.get(name), found.get(name)
        if left is None or right is None:
            yield Difference("sequence", name, "it is missing" if right is None else "it is not in the backup")
            continue
        low, high = left["position"], left.get("until", left["position"])
        at, start, end = (_along(position, left["increment"]) for position in (right["position"], low, high))
        if not start <= at <= end and not (left["cycle"] and end < start):
            upto = "" if low == high else f" to {high[0]:,}"
            where = "behind" if at < start else "ahead"
            yield Difference("sequence", name, f"at {right['position'][0]:,}, {where} of the backup's {low[0]:,}{upto}")


def _along(position: list[Any], increment: int) -> tuple[int, bool]:
    value, given_out = position
    return (value if increment > 0 else -value, given_out)


def _large_objects(expected: Mapping[str, Any], found: Mapping[str, Any]) -> Iterator[Difference]:
    if "problem" in expected or "problem" in found:
        return
    if expected["count"] != found["count"]:
        yield Difference("large objects", "", f"{found['count']:,}, and the backup has {expected['count']:,}")
    elif _differ("content", expected, found):
        yield Difference("large objects", "", f"the same number ({found['count']:,}), and other content")
    elif _differ("facts", expected, found):
        yield Difference("large objects", "", "their owners, privileges or comments differ")


def _differ(key: str, left: Mapping[str, Any], right: Mapping[str, Any]) -> bool:
    return key in left and key in right and left[key] != right[key]
