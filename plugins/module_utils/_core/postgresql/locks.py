# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How many locks one transaction of a restore needs, and whether the server can keep them.

A restore in place drops and makes everything in one transaction, one of tables makes them, and each holds a lock on
every object to its end, however often it is used.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from . import lock_table
from .lock_table import LockTable

if TYPE_CHECKING:
    import psycopg

    Session = psycopg.Connection[Any]

# What is made has a lock of its own when it is a relation; a proof knows all but TOAST tables and their indexes.
RELATIONS = ("table", "index", "sequence", "view", "materialized view")
TOAST = 2
# The first OID that no object of PostgreSQL itself has (FirstNormalObjectId)
NORMAL = 16384
OBJECTS = f"""
    SELECT (SELECT count(*) FROM (
        SELECT classid, objid FROM pg_depend WHERE objid >= {NORMAL}
        UNION SELECT refclassid, refobjid FROM pg_depend WHERE refobjid >= {NORMAL}) AS dropped),
      (SELECT count(*) FROM pg_largeobject_metadata),
      (SELECT count(*) FROM pg_class WHERE oid >= {NORMAL} AND relkind <> 'c')
"""


@dataclass(frozen=True)
class Locks:
    """least: so many locks a transaction takes. most: if every table that is made gets a TOAST table, too.

    server: where they have to be kept.
    """

    least: int
    most: int
    server: LockTable

    @property
    def too_many(self) -> bool:
        """Whether they are known not to fit."""
        return self.server.cannot_hold(self.least)

    @property
    def setting(self) -> int:
        """What max_locks_per_transaction would have to be, with some room for the others."""
        return -(-self.most * 12 // (10 * self.server.sessions))


def of_replacing(session: Session, proof: Mapping[str, Any] | None) -> Locks:
    """Of dropping all that the session's database has, and making what a proof tells; as much as there is, without."""
    dropped, large_objects, relations = session.execute(OBJECTS).fetchall()[0]
    if proof is None:
        least = dropped + relations + large_objects
        return Locks(least, least, lock_table.read(session))
    objects = proof["objects"]
    made = sum(len(objects.get(kind, ())) for kind in RELATIONS)
    # A large object comes back under its number, and its owner is set.
    kept = max(large_objects, proof["large_objects"]["count"])
    least = dropped + made + kept
    return Locks(least, least + TOAST * len(objects["table"]), lock_table.read(session))


def of_tables(session: Session, tables: int) -> Locks:
    """Of copying so many tables from one database into another: pg_dump locks them there while they are made here."""
    # At most with TOAST, an index and a sequence
    return Locks(2 * tables, (2 + TOAST + 2) * tables, lock_table.read(session))
