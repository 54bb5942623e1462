# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``holdfast restore --table``: single tables out of a backup, into the live database under another schema or name."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from . import beside, created, history, load_failed, lock_room, lone_tables, prove, prove_tables, room, wanted_tables
from .errors import NotProved, Refused, UsageError
from .places import Places
from .plan import Plan, plan, require_room
from .postgresql import load, workspace
from .postgresql.contents import only_tables
from .postgresql.quote import identifier, typed
from .postgresql.reach import reach
from .postgresql.server import Server
from .progress import Progress
from .repository import lock
from .request import RestoreRequest
from .units import count, duration
from .wanted_tables import Wanted
from .which import Choice

ANOTHER = "Its proof says that it should: take another backup (holdfast list), and drill that."


def restore_tables(choice: Choice, places: Places, progress: Progress, request: RestoreRequest) -> dict[str, Any]:
    """Restore some tables, with indexes, sequences, owners and privileges, and without triggers and foreign keys.

    They are restored in a database beside the live one first, and copied over in one transaction; then their rows are
    compared with the proof. Nothing that is there is changed.
    """
    request.check()
    job, dry_run = choice.job, request.dry_run
    with history.record(places, job.name, "restore") as line, lock.hold(places, job.name, "restore"):
        start = time.monotonic()
        line["backup"] = choice.entry.id if choice.entry else str(choice.file)
        server = reach(job.connection, to_restore=True)
        planned = plan(choice, server, progress, request)
        wanted = wanted_tables.wanted(server, planned, request.tables, request.to)
        line.update(database=planned.into, mode="tables", tables=[one.source for one in wanted], dry_run=dry_run)
        made = _check(server, planned, wanted)
        lock_room.require_for_tables(planned, len(wanted), server, progress)
        _require_room(server, planned, wanted)
        outcome = {
            "backup": planned.title,
            "job": job.name,
            "source": planned.source,
            "database": planned.into,
            "mode": "tables",
            "renamed": [{"table": one.source, "now": one.target} for one in wanted],
            "roles_created": list(planned.roles.create),
            "roles_notes": planned.roles.notes(),
            "passed_over": list(choice.passed_over),
            "dry_run": dry_run,
        }
        if dry_run:
            return outcome
        workspace.clear(server)
        progress.step(f"restoring {', '.join(one.source for one in wanted)} of {planned.title}")
        with created.roles(server, planned, progress), server.claim(job.name):
            _copy(choice, server, planned, wanted, made, places, progress)
            outcome["roles_created"] = created.take_back(server, planned.roles.create)
            now = {one.source: one.target for one in wanted}
            verdict, counted = prove_tables.prove(server, planned, now, progress)
        undo = "; ".join(
            [f"DROP SCHEMA {typed(schema)} CASCADE" for schema in made]
            or ["DROP TABLE " + ", ".join(f"{typed(one.new_schema)}.{typed(one.new_name)}" for one in wanted)]
        )
        if not request.accept_differences:
            title = f"{planned.into}, {', '.join(one.target for one in wanted)}"
            prove.require(title, planned.title, verdict, f"They are there all the same. To undo: {undo}")
        line["proof"] = verdict["result"]
        seconds = round(time.monotonic() - start, 3)
        progress.step(f"restored {count(len(wanted), 'table')} in {duration(seconds)}")
        return {**outcome, "tables": counted, "proof": verdict, "undo": undo, "seconds": seconds}


def _check(server: Server, plan: Plan, wanted: Sequence[Wanted]) -> list[str]:
    """Refuse what would touch something that is there; the schemas that have to be made."""
    title = f"database {plan.into} on {server.title}"
    if not plan.live:
        raise Refused(title, "it does not exist", "Restore it whole first: holdfast restore.")
    if plan.proof is not None:
        there = plan.proof["objects"]["table"]
        for one in wanted:
            if one.source not in there:
                raise UsageError(
                    plan.title, f"it holds no table {one.source}", f"It holds: {', '.join(sorted(there))}."
                )
            if there[one.source].get("kind") == "f":
                raise Refused(one.source, "it is a foreign table, whose rows are in no backup", "Leave it out.")
    with server.session(plan.into) as session:
        for one in wanted:
            if session.execute("SELECT to_regclass(%s)", [one.target]).fetchall()[0][0] is not None:
                raise Refused(title, f"{one.target} exists", "Name another schema or table with --to.")
        schemas = {row[0] for row in session.execute("SELECT nspname FROM pg_namespace")}
    return sorted({one.new_schema for one in wanted} - schemas)


def _require_room(server: Server, plan: Plan, wanted: Sequence[Wanted]) -> None:
    tables = [(one.schema, one.name) for one in wanted]
    number = len(plan.proof["objects"]["table"]) if plan.proof else 0
    needed = room.for_tables(plan.details, tables, number, selects=plan.codec.format != "plain")
    require_room(server, needed, f"the restore of {count(len(wanted), 'table')}")


def _copy(
    choice: Choice,
    server: Server,
    plan: Plan,
    wanted: Sequence[Wanted],
    made: Sequence[str],
    places: Places,
    progress: Progress,
) -> None:
    select = only_tables((one.schema, one.name) for one in wanted)
    loading = beside.loaded(server, places, plan, plan.details, progress, select)
    # A plain dump is loaded whole.
    whole = plan.codec.format == "plain"
    with load_failed.explained(choice, server, plan, places, loading, whole) as working:
        with server.session(working) as session:
            # Names are compared below: they must always come with their schema.
            session.execute("SET search_path = ''")
            for schema in {one.new_schema for one in wanted}:
                session.execute(f"CREATE SCHEMA IF NOT EXISTS {identifier(schema)}")
            missing = [
                one for one in wanted if not session.execute("SELECT to_regclass(%s)", [one.source]).fetchall()[0][0]
            ]
            if missing:
                told = f"it holds no table {', '.join(one.source for one in missing)}"
                # The proof has it: it was there when the backup was made.
                raise UsageError(plan.title, told) if plan.proof is None else NotProved(plan.title, told, ANOTHER)
            lone_tables.require_whole(session, wanted)
            for one in wanted:
                lone_tables.detach(session, one, wanted)
            for one in wanted:
                lone_tables.move(session, one)
        progress.step(f"copying them into {plan.into}")
        targets = [one.target for one in wanted]
        load.copy_tables(server, working, plan.into, targets, [identifier(schema) for schema in made])
