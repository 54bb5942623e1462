# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where every sequence stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Union

from .fragments import OURS, TABLE_NAME, free
from .quote import identifier

if TYPE_CHECKING:
    import psycopg

    from .inside import Inside

    Session = Union[psycopg.Connection[Any], Inside]

AT_ONCE = 200
SEQUENCES = f"""
    SELECT {TABLE_NAME}, n.nspname, c.relname, s.seqincrement, s.seqcycle
    FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE {OURS} AND c.relpersistence <> 't'
      AND ({free("pg_class", "c")} OR c.oid = ANY(SELECT unnest(e.extconfig) FROM pg_extension e))
    ORDER BY 1"""


def read(session: Session) -> dict[str, dict[str, Any]]:
    """increment, cycle, and position: the last value, and whether it has been given out."""
    found = {
        name: {"sql": f"{identifier(schema)}.{identifier(sequence)}", "increment": increment, "cycle": cycle}
        for name, schema, sequence, increment, cycle in session.execute(SEQUENCES)
    }
    names = list(found)
    for start in range(0, len(names), AT_ONCE):
        part = names[start : start + AT_ONCE]
        query = " UNION ALL ".join(f"SELECT last_value, is_called FROM {found[name]['sql']}" for name in part)
        for name, position in zip(part, session.execute(query)):
            found[name]["position"] = list(position)
    for sequence in found.values():
        del sequence["sql"]
    return found
