# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How many locks a restore in place needs, and how many the server has room for.

One transaction drops and makes everything, and holds a lock on each object to its end; PostgreSQL keeps the locks of
all sessions in memory that it sets aside when it starts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import psycopg

    Session = psycopg.Connection[Any]

# A table, its TOAST table with an index, an index and a sequence
RELATIONS_OF_TABLE = 5
# The first OID that no object of PostgreSQL itself has (FirstNormalObjectId)
NORMAL = 16384
OBJECTS = f"""
    SELECT (SELECT count(*) FROM (
        SELECT classid, objid FROM pg_depend WHERE objid >= {NORMAL}
        UNION SELECT refclassid, refobjid FROM pg_depend WHERE refobjid >= {NORMAL}) AS dropped)
      + (SELECT count(*) FROM pg_largeobject_metadata),
      (SELECT count(*) FROM pg_class WHERE oid >= {NORMAL})
"""
ROOM = """
    SELECT current_setting('max_locks_per_transaction')::integer,
      current_setting('max_connections')::integer + current_setting('max_prepared_transactions')::integer
"""


@dataclass(frozen=True)
class Locks:
    """needed: about as many locks does a restore in place take. per_session, sessions: the server's settings."""

    needed: int
    per_session: int
    sessions: int

    @property
    def room(self) -> int:
        """For so many there is room in any case. Source: the documentation of max_locks_per_transaction."""
        return self.per_session * self.sessions

    @property
    def too_many(self) -> bool:
        """Whether they cannot fit, though PostgreSQL sets some memory aside besides."""
        return self.needed > 2 * self.room

    @property
    def setting(self) -> int:
        """What max_locks_per_transaction would have to be, with some room for the others."""
        return -(-self.needed * 12 // (10 * self.sessions))


def of_replacing(session: Session, tables: int | None) -> Locks:
    """For the session's database. tables: how many come instead; as many as there are, when that is not known."""
    dropped, relations = session.execute(OBJECTS).fetchall()[0]
    made = relations if tables is None else RELATIONS_OF_TABLE * tables
    per_session, sessions = session.execute(ROOM).fetchall()[0]
    return Locks(dropped + made, per_session, sessions)
