# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``holdfast rollback``: undo the last swap of a database."""

from __future__ import annotations

import time
from datetime import datetime, timezone
from typing import Any

from . import beside, history, kept, prove, replaced, swap
from .aside import Mark, put_aside
from .definition.model import Job
from .difference import Difference
from .errors import Refused
from .places import Places
from .postgresql import properties
from .postgresql.quote import typed
from .postgresql.reach import reach
from .postgresql.server import Server
from .progress import Progress
from .repository import lock
from .repository.manifest import moment, timestamp


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
        before, mark = _last_swap(server, job, database)
        if expected not in (None, before):
            raise Refused(
                f"database {database} on {server.title}",
                f"its last swap is another one now: {before} would come back, and not {expected}",
                "Look at it, and begin again: holdfast rollback --dry-run.",
            )
        line.update(database=database, before=before, dry_run=dry_run)
        swap.check(server, database)
        changes = _changes(server, job, places, database, before, progress)
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
        aside = beside.named(server, database, "_undone")
        with server.session() as session:
            own = properties.read(session, database)["comment"]
        now = timestamp(datetime.now(timezone.utc))
        undone = Mark("undone", job.name, database, now, mark.backup, own)
        progress.step(f"putting {before} back in the place of {database}, which is kept as {aside}")
        with server.claim(job.name):
            outage = swap.exchange(server, database, aside, undone, before, mark.comment)
        line.update(aside=aside, replaced=True)
        progress.step(f"exchanged in {outage:.2f} s")
        # What was written while we looked is put aside as well, and must not go unnamed.
        outcome["changes"] = _changes(server, job, places, aside, before, progress)
        kept.forget(places, job.name, before)
        return {**outcome, "aside": aside, "outage": outage, "seconds": round(time.monotonic() - start, 3)}


def look(job: Job, database: str) -> dict[str, Any]:
    """What is live now and what would come back; :class:`Refused` when there is no swap to undo.

    As :func:`.replaced.look`, with before, the name of what would come back, and there, what that holds.
    """
    server = reach(job.connection, to_restore=True)
    server.check()
    return _replacing(server, database, *_last_swap(server, job, database))


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
    # It was read from a comment, which anybody may have altered who owns the database.
    try:
        return replaced.since(moment(at))
    except (TypeError, ValueError):
        return None


def _last_swap(server: Server, job: Job, database: str) -> tuple[str, Mark]:
    with server.session() as session:
        asides = [aside for aside in put_aside(session, job.name) if aside.mark.was == database]
        there = session.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchone()
    swapped = [aside for aside in asides if aside.mark.what == "swapped"]
    undone = [aside for aside in asides if aside.mark.what == "undone"]
    title = f"database {database} on {server.title}"
    if swapped and there:
        return swapped[-1].name, swapped[-1].mark
    if swapped:
        old, new = typed(swapped[-1].name), typed(database)
        raise Refused(title, "it is there no more", f"To bring the old one back: ALTER DATABASE {old} RENAME TO {new};")
    if undone:
        at, name = undone[-1].mark.at, undone[-1].name
        raise Refused(title, f"its last swap was undone at {at}", f"What it held until then is the database {name}.")
    raise Refused(
        title,
        f"there is no swap of job {job.name} to undo",
        "A restore in place is undone by restoring its safety backup: holdfast list shows it.",
    )


def _changes(
    server: Server, job: Job, places: Places, database: str, before: str, progress: Progress
) -> list[str] | None:
    """What was changed since the swap, or None when that cannot be told."""
    restored = kept.read(places, job.name, before)
    if restored is None or restored["mode"] != "full":
        return None
    progress.step(f"looking for what was written into {database} since the swap")
    verdict, found = prove.prove(server, database, restored, job.parallel - 1, Progress())
    # An extension in another version is no loss of a restore, but it has been altered since.
    altered = [one for one in verdict["notes"] if one["kind"] == "extension"]
    told = [str(Difference(**one)) for one in [*verdict["differences"], *altered]]
    problem = restored["large_objects"].get("problem") or found["large_objects"].get("problem")
    if problem:
        told.append(f"large objects: whether they changed is not known, because {problem}")
    return [
        one.replace("the backup has", "the restore brought").replace("the backup's", "the restore's") for one in told
    ]


def _told(changes: list[str] | None) -> str:
    if changes is None:
        return "what was written into it since the swap is not known, and would go out of use"
    shown = "\n".join(f"  {change}" for change in changes[: prove.SHOWN])
    more = f"\n  ... and {len(changes) - prove.SHOWN} more" if len(changes) > prove.SHOWN else ""
    return f"it has changed since the swap, and these changes would go out of use:\n{shown}{more}"
