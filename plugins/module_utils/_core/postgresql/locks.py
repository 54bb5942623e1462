# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How many locks one transaction of a restore needs, and how many the server has room for.

A restore in place drops and makes everything in one transaction, one of tables makes them, and each holds a lock on
every object to its end, however often it is used. PostgreSQL keeps the locks of all sessions in memory that it sets
aside when it starts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

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
SETTINGS = """
    SELECT current_setting('max_locks_per_transaction')::bigint,
      current_setting('max_connections')::bigint + current_setting('max_prepared_transactions')::bigint,
      current_setting('autovacuum_max_workers')::bigint + current_setting('max_worker_processes')::bigint
        + current_setting('max_wal_senders')::bigint
"""
# Octets of shared memory that nothing uses; a role that may not know gets no answer.
UNUSED = """
    SELECT CASE WHEN pg_has_role('pg_read_all_stats', 'USAGE')
      THEN (SELECT sum(size)::bigint FROM pg_shmem_allocations WHERE name IS NULL) END
"""
# PostgreSQL sizes its tables of locks for N = max_locks_per_transaction for each process, makes half of the locks and
# all of the ties between locks and processes when it starts, and the others out of memory that nothing uses, until that
# is used up. With nothing else to spare it comes to 1.7 N. What a table has once taken it keeps, so that unused memory
# tells of more, and never of less. Source: InitLocks in lock.c, CalculateShmemSize in ipci.c, InitializeMaxBackends in
# postinit.c (which adds fewer processes of its own than these).
OWN_PROCESSES = 10
TIMES = 2
OCTETS_OF_LOCK = 168
OCTETS_OF_TIE = 80


@dataclass(frozen=True)
class Locks:
    """least: so many locks a transaction takes. most: if every table that is made gets a TOAST table, too.

    per_session, sessions: the server's settings. limit: more than it can have, whatever it finds.
    """

    least: int
    most: int
    per_session: int
    sessions: int
    limit: int

    @property
    def room(self) -> int:
        """For so many there is room in any case. Source: the documentation of max_locks_per_transaction."""
        return self.per_session * self.sessions

    @property
    def too_many(self) -> bool:
        """Whether they cannot fit, whatever PostgreSQL finds besides."""
        return self.least > max(self.limit, self.room)

    @property
    def setting(self) -> int:
        """What max_locks_per_transaction would have to be, with some room for the others."""
        return -(-self.most * 12 // (10 * self.sessions))


def of_replacing(session: Session, proof: Mapping[str, Any] | None) -> Locks:
    """Of dropping all that the session's database has, and making what a proof tells; as much as there is, without."""
    dropped, large_objects, relations = session.execute(OBJECTS).fetchall()[0]
    if proof is None:
        return _locks(session, dropped + relations + large_objects, 0)
    objects = proof["objects"]
    made = sum(len(objects.get(kind, ())) for kind in RELATIONS)
    # A large object comes back under its number, and its owner is set.
    kept = max(large_objects, proof["large_objects"]["count"])
    return _locks(session, dropped + made + kept, TOAST * len(objects["table"]))


def of_tables(session: Session, tables: int) -> Locks:
    """Of copying so many tables from one database into another: pg_dump locks them there while they are made here."""
    # With an index and a sequence
    return _locks(session, 2 * tables, (TOAST + 2) * tables)


def _locks(session: Session, least: int, more: int) -> Locks:
    per_session, sessions, others = session.execute(SETTINGS).fetchall()[0]
    unused = session.execute(UNUSED).fetchall()[0][0]
    sized = per_session * (sessions + others + OWN_PROCESSES)
    there = sized * OCTETS_OF_LOCK // 2 + sized * OCTETS_OF_TIE
    limit = max(TIMES * sized, (there + (unused or 0)) // (OCTETS_OF_LOCK + OCTETS_OF_TIE))
    return Locks(least, least + more, per_session, sessions, limit)
