# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Refusing beforehand what needs more locks than the server can have: it would fail midway, and others with it."""

from __future__ import annotations

from .errors import Refused
from .plan import Plan
from .postgresql import locks
from .postgresql.server import Server
from .progress import Progress
from .units import count


def require_for_replacing(plan: Plan, server: Server, progress: Progress) -> None:
    """Raise :class:`Refused` when the live database cannot be replaced in one transaction; warn when that may be."""
    with server.session(plan.into) as session:
        found = locks.of_replacing(session, plan.proof)
    _require(plan, server, progress, found, "to replace it", "Restore by a swap, which needs few")


def require_for_tables(plan: Plan, number: int, server: Server, progress: Progress) -> None:
    """The same for so many tables, partitions included, that are made beside what is there."""
    with server.session(plan.into) as session:
        found = locks.of_tables(session, number)
    doing = f"to restore {count(number, 'table')} into it"
    _require(plan, server, progress, found, doing, "Restore the whole backup into a new database with --into")


def _require(plan: Plan, server: Server, progress: Progress, found: locks.Locks, doing: str, way: str) -> None:
    table = found.server
    room = f"{table.room:,} (max_locks_per_transaction {table.each:,} for each of {table.sessions:,})"
    has = f"and {server.title} has room for {room}"
    if found.too_many:
        raise Refused(
            f"database {plan.into}",
            f"{doing} in one transaction needs at least {found.least:,} locks, {has}",
            f"{way}; or set max_locks_per_transaction to {found.setting:,}, start PostgreSQL anew, and restore again."
            " Nothing was touched.",
        )
    if found.most > table.room:
        progress.warn(
            f"{doing} in one transaction needs {found.least:,} to {found.most:,} locks, {has} for certain: should they"
            " not suffice, nothing will have been changed"
        )
