# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Exchange a live database and a restored one by renaming, in one transaction, and remember how to undo it.

Nothing that this does is visible before the commit: whenever it is killed, the live name leads to a complete database
that can be connected to. New sessions wait for the lock that a rename takes, so none comes in between; those that are
there are ended, for a database in use cannot be renamed.
"""

from __future__ import annotations

import threading
import time
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from . import beside, kept
from .aside import Mark, put_aside
from .errors import Refused, ServerError
from .places import Places
from .plan import Plan
from .postgresql import properties
from .postgresql.server import Server
from .progress import Progress
from .repository.manifest import timestamp

if TYPE_CHECKING:
    import psycopg

    Session = psycopg.Connection[Any]

ATTEMPTS = 6
PAUSE = 0.05

IN_THE_WAY = """
    SELECT 'prepared transaction ' || quote_literal(gid), 'COMMIT PREPARED or ROLLBACK PREPARED it'
    FROM pg_prepared_xacts WHERE database = %(database)s
    UNION ALL SELECT 'replication slot ' || slot_name, 'drop it: its consumer would follow the old database'
    FROM pg_replication_slots WHERE database = %(database)s
    UNION ALL SELECT 'subscription ' || s.subname, 'drop it: it would go on writing into the old database'
    FROM pg_subscription s JOIN pg_database d ON d.oid = s.subdbid WHERE d.datname = %(database)s
"""
MAY = """
    SELECT rolsuper, rolcreatedb, pg_has_role(rolname, 'pg_signal_backend', 'USAGE'),
      (SELECT pg_has_role(rolname, datdba, 'USAGE') FROM pg_database WHERE datname = %s)
    FROM pg_roles WHERE rolname = current_user
"""
END = """
    SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
    WHERE datid IN (SELECT oid FROM pg_database WHERE datname = ANY(%s)) AND pid <> pg_backend_pid()
"""
HOLDERS = """
    SELECT DISTINCT concat_ws(' ', coalesce(nullif(application_name, ''), backend_type), 'of', usename, 'from',
      coalesce(client_addr::text, 'a socket')) FROM pg_stat_activity WHERE datname = %s
"""


def check(server: Server, database: str) -> None:
    """Raise :class:`Refused` or :class:`ServerError` for whatever would keep the database from being exchanged."""
    if server.connection.maintenance_database == database:
        raise Refused(
            f"database {database} on {server.title}",
            "it cannot be renamed by a session of its own",
            "Set maintenance_database in the job's connection to another one, such as postgres or template1.",
        )
    with server.session() as session:
        found = session.execute(IN_THE_WAY, {"database": database}).fetchall()
        superuser, creates, signals, owns = session.execute(MAY, [database]).fetchall()[0]
    if found:
        raise Refused(
            f"database {database} on {server.title}",
            "it cannot be exchanged while it has " + ", ".join(what for what, _step in found),
            "; ".join(f"{what}: {step}" for what, step in found) + ". Or restore --in-place.",
        )
    if not superuser and not (creates and signals and owns):
        raise ServerError(
            server.title,
            f"role {server.role} may not rename database {database} or end its sessions",
            "Set restore_user to a superuser, or to a role with CREATEDB that is a member of the owner and of"
            " pg_signal_backend.",
        )


def swap(
    server: Server, places: Places, plan: Plan, working: str, found: dict[str, Any], progress: Progress
) -> dict[str, Any]:
    """Put a restored database in the place of the live one; before: what that is called now, outage: in seconds.

    found: the proof of the restored database, kept so that a rollback can tell what was written since.
    """
    before = beside.named(server, plan.into, "_before")
    with server.session() as session:
        comment = properties.read(session, plan.into)["comment"]
        kept.tidy(places, plan.job.name, [aside.name for aside in put_aside(session, plan.job.name)])
    mark = Mark("swapped", plan.job.name, plan.into, timestamp(datetime.now(timezone.utc)), plan.title, comment)
    kept.keep(places, plan.job.name, before, found)
    progress.step(f"exchanging {plan.into}, which is kept as {before}")
    outage = exchange(server, plan.into, before, mark, working, comment)
    progress.step(f"exchanged in {outage:.2f} s")
    return {"before": before, "outage": outage}


def exchange(server: Server, live: str, aside: str, mark: Mark, restored: str, comment: str | None) -> float:
    """Rename live to aside, with the mark, and restored to live, with the comment; the seconds that it took.

    Raises :class:`ServerError`, with everything as it was, when sessions do not end.
    """
    from psycopg import errors

    for attempt in range(ATTEMPTS):
        start = time.monotonic()
        with server.session() as session, _Ending(server, [live, restored]):
            try:
                with session.transaction():
                    session.execute("SET LOCAL lock_timeout = '5s'")
                    _rename(session, live, aside, mark.write())
                    _rename(session, restored, live, comment)
                return round(time.monotonic() - start, 3)
            except errors.ObjectInUse:
                told = "its sessions did not end"
            except errors.LockNotAvailable:
                told = "another session holds a lock on it"
        time.sleep(PAUSE * attempt)
    with server.session() as session:
        holders = [row[0] for row in session.execute(HOLDERS, [live])]
    raise ServerError(
        f"database {live} on {server.title}",
        ": ".join([told, *([", ".join(holders)] if holders else [])]),
        "End those sessions and stop what starts them, then restore again; nothing was replaced.",
    )


def _rename(session: Session, old: str, new: str, comment: str | None) -> None:
    from psycopg import sql

    session.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(old), sql.Identifier(new)))
    session.execute(sql.SQL("COMMENT ON DATABASE {} IS {}").format(sql.Identifier(new), sql.Literal(comment)))


class _Ending:
    """Ends the sessions of some databases, again and again, as long as the block runs."""

    def __init__(self, server: Server, databases: list[str]) -> None:
        self._server = server
        self._databases = databases
        self._done = threading.Event()

    def __enter__(self) -> None:
        self._context = self._server.session()
        self._session = self._context.__enter__()
        self._session.execute(END, [self._databases])
        self._thread = threading.Thread(target=self._end, daemon=True)
        self._thread.start()

    def __exit__(self, *error: Any) -> None:
        self._done.set()
        self._thread.join()
        self._context.__exit__(None, None, None)

    def _end(self) -> None:
        import psycopg

        while not self._done.wait(PAUSE):
            try:
                self._session.execute(END, [self._databases])
            except psycopg.Error:
                return
