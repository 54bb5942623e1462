# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``holdfast rollback``: undo the last swap of a database."""

from __future__ import annotations

import time
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from . import aside, beside, history, kept, prove, replaced, swap
from .aside import Mark
from .definition.model import Job
from .difference import Difference
from .errors import Refused
from .places import Places
from .postgresql import catalog, properties
from .postgresql.quote import typed
from .postgresql.reach import reach
from .postgresql.server import Server
from .progress import Progress
from .repository import lock
from .repository.manifest import moment, timestamp

if TYPE_CHECKING:
    import psycopg

    Session = psycopg.Connection[Any]

BY_HAND = "Look at it. To put it back by hand, rename the live database, then that one to its name (ALTER DATABASE)."


def rollback(
    job: Job,
    database: str,
    places: Places,
    progress: Progress,
    dry_run: bool = False,
    force: bool = False,
    expected: str | None = None,
) -> dict[str, Any]:
    """Put the database that the last swap replaced back under its name; the present one is kept beside.

    expected: the name that it has now, when somebody has agreed to that. Raises :class:`Refused` when there is no swap
    to undo, or another one, and unless forced when something was written since: changes tells what.
    """
    with history.record(places, job.name, "rollback") as line, lock.hold(places, job.name, "rollback"):
        start = time.monotonic()
        server = reach(job.connection, to_restore=True)
        server.check()
        before, mark = _last_swap(server, places, job, database)
        if expected not in (None, before):
            raise Refused(
                f"database {database} on {server.title}",
                f"its last swap is another one now: {before} would come back, and not {expected}",
                "Look at it, and begin again: holdfast rollback --dry-run.",
            )
        line.update(database=database, before=before, dry_run=dry_run)
        swap.check(server, database)
        changes = _changes(server, job, places, database, before, mark, progress)
        outcome = {
            "job": job.name,
            "database": database,
            "before": before,
            "backup": mark.backup,
            "swapped": mark.at,
            "changes": changes,
            "replacing": _replacing(server, database, before, mark),
            "dry_run": dry_run,
        }
        if dry_run:
            return {**outcome, "aside": None, "outage": None}
        if changes != [] and not force:
            raise Refused(
                f"database {database} on {server.title}",
                _told(changes),
                "With --force it is put aside with all that, under another name; nothing is deleted.",
            )
        undone = beside.named(server, database, "_undone")
        now = timestamp(datetime.now(timezone.utc))

        def put_aside(session: Session) -> str:
            own = aside.own_comment(properties.read(session, undone)["comment"])
            return aside.note(session, places, undone, Mark("undone", job.name, database, now, mark.backup, own))

        def take_over(session: Session) -> None:
            if not any(one.name == before for one in aside.put_aside(session, places, job.name)):
                raise Refused(f"database {before} on {server.title}", "somebody altered it meanwhile", BY_HAND)
            properties.comment_on(session, before, mark.comment)
            swap.rename(session, before, database)

        progress.step(f"putting {before} back in the place of {database}, which is kept as {undone}")
        with server.claim(job.name):
            outage = swap.exchange(server, database, undone, before, put_aside, take_over)
        line.update(aside=undone, replaced=True)
        progress.step(f"exchanged in {outage:.2f} s")
        swap.tell_unmoved(server, undone, database, progress)
        # What was written while we looked is put aside as well, and must not go unnamed.
        outcome["changes"] = _changes(server, job, places, undone, before, mark, progress)
        kept.forget(places, job.name, before)
        aside.forget(places, job.name, before)
        return {**outcome, "aside": undone, "outage": outage, "seconds": round(time.monotonic() - start, 3)}


def look(job: Job, database: str, places: Places) -> dict[str, Any]:
    """What is live now and what would come back; :class:`Refused` when there is no swap to undo.

    As :func:`.replaced.look`, with before, the name of what would come back, and there, what that holds.
    """
    server = reach(job.connection, to_restore=True)
    server.check()
    return _replacing(server, database, *_last_swap(server, places, job, database))


def _replacing(server: Server, database: str, before: str, mark: Mark) -> dict[str, Any]:
    return {
        "database": database,
        "server": server.title,
        **(replaced.holds(server, database) or {}),
        "mode": "rollback",
        "safety": False,
        "backup": mark.backup,
        "before": before,
        "there": replaced.holds(server, before),
        "created": mark.at,
        "age": _age(mark.at),
        "proved": None,
    }


def _age(at: str) -> int | None:
    # It was read from a file.
    try:
        return replaced.since(moment(at))
    except (TypeError, ValueError):
        return None


def _last_swap(server: Server, places: Places, job: Job, database: str) -> tuple[str, Mark]:
    with server.session() as session:
        asides = [one for one in aside.put_aside(session, places, job.name) if one.mark.was == database]
        doubtful = aside.doubtful(session, places, job.name, database)
        there = session.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchone()
    swapped = [one for one in asides if one.mark.what == "swapped"]
    undone = [one for one in asides if one.mark.what == "undone"]
    title = f"database {database} on {server.title}"
    if swapped and there:
        return swapped[-1].name, swapped[-1].mark
    if swapped:
        old, new = typed(swapped[-1].name), typed(database)
        raise Refused(title, "it is there no more", f"To bring the old one back: ALTER DATABASE {old} RENAME TO {new};")
    if doubtful:
        told = ", ".join(doubtful)
        raise Refused(title, f"whether a swap of it put aside {told} is not known on this host", BY_HAND)
    if undone:
        at, name = undone[-1].mark.at, undone[-1].name
        raise Refused(title, f"its last swap was undone at {at}", f"What it held until then is the database {name}.")
    raise Refused(
        title,
        f"there is no swap of job {job.name} to undo",
        "A restore in place is undone by restoring its safety backup: holdfast list shows it.",
    )


def _changes(
    server: Server, job: Job, places: Places, database: str, before: str, mark: Mark, progress: Progress
) -> list[str] | None:
    """What was changed since the swap, or None when that cannot be told."""
    restored = kept.read(places, job.name, before)
    if restored is None or restored["mode"] != "full":
        return None
    progress.step(f"looking for what was written into {database} since the swap")
    verdict, found = prove.prove(server, database, restored, job.parallel - 1, Progress(), itself=False)
    # An extension in another version is no loss of a restore, but it has been altered since.
    altered = [one for one in verdict["notes"] if one["kind"] == "extension"]
    told = [str(Difference(**one)) for one in [*verdict["differences"], *altered]]
    problem = restored["large_objects"].get("problem") or found["large_objects"].get("problem")
    if problem:
        told.append(f"large objects: whether they changed is not known, because {problem}")
    with server.session() as session:
        own = properties.of(session, database)
        own["comment"] = aside.own_comment(own["comment"])
        itself = properties.differences(mark.given, own, catalog.roles(session))
    return [
        *(
            one.replace("the backup has", "the restore brought").replace("the backup's", "the restore's")
            for one in told
        ),
        *(f"database {database}: {one}" for one in itself),
    ]


def _told(changes: list[str] | None) -> str:
    if changes is None:
        return "what was written into it since the swap is not known, and would go out of use"
    shown = "\n".join(f"  {change}" for change in changes[: prove.SHOWN])
    more = f"\n  ... and {len(changes) - prove.SHOWN} more" if len(changes) > prove.SHOWN else ""
    return f"it has changed since the swap, and these changes would go out of use:\n{shown}{more}"
