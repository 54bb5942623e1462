# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Databases that are being restored and are not complete: noted before they exist, and dropped when they are left."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import ours
from .definition import load as definitions
from .errors import HoldfastError
from .ours import Record
from .places import Places
from .postgresql.server import Server
from .progress import Progress

if TYPE_CHECKING:
    import psycopg

    Session = psycopg.Connection[Any]

ENDING = "_restore"
NAMED = re.compile(rf"{ENDING}_\d{{8}}_\d{{6}}\Z")
UNFINISHED = re.compile(
    r"holdfast, job (?P<job>\S+) on (?P<host>\S+): unfinished restore into .* \([0-9a-f]{32}\)\Z", re.S
)
THERE = """
    SELECT d.datname, d.oid::bigint, shobj_description(d.oid, 'pg_database'), pg_get_userbyid(d.datdba),
      CASE WHEN has_database_privilege(d.oid, 'CONNECT') THEN pg_database_size(d.oid) = pg_database_size(e.oid) END
    FROM pg_database d JOIN pg_database e ON e.datname = 'template0' WHERE d.datname = %s OR d.oid = %s
"""
MARKED = """
    SELECT datname, shobj_description(oid, 'pg_database') FROM pg_database
    WHERE starts_with(shobj_description(oid, 'pg_database'), 'holdfast, job ') ORDER BY datname
"""
SUBSCRIPTIONS = """
    SELECT s.subname FROM pg_subscription s JOIN pg_database d ON d.oid = s.subdbid WHERE d.datname = %s
"""
# Without a user: autovacuum, which DROP DATABASE ends.
WITHIN = """
    SELECT count(*) FROM pg_stat_activity a WHERE a.datid = %(oid)s AND a.usesysid IS NOT NULL
      AND (a.application_name = %(ours)s AND a.usename = current_user) IS NOT TRUE
"""
END = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datid = %(oid)s AND application_name = %(ours)s AND usename = current_user
"""


def directory(places: Places, job: str) -> Path:
    return places.history(job).parent / "working"


def mark(job: str, into: str) -> str:
    """The comment of a database that is not complete yet; no two are the same."""
    return f"holdfast, job {job} on {ours.host()}: unfinished restore into {into} ({ours.token()})"


def is_mark(comment: str | None) -> bool:
    return comment is not None and UNFINISHED.match(comment) is not None


def drop(server: Server, record: Record) -> None:
    """Drop a working database with whoever is in it; nothing when it is gone, or another one has its name now."""
    from psycopg import sql

    with server.session() as session:
        if session.execute("SELECT oid::bigint FROM pg_database WHERE datname = %s", [record.name]).fetchall() == [
            (record.oid,)
        ]:
            _drop_subscriptions(server, session, record.name)
            session.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(record.name)))


def drop_left(server: Server, places: Places, job: str, progress: Progress, into: str | None = None) -> int:
    """Drop what killed restores of the job left on a server, or only those into one name; how many databases.

    Must be called under the lock that those restores held. What is not beyond doubt is told, and stays.
    """
    dropped = 0
    live = _live(places)
    told = set()
    with server.session() as session:
        here = ours.identity(session)
        for record in ours.noted(directory(places, job)):
            if record.server != here or into not in (None, record.facts.get("into")):
                continue
            left, doubt = _judge(session, record, live)
            if left:
                doubt = _drop(server, session, record.name, {"oid": left, "ours": server.named(job)})
                dropped += not doubt
            if doubt:
                progress.warn(doubt)
                told.add(record.name)
            else:
                ours.forget(directory(places, job), record.name)
        if into is None:
            _tell_unknown(session, job, told, progress)
    return dropped


def _drop(server: Server, session: Session, name: str, within: dict[str, Any]) -> str:
    """Drop a database in which there is nobody but what the killed run left; why not, or nothing."""
    from psycopg import errors, sql

    session.execute(END, within)
    if not session.execute(WITHIN, within).fetchall()[0][0]:
        with contextlib.suppress(errors.ObjectInUse):
            _drop_subscriptions(server, session, name)
            session.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(name)))
            return ""
    return f"database {name}, which a killed restore left, has sessions: it stays until they end"


def _drop_subscriptions(server: Server, session: Session, name: str) -> None:
    """What was restored has them switched off; while they are there, the database cannot be dropped. The slots on their
    publishers are those of the database that was dumped, and stay."""
    from psycopg import sql

    found = [sql.Identifier(row[0]) for row in session.execute(SUBSCRIPTIONS, [name])]
    if found:
        session.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS true").format(sql.Identifier(name)))
        with server.session(name) as inside:
            for one in found:
                inside.execute(sql.SQL("ALTER SUBSCRIPTION {} SET (slot_name = NONE)").format(one))
                inside.execute(sql.SQL("DROP SUBSCRIPTION {}").format(one))


def _judge(session: Session, record: Record, live: set[str]) -> tuple[int, str]:
    """(OID of what may be dropped, or 0; what is not beyond doubt, or nothing)."""
    found = session.execute(THERE, [record.name, record.oid or 0]).fetchall()
    same = [row for row in found if row[1] == record.oid]
    if record.oid is not None and not same:
        return 0, ""
    if record.oid is None:
        # The run was killed before it knew the OID: nothing had been loaded by then.
        named = [row for row in found if row[0] == record.name]
        same = [row for row in named if row[2] in (None, record.mark) and row[3:] == (record.facts.get("owner"), True)]
        if not same:
            return 0, f"database {record.name} was made by somebody else, or holds something: it stays" if named else ""
    name, oid, comment, _owner, _empty = same[0]
    if name != record.name:
        if comment != record.mark:
            return 0, ""
        return 0, f"database {name} was {record.name}, which a killed restore left: it may not be complete, and stays"
    if record.oid is not None and comment != record.mark:
        return 0, f"database {name}, which a killed restore left, has another comment now: it stays, drop it by hand"
    if name in live or NAMED.search(name) is None:
        return 0, f"database {name}, which a killed restore left, belongs to a job: it stays"
    return oid, ""


def _tell_unknown(session: Session, job: str, told: set[str], progress: Progress) -> None:
    """told: what was spoken of already, by its name."""
    for name, comment in session.execute(MARKED).fetchall():
        match = UNFINISHED.match(comment)
        if match is not None and name not in told and (match["job"], match["host"]) == (job, ours.host()):
            progress.warn(
                f"database {name} says that it is an unfinished restore of this job, and nothing is known of it here:"
                " look at it, and drop it by hand"
            )


def _live(places: Places) -> set[str]:
    """The databases of all jobs of this host."""
    found: set[str] = set()
    with contextlib.suppress(HoldfastError):
        for name in definitions.names(places):
            with contextlib.suppress(HoldfastError):
                found |= {source.database for source in definitions.load(places, name).databases}
    return found
