# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The planner's statistics of a database, without taking the locks of the server away from everybody else.

The statistics of a partitioned table as a whole take a lock on each of its partitions, all at once. They are made of
rows of all partitions, those that are on other servers included: a restore asks no other server.
"""

from __future__ import annotations

from dataclasses import dataclass, field
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
    SELECT format('%I.%I', n.nspname, c.relname), coalesce(m.members, 0), coalesce(m.away, false)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN (
      SELECT b.top, count(DISTINCT b.member) AS members, bool_or(f.relkind = 'f') AS away
      FROM beneath b JOIN pg_class f ON f.oid = b.member GROUP BY b.top
    ) m ON m.top = c.oid
    WHERE c.relkind IN ('r', 'm', 'p') AND c.relpersistence <> 't' ORDER BY c.oid
"""


@dataclass
class LeftOut:
    """Tables of which there are no statistics: for want of locks, and because rows of theirs are on other servers."""

    locks: list[str] = field(default_factory=list)
    away: list[str] = field(default_factory=list)


def analyze(session: Session) -> LeftOut:
    """Collect the statistics of the session's database; of what there are none."""
    from psycopg import errors

    # What may fit besides is others': to try takes it away from them.
    room = lock_table.read(session).room
    tables = session.execute(TABLES).fetchall()
    left_out = LeftOut(
        [name for name, members, away in tables if members > room and not away],
        [name for name, _members, away in tables if away],
    )
    if not left_out.locks and not left_out.away:
        try:
            session.execute("ANALYZE")
        except errors.OutOfMemory:
            # Others had locks as well.
            pass
        else:
            return left_out
    for name, _members, _away in tables:
        if name in left_out.locks or name in left_out.away:
            continue
        try:
            session.execute(f"ANALYZE {name}")
        except errors.OutOfMemory:
            left_out.locks.append(name)
    return left_out
