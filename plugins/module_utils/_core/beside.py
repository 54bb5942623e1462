# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A database under a working name, beside the live ones, until it is complete."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from . import ours, seclusion, working
from .errors import HoldfastError
from .ours import Record
from .places import Places
from .plan import Plan
from .postgresql import analyze as statistics
from .postgresql import catalog, computed, create, load, properties, surplus
from .postgresql.contents import Selection, without_computed
from .postgresql.server import NAME_LIMIT, Server
from .progress import Progress
from .repository import names

if TYPE_CHECKING:
    import psycopg

    Session = psycopg.Connection[Any]

STAMP = len("_20250816_155503")


def named(server: Server, database: str, ending: str) -> str:
    """A free name that tells of another: ``library`` and ``_before`` give ``library_before_20250816_155503``."""
    with server.session() as session:
        there = {row[0] for row in session.execute("SELECT datname FROM pg_database")}
    while True:
        name = f"{_shortened(database, ending)}_{names.stamp(datetime.now(timezone.utc))}"
        if name not in there:
            return name
        time.sleep(0.1)


@contextlib.contextmanager
def loaded(
    server: Server,
    places: Places | None,
    plan: Plan,
    like: Mapping[str, Any],
    progress: Progress,
    select: Selection | None = None,
    keep: bool = False,
) -> Iterator[str]:
    """Load a backup, or what is selected of it, into a new database that nobody else may enter; its working name.

    It is gone after the block unless it was taken into use: :func:`name_it`, or a swap. like: what it is going to get,
    and is created for. places: where it is noted, or None on a server that goes away itself; keep: which may have it.
    """
    database = _create(server, places, plan, like, progress)
    try:
        # A materialized view that cannot be computed is told by the comparison with the proof, and ends nothing.
        chosen = select or (without_computed if plan.proof else None)
        if select is None and plan.proof:
            with server.session(database.name) as session:
                for statement in surplus.statements(session, plan.proof["objects"]):
                    session.execute(statement)
        load.load(server, database.name, plan.path, plan.codec, plan.job.parallel, plan.job.name, chosen)
        if select is None and plan.proof:
            _compute(server, database.name, plan.proof, progress)
        yield database.name
    except BaseException as error:
        _discard_after(error, server, places, plan, database)
        raise
    if not keep:
        try:
            _discard(server, places, plan, database)
        except HoldfastError as error:
            progress.warn(_stays(database, error))


def _create(server: Server, places: Places | None, plan: Plan, like: Mapping[str, Any], progress: Progress) -> Record:
    name = named(server, plan.into, working.ENDING)
    with server.session() as session:
        here = ours.identity(session)
    facts = {"into": plan.into, "owner": like.get("owner") or server.role}
    database = Record(name, here, None, working.mark(plan.job.name, plan.into), facts)
    if places is not None:
        working.drop_left(server, places, plan.job.name, progress)
        ours.note(working.directory(places, plan.job.name), database)
    try:
        database = replace(database, oid=create.create(server, name, like, database.mark))
    except HoldfastError:
        # Ended by anything else, the database may be there: the next run looks.
        _forget(places, plan, name)
        raise
    try:
        if places is not None:
            ours.note(working.directory(places, plan.job.name), database)
    except BaseException as error:
        _discard_after(error, server, places, plan, database)
        raise
    return database


def _discard(server: Server, places: Places | None, plan: Plan, database: Record) -> None:
    """Drop a working database, unless it has another name by now."""
    working.drop(server, database)
    _forget(places, plan, database.name)


def _discard_after(cause: BaseException, server: Server, places: Places | None, plan: Plan, database: Record) -> None:
    """What ended the restore is what people must know; that something is left of it comes after that."""
    try:
        _discard(server, places, plan, database)
    except HoldfastError as error:
        if isinstance(cause, HoldfastError):
            cause.next_step = f"{cause.next_step}\n{_stays(database, error)}".lstrip()


def _stays(database: Record, error: HoldfastError) -> str:
    told = f"Database {database.name}, which is of no use, could not be dropped: {error.cause}"
    return f"{told}. The next restore of the job drops it."


def _forget(places: Places | None, plan: Plan, name: str) -> None:
    if places is not None:
        ours.forget(working.directory(places, plan.job.name), name)


def _compute(server: Server, database: str, proof: Mapping[str, Any], progress: Progress) -> None:
    views = [name for name, facts in proof["objects"]["materialized view"].items() if facts.get("populated")]
    if views:
        with server.session(database) as session:
            for view, cause in computed.refresh(session, views).items():
                progress.warn(f"materialized view {view} could not be computed: {cause}")


def name_it(server: Server, closed: seclusion.Closed, name: str, wanted: Mapping[str, Any]) -> None:
    """Give a complete database its own name, and what belongs to it."""
    with server.session() as session, session.transaction():
        seclusion.require(session, closed, name)
        take_over(session, closed.name, name, wanted)


def take_over(session: Session, database: str, name: str, wanted: Mapping[str, Any]) -> None:
    """In a transaction: furnish a closed database, and let everybody in under its own name.

    Raises :class:`HoldfastError` when it has not become what was wanted.
    """
    from psycopg import sql

    old, new = sql.Identifier(database), sql.Identifier(name)
    properties.apply(session, database, wanted)
    session.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS true").format(old))
    properties.comment_on(session, database, wanted.get("comment"))
    session.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(old, new))
    missed = properties.differences(wanted, properties.of(session, name), catalog.roles(session))
    if missed:
        raise HoldfastError(f"database {name}", "it did not get " + "; ".join(missed), "Nothing was replaced.")


def furnish(server: Server, database: str, wanted: Mapping[str, Any]) -> None:
    """Give a database that is in use what belongs to it."""
    with server.session() as session, session.transaction():
        properties.apply(session, database, wanted)
        properties.comment_on(session, database, wanted.get("comment"))


def analyze(server: Server, database: str, progress: Progress) -> None:
    """Collect the planner's statistics; what has more partitions than the server can lock at once, or such as are on
    another server, is left out."""
    with server.session(database) as session:
        left_out = statistics.analyze(session)
    for tables, cause in (
        (left_out.locks, "the server cannot lock all their partitions at once (max_locks_per_transaction)"),
        (left_out.away, "some of their rows are on another server, which a restore does not ask"),
    ):
        if tables:
            progress.warn(f"without statistics of its own: {', '.join(tables)}; {cause}")


def _shortened(database: str, ending: str) -> str:
    """A name with its ending, which leaves room for the time."""
    return database.encode()[: NAME_LIMIT - STAMP - len(ending)].decode(errors="ignore") + ending
