# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where every sequence stands."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Union

from .fragments import OURS, TABLE_NAME, free
from .settings import RESTRICT

if TYPE_CHECKING:
    import psycopg

    from .inside import Inside

    Session = Union[psycopg.Connection[Any], Inside]

AT_ONCE = 200
SEQUENCES = f"""
    SELECT {TABLE_NAME}, s.seqincrement, s.seqcycle
    FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE {OURS} AND c.relpersistence <> 't' AND (c.relpersistence <> 'u' OR NOT pg_is_in_recovery())
      AND ({free("pg_class", "c")} OR c.oid = ANY(SELECT unnest(e.extconfig) FROM pg_extension e))
    ORDER BY 1"""


def listed(session: Session) -> dict[str, dict[str, Any]]:
    """Every sequence, as SQL names it: increment and cycle. A standby does not have the unlogged ones."""
    return {name: {"increment": increment, "cycle": cycle} for name, increment, cycle in session.execute(SEQUENCES)}


def positions(session: Session, names: Iterable[str]) -> dict[str, list[Any]]:
    """The last value of each sequence, and whether it has been given out, at this moment: no snapshot knows them.

    From then on the session expands no views. A sequence cannot be locked.
    """
    session.execute(RESTRICT)
    found: dict[str, list[Any]] = {}
    wanted = list(names)
    for start in range(0, len(wanted), AT_ONCE):
        part = wanted[start : start + AT_ONCE]
        query = " UNION ALL ".join(f"SELECT last_value, is_called FROM {name}" for name in part)
        found.update((name, list(position)) for name, position in zip(part, session.execute(query)))
    return found


def read(session: Session) -> dict[str, dict[str, Any]]:
    """increment, cycle and position of every sequence."""
    found = listed(session)
    at = positions(session, found)
    return {name: {**sequence, "position": at[name]} for name, sequence in found.items()}
