# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Nobody changes a restored database between its proof and its use.

Nobody may connect to it from its creation on, but superusers and our own role. For the time of the proof new sessions
are read-only unless they say otherwise; afterwards the database takes no connections at all, whoever wants them. The
version of its row in pg_database tells whether anybody altered that.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .errors import Refused
from .postgresql.server import Server
from .progress import Progress

if TYPE_CHECKING:
    import psycopg

    Session = psycopg.Connection[Any]

AGAIN = "Nothing was replaced. See who that was, then restore again."
ROW = "SELECT oid::bigint, xmin::text FROM pg_database WHERE datname = %s"
# Without a user: autovacuum, which writes nothing that is proved.
OTHERS = """
    SELECT a.pid, a.backend_start > %(since)s, concat_ws(' ', nullif(a.application_name, ''), 'of', a.usename, 'from',
      coalesce(a.client_addr::text, 'a socket'))
    FROM pg_stat_activity a WHERE a.datname = %(database)s AND a.usesysid IS NOT NULL
      AND (a.application_name = %(ours)s AND a.usename = current_user) IS NOT TRUE
"""


@dataclass(frozen=True)
class Closed:
    """A database that takes no connections. row: the version of its row in pg_database."""

    name: str
    oid: int
    row: str


@dataclass
class Watched:
    """A database that is being proved. since: when new sessions became read-only; row: as in :class:`Closed`."""

    name: str
    since: Any
    row: tuple[int, str]


def watch(server: Server, database: str) -> Watched:
    """Make new sessions read-only, and end those of others. Must be called before the proof begins."""
    from psycopg import sql

    with server.session() as session:
        (row,) = session.execute(ROW, [database]).fetchall()
        option = sql.SQL("ALTER DATABASE {} SET default_transaction_read_only = on").format(sql.Identifier(database))
        session.execute(option)
        ((since,),) = session.execute("SELECT clock_timestamp()").fetchall()
        others = _others(server, session, database, since)
        for pid, _late, _who in others:
            _end(session, pid)
    return Watched(database, since, row)


def close(server: Server, watched: Watched, progress: Progress) -> Closed:
    """Let nobody in any more, after the proof. :class:`Refused` when somebody could have changed something."""
    title = f"database {watched.name} on {server.title}"
    with server.session() as session:
        with session.transaction():
            if session.execute(ROW, [watched.name]).fetchall() != [watched.row]:
                raise Refused(title, "somebody altered it while it was proved", AGAIN)
            _allow(session, watched.name, False)
            ((oid, row),) = session.execute(ROW, [watched.name]).fetchall()
        others = _others(server, session, watched.name, watched.since)
        early = [who for _pid, late, who in others if not late]
        if early:
            raise Refused(title, f"somebody could write into it while it was proved: {', '.join(early)}", AGAIN)
        for pid, _late, who in others:
            progress.warn(f"ended a session in {watched.name}, which is read-only while it is proved: {who}")
            _end(session, pid)
    return Closed(watched.name, int(oid), row)


def require(session: Session, closed: Closed, title: str) -> None:
    """In the transaction that takes it into use: :class:`Refused` unless it is as it was closed."""
    if session.execute(ROW, [closed.name]).fetchall() != [(closed.oid, closed.row)]:
        raise Refused(f"database {title}", f"somebody altered {closed.name} after it was proved", AGAIN)


@contextlib.contextmanager
def opened(server: Server, closed: Closed) -> Iterator[tuple[Session, Closed]]:
    """A session of ours in a closed database, which may write, and the database as it is closed again at once."""
    with server.session() as outside:
        with outside.transaction():
            require(outside, closed, closed.name)
            _allow(outside, closed.name, True)
        try:
            context = server.session(closed.name)
            session = context.__enter__()
        finally:
            with outside.transaction():
                _allow(outside, closed.name, False)
                ((oid, row),) = outside.execute(ROW, [closed.name]).fetchall()
        with contextlib.ExitStack() as stack:
            stack.push(context)
            others = _others(server, outside, closed.name, None)
            if others:
                told = ", ".join(who for _pid, _late, who in others)
                raise Refused(f"database {closed.name}", f"somebody came in after it was proved: {told}", AGAIN)
            session.execute("SET default_transaction_read_only = off")
            yield session, Closed(closed.name, int(oid), row)


def _allow(session: Session, database: str, connections: bool) -> None:
    from psycopg import sql

    option = sql.SQL("true" if connections else "false")
    session.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}").format(sql.Identifier(database), option))


def _others(server: Server, session: Session, database: str, since: Any) -> list[Any]:
    wanted = {"database": database, "ours": server.application, "since": since}
    return session.execute(OTHERS, wanted).fetchall()


def _end(session: Session, pid: int) -> None:
    from psycopg import errors

    # One that we may not end is found again after the proof.
    with contextlib.suppress(errors.InsufficientPrivilege):
        session.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
