# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The databases that swaps and rollbacks put aside: what each was is in its comment, and noted. Only people delete
them."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import ours, working
from .ours import Record
from .places import Places

if TYPE_CHECKING:
    import psycopg

    Session = psycopg.Connection[Any]

MARK = "holdfast "
THERE = """
    SELECT oid::bigint, datname,
      (SELECT c FROM shobj_description(oid, 'pg_database') c WHERE starts_with(c, 'holdfast ')),
      CASE WHEN has_database_privilege(oid, 'CONNECT') THEN pg_database_size(oid) END
    FROM pg_database
"""


@dataclass(frozen=True)
class Mark:
    """What is remembered of a database that was put aside.

    what:    swapped (it was live before a restore) or undone (it was live before a rollback)
    was:     the name that it had
    comment: its own comment, or None
    given:   what the database that took its place got for itself, as properties.of tells
    """

    what: str
    job: str
    was: str
    at: str
    backup: str
    comment: str | None
    given: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Aside:
    """A database that was put aside. size: in octets, or None for a role that may not know it."""

    name: str
    mark: Mark
    size: int | None


def note(session: Session, places: Places, name: str, mark: Mark) -> str:
    """Note that a database is about to be put aside under a name, or is just being; the comment that it must get."""
    found = session.execute("SELECT oid::bigint FROM pg_database WHERE datname IN (%s, %s)", [mark.was, name])
    ((oid,),) = found.fetchall()
    told = {**asdict(replace(mark, given={})), "host": ours.host(), "token": ours.token()}
    comment = MARK + json.dumps(told, ensure_ascii=False)
    ours.note(_directory(places, mark.job), Record(name, ours.identity(session), oid, comment, asdict(mark)))
    return comment


def put_aside(session: Session, places: Places, job: str) -> list[Aside]:
    """What the job put aside on this server, the oldest first: whose name, OID and comment are as they were noted."""
    there = {(oid, name, comment): size for oid, name, comment, size in session.execute(THERE).fetchall()}
    here = ours.identity(session)
    found = [
        Aside(record.name, mark, there[record.oid, record.name, record.mark])
        for record in ours.noted(_directory(places, job))
        if record.server == here and (record.oid, record.name, record.mark) in there
        if (mark := _mark(record.facts)) is not None and mark.job == job
    ]
    return sorted(found, key=lambda aside: (aside.mark.at, aside.name))


def doubtful(session: Session, places: Places, job: str, was: str) -> list[str]:
    """What the job may have put aside of a database, and what is not as noted, or was never noted here."""
    known = {aside.name for aside in put_aside(session, places, job)}
    here = ours.identity(session)
    oids = {
        record.oid
        for record in ours.noted(_directory(places, job))
        if record.server == here and record.facts.get("was") == was
    }
    found = []
    for oid, name, comment, _size in session.execute(THERE).fetchall():
        said = _says(comment)
        if name not in {*known, was} and (oid in oids or (said.get("job"), said.get("was")) == (job, was)):
            found.append(name)
    return sorted(found)


def forget(places: Places, job: str, name: str) -> None:
    """It is live again."""
    ours.forget(_directory(places, job), name)


def tidy(session: Session, places: Places, job: str) -> list[str]:
    """Forget what was noted of databases that this server has no more; the names of the others, on any server.

    Must be called under the job's lock.
    """
    there = {row[0] for row in session.execute(THERE)}
    here = ours.identity(session)
    stay = []
    for record in ours.noted(_directory(places, job)):
        if record.server == here and record.oid not in there:
            ours.forget(_directory(places, job), record.name)
        else:
            stay.append(record.name)
    return stay


def own_comment(comment: str | None) -> str | None:
    """A database's own comment, when somebody gave it its name back by hand and left ours."""
    if working.is_mark(comment):
        return None
    said = _says(comment)
    own = said.get("comment")
    return comment if "token" not in said else own if isinstance(own, str) else None


def _says(comment: str | None) -> dict[str, Any]:
    try:
        said = json.loads((comment or "")[len(MARK) :]) if (comment or "").startswith(MARK) else None
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def _mark(facts: dict[str, Any]) -> Mark | None:
    try:
        return Mark(**facts)
    except TypeError:
        return None


def _directory(places: Places, job: str) -> Path:
    return places.history(job).parent / "aside"
