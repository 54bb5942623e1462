# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How many locks a dump takes, and how many the server has."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import HoldfastError, ServerError
from .fragments import OURS

if TYPE_CHECKING:
    import psycopg

    Session = psycopg.Connection[Any]

# pg_dump locks every table and partition, and has a lock on each sequence that it has read, until it ends.
ASKED = f"""
    SELECT (SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind IN ('r', 'p', 'S') AND c.relpersistence <> 't' AND {OURS}),
      current_setting('max_locks_per_transaction')::bigint,
      current_setting('max_connections')::bigint + current_setting('max_prepared_transactions')::bigint,
      (SELECT sum(setting::bigint) FROM pg_settings
       WHERE name IN ('max_worker_processes', 'max_wal_senders') OR name = CASE
         WHEN current_setting('server_version_num')::integer < 180000 THEN 'autovacuum_max_workers'
         ELSE 'autovacuum_worker_slots' END)::bigint + 1
"""
MAY_ASK = """
    SELECT has_table_privilege('pg_shmem_allocations', 'SELECT')
      AND has_function_privilege('pg_get_shmem_allocations()', 'EXECUTE')
"""
FREE = "SELECT coalesce(sum(size), 0)::bigint FROM pg_shmem_allocations WHERE name IS NULL"
# Octets of shared memory that a lock takes, and that whoever has it takes besides: LOCK and PROCLOCK in lock.h, each
# with the header of its entry in a hash table.
LOCK = 168
HOLDER = 80

# What others need beside a dump, and the snapshot's own
SPARE = 2.5
# With so many times the tables of an earlier dump the next one is still like it.
GROWN = 1.2


@dataclass(frozen=True)
class Locks:
    """tables: what a dump locks: tables, partitions and sequences. each: locks per session; sessions: what that counts
    for, background: processes for which it counts besides. free: octets of shared memory that nothing has; None when
    our role may not know.
    """

    tables: int
    each: int
    sessions: int
    background: int = 0
    free: int | None = None

    @property
    def room(self) -> int:
        """Locks that the server has for certain."""
        return self.each * self.sessions

    @property
    def most(self) -> int | None:
        """More locks than there can be, as far as that is known.

        From its start a server has memory for half of the locks that it counts on, and for two holders of each
        (InitLocks in lock.c). What is free then makes it 1.65 times as many as it counts on, or more where memory comes
        in large pages. Memory that locks have had stays theirs, so later it can no longer be seen how many.
        """
        if self.free is None:
            return None
        planned = self.each * (self.sessions + self.background)
        without_holder = min(planned // 2, self.free // LOCK)
        seen = planned // 2 + without_holder + (self.free - without_holder * LOCK) // (LOCK + HOLDER)
        return max(2 * planned, seen)

    @property
    def setting(self) -> int:
        """What max_locks_per_transaction should be."""
        return int(max(self.each, -(-self.tables * SPARE // self.sessions)))

    def allow(self, times: int) -> bool:
        """Whether so many sessions can lock every table, and others still get what they need."""
        return self.tables * times <= self.room


def count(session: Session) -> Locks:
    """For the session's database, at this moment."""
    ((tables, each, sessions, background),) = session.execute(ASKED).fetchall()
    ((may_ask,),) = session.execute(MAY_ASK).fetchall()
    free = session.execute(FREE).fetchall()[0][0] if may_ask else None
    return Locks(tables, each, sessions, background, free)


def require(database: str, needed: Locks, before: int) -> None:
    """Raise :class:`ServerError` when a dump cannot but run out of locks: to try would take them away from others.

    before: tables of an earlier dump that succeeded, which counts for more than what is known of the server.
    """
    if needed.most is not None and needed.tables > needed.most and needed.tables > GROWN * before:
        raise _too_many(database, needed, f"has room for fewer than {needed.most:,}")


@contextlib.contextmanager
def explained(database: str, needed: Locks) -> Iterator[None]:
    """Say of a dump that ran out of locks how many it needs, and how to get them."""
    try:
        yield
    except HoldfastError as error:
        if "out of shared memory" not in str(error):
            raise
        raise _too_many(database, needed, "ran out of them") from error


def _too_many(database: str, needed: Locks, what: str) -> ServerError:
    return ServerError(
        f"database {database}",
        f"a dump takes a lock of each table, partition and sequence, which makes {needed.tables:,}; the server {what}"
        f" (max_locks_per_transaction = {needed.each} gives {needed.room:,} to all sessions together)",
        f"Set max_locks_per_transaction = {needed.setting} in the server's configuration, and restart it.",
    )
