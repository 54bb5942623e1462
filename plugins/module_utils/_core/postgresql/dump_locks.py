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

# PostgreSQL allots max_locks_per_transaction to each session and prepared transaction; any of them may take more.
ASKED = f"""
    SELECT (SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND {OURS}),
      current_setting('max_locks_per_transaction')::bigint,
      current_setting('max_connections')::bigint + current_setting('max_prepared_transactions')::bigint
"""


# What others need beside a dump, and the snapshot's own
SPARE = 2.5


@dataclass(frozen=True)
class Locks:
    """tables: those that a dump locks, partitions included. each: locks per session; sessions: what that counts for."""

    tables: int
    each: int
    sessions: int

    @property
    def room(self) -> int:
        """Locks that the server has for certain. It finds some more as long as its memory lasts."""
        return self.each * self.sessions

    def allow(self, times: int) -> bool:
        """Whether so many sessions can lock every table, and others still get what they need."""
        return self.tables * times <= self.room


def count(session: Session) -> Locks:
    tables, each, sessions = session.execute(ASKED).fetchall()[0]
    return Locks(tables, each, sessions)


@contextlib.contextmanager
def explained(database: str, needed: Locks) -> Iterator[None]:
    """Say of a dump that ran out of locks how many it needs, and how to get them."""
    try:
        yield
    except HoldfastError as error:
        if "out of shared memory" not in str(error):
            raise
        enough = max(needed.each, -(-needed.tables * SPARE // needed.sessions))
        raise ServerError(
            f"database {database}",
            f"the server ran out of locks: a dump takes one of each table and partition, which makes {needed.tables:,},"
            f" and max_locks_per_transaction = {needed.each} gives {needed.room:,} to all sessions together",
            f"Set max_locks_per_transaction = {int(enough)} in the server's configuration, and restart it.",
        ) from error
