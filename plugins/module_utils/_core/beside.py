# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A database under a working name, beside the live ones, until it is complete."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from typing import Any

from .plan import Plan
from .postgresql import catalog, computed, load, properties, surplus
from .postgresql.contents import Selection, without_computed
from .postgresql.server import NAME_LIMIT, Server
from .progress import Progress
from .repository import names

RESTORE = "_restore"
STAMP = len("_20250816_155503")
# A run that is killed between the creation of its database and the mark leaves one that is as empty as its template.
UNFINISHED = r"""
    SELECT d.datname FROM pg_database d JOIN pg_database empty ON empty.datname = 'template0'
    WHERE shobj_description(d.oid, 'pg_database') = %(mark)s
      OR CASE
        WHEN shobj_description(d.oid, 'pg_database') IS NULL AND starts_with(d.datname, %(name)s)
          AND substr(d.datname, length(%(name)s) + 1) ~ '^_\d{8}_\d{6}$'
        THEN pg_database_size(d.oid) = pg_database_size(empty.oid)
      END
"""


def named(server: Server, database: str, ending: str) -> str:
    """A free name that tells of another: ``library`` and ``_before`` give ``library_before_20250816_155503``."""
    with server.session() as session:
        there = catalog.databases(session)
    while True:
        name = f"{_shortened(database, ending)}_{names.stamp(datetime.now(timezone.utc))}"
        if name not in there:
            return name
        time.sleep(0.1)


@contextlib.contextmanager
def loaded(server: Server, plan: Plan, progress: Progress, select: Selection | None = None) -> Iterator[str]:
    """Load a backup, or what is selected of it, into a new database; its working name. It is dropped again when the
    block fails.

    What belongs to the database itself, such as its settings, it gets from the live one that it is going to replace,
    and otherwise from the backup.
    """
    drop_unfinished(server, plan.job.name, plan.into)
    working = named(server, plan.into, RESTORE)
    like = plan.details
    if plan.live:
        with server.session() as session:
            like = {**like, **properties.of(session, plan.into)}
    load.create_database(server, working, like, _mark(plan.job.name, plan.into))
    try:
        # A materialized view that cannot be computed is told by the comparison with the proof, and ends nothing.
        chosen = select or (without_computed if plan.proof else None)
        if select is None and plan.proof:
            with server.session(working) as session:
                for statement in surplus.statements(session, plan.proof["objects"]):
                    session.execute(statement)
        load.load(server, working, plan.path, plan.codec, plan.job.parallel, plan.job.name, chosen)
        if select is None and plan.proof:
            _compute(server, working, plan.proof, progress)
        properties.apply(server, working, like)
        yield working
    except BaseException:
        drop(server, working)
        raise


def _compute(server: Server, working: str, proof: Mapping[str, Any], progress: Progress) -> None:
    views = [name for name, facts in proof["objects"]["materialized view"].items() if facts.get("populated")]
    if views:
        with server.session(working) as session:
            for view, cause in computed.refresh(session, views).items():
                progress.warn(f"materialized view {view} could not be computed: {cause}")


def name_it(server: Server, working: str, name: str, comment: str | None) -> None:
    """Give a complete database its own name and comment."""
    from psycopg import sql

    # At once: without its mark an unfinished database would stay for ever.
    with server.session() as session, session.transaction():
        old, new = sql.Identifier(working), sql.Identifier(name)
        session.execute(sql.SQL("COMMENT ON DATABASE {} IS {}").format(old, sql.Literal(comment)))
        session.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(old, new))


def analyze(server: Server, database: str) -> None:
    with server.session(database) as session:
        session.execute("ANALYZE")


def drop(server: Server, name: str) -> None:
    from psycopg import sql

    with server.session() as session:
        session.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def drop_unfinished(server: Server, job: str, into: str) -> int:
    """Drop what killed restores of the job into that name left; how many databases. Must be called under its lock."""
    wanted = {"mark": _mark(job, into), "name": _shortened(into, RESTORE)}
    with server.session() as session:
        left: list[Any] = session.execute(UNFINISHED, wanted).fetchall()
    for (name,) in left:
        drop(server, name)
    return len(left)


def _shortened(database: str, ending: str) -> str:
    """A name with its ending, which leaves room for the time."""
    return database.encode()[: NAME_LIMIT - STAMP - len(ending)].decode(errors="ignore") + ending


def _mark(job: str, into: str) -> str:
    """The comment of a database that is not complete yet."""
    return f"holdfast, job {job}: unfinished restore into {into}"
