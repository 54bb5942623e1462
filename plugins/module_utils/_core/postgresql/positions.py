# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Raising the sequences of one database to where those of another one are, so that no number is given out twice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from .fragments import OURS, TABLE_NAME

if TYPE_CHECKING:
    import psycopg

    Session = psycopg.Connection[Any]

AT_ONCE = 200
# The last value, and whether it was given out
Position = tuple[int, bool]
SEQUENCES = f"""
    SELECT {TABLE_NAME}, s.seqincrement, s.seqmin, s.seqmax, format_type(s.seqtypid, NULL), s.seqcycle,
      has_sequence_privilege(c.oid, 'SELECT')
    FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE {OURS} AND c.relpersistence <> 't' AND (c.relpersistence <> 'u' OR NOT pg_is_in_recovery())
"""


@dataclass(frozen=True)
class Sequence:
    """position: None for one that the session's role may not read."""

    increment: int
    shape: tuple[Any, ...]
    cycle: bool
    position: Position | None

    def ahead(self, earlier: Sequence | None, times: int) -> Sequence:
        """Where it would be if it went on as it did since it was read earlier, so many times as far."""
        if earlier is None or not earlier.position or not self.position or earlier.shape != self.shape:
            return self
        value, given_out = self.position
        further = value + (value - earlier.position[0]) * times
        _increment, low, high, _kind = self.shape
        if further == value or not low <= further <= high:
            return self
        return replace(self, position=(further, given_out))


def read(session: Session) -> dict[str, Sequence]:
    """Every sequence of the session's database, by its quoted name with its schema."""
    session.execute("SELECT set_config('search_path', '', false)")
    found = session.execute(SEQUENCES).fetchall()
    positions: dict[str, Position] = {}
    for names in _parts([row[0] for row in found if row[6]]):
        query = " UNION ALL ".join(f"SELECT last_value, is_called FROM {name}" for name in names)
        positions.update(zip(names, session.execute(query).fetchall()))
    return {
        name: Sequence(increment, (increment, low, high, kind), cycle, positions.get(name))
        for name, increment, low, high, kind, cycle, _may in found
    }


def behind(restored: Mapping[str, Sequence], live: Mapping[str, Sequence]) -> dict[str, Position]:
    """Where those restored sequences have to go that are behind the live ones, and can."""
    return {name: to for name, one, to in _behind(restored, live) if _reaches(one, to, live[name])}


def out_of_reach(restored: Mapping[str, Sequence], live: Mapping[str, Sequence]) -> list[str]:
    """Restored sequences that are behind, and cannot go where the live ones are."""
    return [name for name, one, to in _behind(restored, live) if not _reaches(one, to, live[name])]


def _behind(restored: Mapping[str, Sequence], live: Mapping[str, Sequence]) -> Iterator[tuple[str, Sequence, Position]]:
    """(name, restored sequence, position of the live one). What begins anew at its end is never ahead or behind."""
    for name, one in restored.items():
        other = live.get(name)
        if other is not None and other.position and one.position and not (one.cycle or other.cycle):
            opposite = (one.increment > 0) != (other.increment > 0)
            if opposite or _along(one, one.position) < _along(one, other.position):
                yield name, one, other.position


def _reaches(sequence: Sequence, to: Position, other: Sequence) -> bool:
    _increment, low, high, _kind = sequence.shape
    return bool(low <= to[0] <= high) and (sequence.increment > 0) == (other.increment > 0)


def move(session: Session, wanted: Mapping[str, Position], increments: Mapping[str, int]) -> None:
    """Raise sequences that are behind at this moment; never take one back. Others may be using them."""
    for names in _parts(sorted(wanted)):
        session.execute(" UNION ALL ".join(_moved(name, wanted[name], increments[name]) for name in names))


def _moved(name: str, position: Position, increment: int) -> str:
    from psycopg import sql

    value, given_out = position
    sign = 1 if increment > 0 else -1
    quoted = sql.Literal(name).as_string(None)
    return (
        f"SELECT setval({quoted}::regclass, {value}, {given_out}) FROM {name}"
        f" WHERE ({sign} * last_value::numeric, is_called) < ({sign} * {value}::numeric, {given_out})"
    )


def _along(sequence: Sequence, position: Position) -> tuple[int, bool]:
    value, given_out = position
    return (value if sequence.increment > 0 else -value, given_out)


def _parts(names: list[str]) -> Iterator[list[str]]:
    """No statement locks all sequences of a large database at once."""
    for start in range(0, len(names), AT_ONCE):
        yield names[start : start + AT_ONCE]
