# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How many locks a server can keep: they lie in memory that it sets aside when it starts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import psycopg

    Session = psycopg.Connection[Any]

SETTINGS = """
    SELECT current_setting('max_locks_per_transaction')::bigint,
      current_setting('max_connections')::bigint + current_setting('max_prepared_transactions')::bigint,
      (SELECT sum(setting::bigint) FROM pg_settings
       WHERE name IN ('max_worker_processes', 'max_wal_senders') OR name = CASE
         WHEN current_setting('server_version_num')::integer < 180000 THEN 'autovacuum_max_workers'
         ELSE 'autovacuum_worker_slots' END)::bigint + 2
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


@dataclass(frozen=True)
class LockTable:
    """each: locks per session; sessions: what that counts for; background: processes for which it counts besides.

    free: octets of shared memory that nothing has, or None when our role may not know.
    """

    each: int
    sessions: int
    background: int = 0
    free: int | None = None

    @property
    def room(self) -> int:
        """Locks that the server has for certain. Source: the documentation of max_locks_per_transaction."""
        return self.each * self.sessions

    @property
    def limit(self) -> int | None:
        """No more locks than these, whatever the server finds besides, as far as that is known.

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

    def cannot_hold(self, locks: int) -> bool:
        """Whether so many are known to be too many."""
        return self.limit is not None and locks > self.limit


def read(session: Session) -> LockTable:
    """That of the session's server, at this moment."""
    ((each, sessions, background),) = session.execute(SETTINGS).fetchall()
    ((may_ask,),) = session.execute(MAY_ASK).fetchall()
    free = session.execute(FREE).fetchall()[0][0] if may_ask else None
    return LockTable(each, sessions, background, free)
