# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Exchange a live database and a restored one by renaming, in one transaction, and remember how to undo it.

Nothing that this does is visible before the commit: whenever it is killed, the live name leads to a complete database
that can be connected to. A new session waits for the lock that a rename takes, so none comes in between, and is then
told that the database it looked up has just been renamed; those that are there are ended, for a database in use cannot
be renamed.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Callable

from . import aside, beside, kept, raising, seclusion
from .aside import Mark
from .errors import Refused, ServerError
from .places import Places
from .plan import Plan
from .postgresql import catalog, properties, unmoved
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
        _require_free(session, server, database, database)
        superuser, creates, signals, owns = session.execute(MAY, [database]).fetchall()[0]
    if not superuser and not (creates and signals and owns):
        raise ServerError(
            server.title,
            f"role {server.role} may not rename database {database} or end its sessions",
            "Set restore_user to a superuser, or to a role with CREATEDB that is a member of the owner and of"
            " pg_signal_backend.",
        )


def swap(
    server: Server,
    places: Places,
    plan: Plan,
    closed: seclusion.Closed,
    wanted: Mapping[str, Any] | None,
    found: dict[str, Any],
    progress: Progress,
    keep_sequences: bool = False,
) -> dict[str, Any]:
    """Put a restored database in the place of the live one; before: what that is called now, outage: in seconds,
    sequences_raised: sequence, from and to.

    wanted: what belongs to it, or None for whatever the live one has at that moment. found: the proof of the restored
    database, kept so that a rollback can tell what was written since. keep_sequences: leave them where they are.
    """
    before = beside.named(server, plan.into, "_before")
    with server.session() as session:
        kept.tidy(places, plan.job.name, aside.tidy(session, places, plan.job.name))
    raised: raising.Raised = {}
    if not keep_sequences:
        closed, raised = raising.before(server, plan.into, closed, progress)
    kept.keep(places, plan.job.name, before, raising.in_proof(found, raised))
    now = timestamp(datetime.now(timezone.utc))
    furnished: dict[str, Any] = {}

    def put_aside(session: Session) -> str:
        # Nobody can alter it any more: what was set or granted meanwhile comes along.
        own = properties.of(session, before)
        own["comment"] = aside.own_comment(own["comment"])
        furnished.clear()
        furnished.update(own if wanted is None else wanted)
        mark = Mark("swapped", plan.job.name, plan.into, now, plan.title, own["comment"], {**furnished})
        return aside.note(session, places, before, mark)

    def take_over(session: Session) -> None:
        seclusion.require(session, closed, plan.into)
        beside.take_over(session, closed.name, plan.into, furnished)

    progress.step(f"exchanging {plan.into}, which is kept as {before}")
    outage = exchange(server, plan.into, before, closed.name, put_aside, take_over)
    progress.step(f"exchanged in {outage:.2f} s")
    if not keep_sequences:
        earlier, raised = raised, raising.after(server, before, plan.into, raised, progress)
        if raised != earlier:
            kept.keep(places, plan.job.name, before, raising.in_proof(found, raised))
    if wanted is None:
        _tell_late(server, before, furnished, progress)
        tell_unmoved(server, before, plan.into, progress)
    return {"before": before, "outage": outage, "sequences_raised": raising.as_data(raised)}


def exchange(
    server: Server,
    live: str,
    before: str,
    restored: str,
    put_aside: Callable[[Session], str],
    take_over: Callable[[Session], None],
) -> float:
    """Rename live to before, and let another one take over its name; the seconds that it took.

    Both callbacks work in the transaction: put_aside, after the first renaming, returns the comment of the database
    that was put aside; take_over renames restored to live. Raises :class:`ServerError` when sessions do not end, and
    what the callbacks raise, with everything as it was.
    """
    from psycopg import errors

    for attempt in range(ATTEMPTS):
        start = time.monotonic()
        with server.session() as session, _Ending(server, [live, restored]):
            try:
                with session.transaction():
                    session.execute("SET LOCAL lock_timeout = '5s'")
                    rename(session, live, before)
                    _require_free(session, server, live, before)
                    properties.comment_on(session, before, put_aside(session))
                    take_over(session)
                return round(time.monotonic() - start, 3)
            except errors.ObjectInUse as error:
                told = "its sessions did not end" if "prepared" not in str(error) else "it has a prepared transaction"
            except errors.LockNotAvailable:
                told = "another session holds a lock on it"
            except errors.InternalError_ as error:
                # Of a row of the catalog: somebody else altered the database in the same moment.
                if "concurrently" not in str(error):
                    raise
                told = "somebody else alters it"
        time.sleep(PAUSE * attempt)
    with server.session() as session:
        holders = [row[0] for row in session.execute(HOLDERS, [live])]
    raise ServerError(
        f"database {live} on {server.title}",
        ": ".join([told, *([", ".join(holders)] if holders else [])]),
        "End those sessions and stop what starts them, then restore again; nothing was replaced.",
    )


def rename(session: Session, old: str, new: str) -> None:
    from psycopg import sql

    session.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(old), sql.Identifier(new)))


def _require_free(session: Session, server: Server, live: str, now: str) -> None:
    """now: what the live database is called at this moment."""
    found = session.execute(IN_THE_WAY, {"database": now}).fetchall()
    if found:
        raise Refused(
            f"database {live} on {server.title}",
            "it cannot be exchanged while it has " + ", ".join(what for what, _step in found),
            "; ".join(f"{what}: {step}" for what, step in found) + ". Or restore --in-place.",
        )


def _tell_late(server: Server, before: str, furnished: Mapping[str, Any], progress: Progress) -> None:
    """What was set on the live database in the very moment of the exchange was set on what is put aside."""
    with server.session() as session:
        had = {**properties.of(session, before), "comment": furnished["comment"]}
        late = properties.differences(furnished, had, catalog.roles(session))
    for one in late:
        progress.warn(f"set while it was exchanged, on what is now {before}: {one}")


def tell_unmoved(server: Server, aside: str, live: str, progress: Progress) -> None:
    """What the database that was put aside has and the exchange did not bring along."""
    with server.session() as session:
        had, has = unmoved.read(session, aside), unmoved.read(session, live)
    for statement in unmoved.statements(had, has, live):
        progress.warn(f"{live} does not have all that {aside} has; if it should: {statement}")


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
