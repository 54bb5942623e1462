# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The planner's statistics of a database, without taking the locks of the server away from everybody else.

The statistics of a partitioned table as a whole take a lock on each of its partitions, all at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import lock_table

if TYPE_CHECKING:
    import psycopg

    Session = psycopg.Connection[Any]

TABLES = """
    WITH RECURSIVE beneath AS (
      SELECT inhparent AS top, inhrelid AS member FROM pg_inherits
      UNION ALL SELECT b.top, i.inhrelid FROM beneath b JOIN pg_inherits i ON i.inhparent = b.member
    )
    SELECT format('%I.%I', n.nspname, c.relname), coalesce(m.members, 0)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN (SELECT top, count(DISTINCT member) AS members FROM beneath GROUP BY top) m ON m.top = c.oid
    WHERE c.relkind IN ('r', 'm', 'p') AND c.relpersistence <> 't' ORDER BY c.oid
"""


def analyze(session: Session) -> list[str]:
    """Collect the statistics of the session's database; the tables of which there are none for want of locks."""
    from psycopg import errors

    # What may fit besides is others': to try takes it away from them.
    room = lock_table.read(session).room
    tables = session.execute(TABLES).fetchall()
    left_out = [name for name, members in tables if members > room]
    if not left_out:
        try:
            session.execute("ANALYZE")
        except errors.OutOfMemory:
            # Others had locks as well.
            pass
        else:
            return []
    for name, _members in tables:
        if name in left_out:
            continue
        try:
            session.execute(f"ANALYZE {name}")
        except errors.OutOfMemory:
            left_out.append(name)
    return left_out
