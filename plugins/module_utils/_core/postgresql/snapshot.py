# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One moment of a database, for a dump and its proof together."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ..errors import ServerError
from . import rows
from .dump import LOCK_TIMEOUT
from .quote import literal
from .server import Server

if TYPE_CHECKING:
    import psycopg

    Session = psycopg.Connection[Any]

ATTEMPTS = 5
BEGIN = "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY"


@contextlib.contextmanager
def alone(server: Server, database: str, workers: int) -> Iterator[Session]:
    """A pinned session in no transaction, for a database in which nobody else is: each query gives its locks back.

    workers: processes that help each query.
    """
    with server.session(database) as session:
        rows.pin(session, workers)
        yield session


@contextlib.contextmanager
def hold(server: Server, database: str, workers: int, locked: bool) -> Iterator[Session]:
    """A pinned session whose transaction holds one snapshot and, locked, every table against changes of its shape.

    The tables are locked before the snapshot is taken: TRUNCATE and ALTER TABLE do not wait for snapshots, and a table
    that was emptied in between would be empty in the dump. Where there are not enough locks, whoever uses the snapshot
    has to look afterwards whether that has happened (:mod:`.fingerprint`).
    """
    with alone(server, database, workers) as session:
        if not locked:
            session.execute(BEGIN)
            yield session
            return
        for _attempt in range(ATTEMPTS):
            if _lock(session):
                break
        else:
            raise ServerError(
                f"{server.title}, database {database}",
                f"tables went away {ATTEMPTS} times while they were being locked",
                "Back up when the application changes its tables less often, or set 'proof: none'.",
            )
        yield session


def export(session: Session) -> str:
    """What ``pg_dump --snapshot`` takes."""
    (name,) = session.execute("SELECT pg_export_snapshot()").fetchone()  # type: ignore[misc]
    # Not before: no snapshot leaves a subtransaction.
    session.execute("SAVEPOINT exported")
    return str(name)


def share(session: Session, name: str) -> None:
    """Have a session see an exported snapshot, in a transaction of its own; one that it is in ends.

    Its queries wait for whoever waits for a table, so there is an end to that.
    """
    session.execute(f"ROLLBACK; {BEGIN}; SET TRANSACTION SNAPSHOT {literal(name)}")
    session.execute(f"SET LOCAL lock_timeout = {LOCK_TIMEOUT}")


def release(session: Session) -> None:
    """Give up the locks that a session has taken since it exported its snapshot."""
    session.execute("ROLLBACK TO SAVEPOINT exported")


def _lock(session: Session) -> bool:
    """Lock all tables, for the snapshot that comes after; False when one of them is there no more."""
    from psycopg import errors

    wanted = [table for table in rows.tables(session) if table.kind == "r"]
    session.execute(BEGIN)
    try:
        if wanted:
            names = ", ".join(f"ONLY {table.name}" for table in wanted)
            session.execute(f"LOCK TABLE {names} IN ACCESS SHARE MODE")
    except (errors.UndefinedTable, errors.InvalidSchemaName, errors.WrongObjectType):
        session.execute("ROLLBACK")
        return False
    return True
