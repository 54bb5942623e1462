# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How many locks a dump takes, and whether the server has so many."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import HoldfastError, ServerError
from . import lock_table
from .fragments import OURS
from .lock_table import LockTable

if TYPE_CHECKING:
    import psycopg

    Session = psycopg.Connection[Any]

# pg_dump locks every table and partition, and has a lock on each sequence that it has read, until it ends.
TABLES = f"""
    SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'S') AND c.relpersistence <> 't' AND {OURS}
"""
# What others need beside a dump, and the snapshot's own
SPARE = 2.5
# With so many times the tables of an earlier dump the next one is still like it.
GROWN = 1.2


@dataclass(frozen=True)
class Locks:
    """tables: what a dump locks: tables, partitions and sequences. server: where it has to keep them."""

    tables: int
    server: LockTable

    @property
    def setting(self) -> int:
        """What max_locks_per_transaction should be."""
        return int(max(self.server.each, -(-self.tables * SPARE // self.server.sessions)))

    def allow(self, times: int) -> bool:
        """Whether so many sessions can lock every table, and others still get what they need."""
        return self.tables * times <= self.server.room


def count(session: Session) -> Locks:
    """For the session's database, at this moment."""
    ((tables,),) = session.execute(TABLES).fetchall()
    return Locks(tables, lock_table.read(session))


def require(database: str, needed: Locks, before: int) -> None:
    """Raise :class:`ServerError` when a dump cannot but run out of locks: to try would take them away from others.

    before: tables of an earlier dump that succeeded, which counts for more than what is known of the server.
    """
    if needed.server.cannot_hold(needed.tables) and needed.tables > GROWN * before:
        raise _too_many(database, needed, f"has room for fewer than {needed.server.limit:,}")


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
        f" (max_locks_per_transaction = {needed.server.each} gives {needed.server.room:,} to all sessions together)",
        f"Set max_locks_per_transaction = {needed.setting} in the server's configuration, and restart it.",
    )
