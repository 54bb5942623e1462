# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``holdfast restore``: a backup beside the live database and then in its place, into a new one, or over a live one."""

from __future__ import annotations

import time
from typing import Any

from . import beside, complete, created, history, itself, load_failed, lock_room, prove, replaced, swap
from . import safety as safety_backup
from .definition.load import names as deployed
from .errors import HoldfastError, once_replaced
from .itself import Itself
from .places import Places
from .plan import Plan, plan
from .postgresql import exclusive, load, rows, surplus, workspace
from .postgresql.inside import Inside
from .postgresql.quote import typed
from .postgresql.reach import reach
from .postgresql.server import Server
from .progress import Progress
from .repository import lock
from .repository.manifest import Manifest
from .request import RestoreRequest
from .units import count, duration
from .visible import shell_word
from .which import Choice

NO_SAFETY = (
    "Nothing was replaced. If the live database cannot be dumped any more: --no-safety-backup, which keeps the database"
    " itself under another name."
)


def restore(choice: Choice, places: Places, progress: Progress, request: RestoreRequest) -> dict[str, Any]:
    """Restore one database of a backup in one of the modes swap, new and in_place.

    The backup is verified first, and what was restored is compared with its proof before it is taken into use. A live
    database that is replaced gets a safety backup first. Raises before anything is touched when the request, the
    backup, the server, the space or the roles do not fit.
    """
    request.check()
    job = choice.job
    with history.record(places, job.name, "restore") as line, lock.hold(places, job.name, "restore"):
        start = time.monotonic()
        line["backup"] = choice.entry.id if choice.entry else str(choice.file)
        server = reach(job.connection, to_restore=True)
        planned = plan(choice, server, progress, request)
        line.update(database=planned.into, mode=planned.mode, dry_run=request.dry_run)
        if planned.mode == "swap" and planned.live:
            swap.check(server, planned.into)
        if planned.mode == "in_place" and planned.live:
            lock_room.require_for_replacing(planned, server, progress)
        own = itself.choose(server, planned)
        outcome = {
            **_describe(planned, choice),
            "replacing": replaced.look(choice, server, request),
            "itself": own.as_data(),
        }
        if request.dry_run:
            return {**outcome, "dry_run": True, "steps": steps(planned, request.safety)}
        done = _carry_out(choice, planned, own, server, places, progress, request)
        line.update(safety=done["safety"], before=done["before"], proof=done["proof"]["result"], replaced=planned.live)
        seconds = round(time.monotonic() - start, 3)
        progress.step(f"restored {planned.into}: {count(done['proof']['tables'], 'table')} in {duration(seconds)}")
        return {**outcome, "dry_run": False, **done, "seconds": seconds, "undo": _undo(planned, done, places)}


def steps(plan: Plan, safety: bool) -> list[str]:
    """What a restore would do from here, in the order in which it would."""
    proved = "compare it with the proof of the backup" if plan.proof else "count its rows (the backup has no proof)"
    create = [f"create the missing roles {', '.join(plan.roles.create)}"] if plan.roles.create else []
    protect = [f"make a safety backup of {plan.into}"] if plan.live and safety else []
    if plan.mode == "in_place" and plan.live:
        look = f"lock {plan.into}, and go on only if it is still what the safety backup holds"
        replace = f"in the same transaction empty it and load {plan.path.name} into it"
        return [*protect, *create, look, replace, proved]
    build = [f"load {plan.path.name} into a database beside the others", proved]
    if plan.mode == "swap" and plan.live:
        aside = f"{plan.into}_before_<time>"
        return [
            *create,
            *build,
            *protect,
            f"end the sessions in {plan.into} and rename it to {aside}, the new one to it",
        ]
    return [*create, *build, f"name it {plan.into}"]


def _carry_out(
    choice: Choice,
    plan: Plan,
    own: Itself,
    server: Server,
    places: Places,
    progress: Progress,
    request: RestoreRequest,
) -> dict[str, Any]:
    """safety: the id of the safety backup; before: the name that the replaced database has now; outage: seconds without
    the live database; sequences_raised: sequence, from, to; proof: the verdict; tables: table and rows.
    """
    done: dict[str, Any] = {"safety": None, "before": None, "outage": None, "sequences_raised": []}
    if plan.mode == "in_place" and plan.live:
        saved = _safety(plan, places, progress)
        done["safety"] = saved.id
    workspace.clear(server)
    with created.roles(server, plan, progress), server.claim(plan.job.name):
        if plan.mode == "in_place" and plan.live:
            progress.step(f"restoring {plan.title} in place of {plan.into}")
            with load_failed.blamed(choice, server, plan, places):
                proved = _load_in_place(server, plan, saved, progress, request.accept_differences)
            with once_replaced():
                verdict, found = proved or prove.prove(server, plan.into, None, plan.job.parallel - 1, progress)
                if own.wanted is not None:
                    beside.furnish(server, plan.into, own.wanted)
                beside.analyze(server, plan.into, progress)
        else:
            progress.step(f"loading {plan.title} {'beside' if plan.live else 'into'} {plan.into}")
            loading = beside.loaded(server, places, plan, own.like, progress)
            with load_failed.explained(choice, server, plan, places, loading) as working:
                beside.analyze(server, working, progress)
                # A rollback compares with it, whatever the backup was proved by.
                verdict, found, closed = complete.prove(server, working, plan, progress, own.wanted, whole=plan.live)
                if not request.accept_differences:
                    prove.require(plan.into, plan.title, verdict, _another(plan))
                if plan.live:
                    done["safety"] = _safety(plan, places, progress).id if request.safety else None
                    keep = request.keep_sequences
                    done.update(swap.swap(server, places, plan, closed, own.wanted, found, progress, keep))
                else:
                    beside.name_it(server, closed, plan.into, plan.details)
    tables = [{"table": name, "rows": table["rows"]} for name, table in found["tables"].items() if table["kind"] == "r"]
    return {**done, "proof": verdict, "tables": sorted(tables, key=lambda table: str(table["table"]))}


def _load_in_place(
    server: Server, plan: Plan, saved: Manifest, progress: Progress, accept_differences: bool
) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """Load over the live database, and prove what was loaded before anybody else can see it; None without a proof."""
    judged: list[tuple[dict[str, Any], dict[str, Any]]] = []
    live = safety_backup.proof_of(saved, plan.into, plan.job.repository)

    def guard(inside: Inside) -> None:
        progress.step(f"locking {plan.into}, and looking for what was written since its safety backup")
        exclusive.lock(inside)
        # The settings of a proof are none for a restore.
        inside.run("SAVEPOINT looking")
        rows.pin(inside, plan.job.parallel - 1)
        safety_backup.require_unchanged(saved, plan.into, prove.judge(inside, live, Progress(), itself=False)[0])
        inside.run("ROLLBACK TO SAVEPOINT looking")

    def judge(inside: Inside) -> None:
        rows.pin(inside, plan.job.parallel - 1)
        for statement in surplus.statements(inside, (plan.proof or {})["objects"]):
            inside.run(statement)
        judged.append(prove.judge(inside, plan.proof, progress, itself=False))
        if not accept_differences:
            prove.require(plan.into, plan.title, judged[0][0], _another(plan))

    asked = judge if plan.proof else None
    load.load_in_place(server, plan.into, plan.path, plan.codec, plan.job.name, guard, asked)
    return judged[0] if judged else None


def _another(plan: Plan) -> str:
    """The next step after a restore that differs."""
    done = "Nothing was replaced." if plan.live else "The new database was dropped again."
    return f"{done} Take another backup (holdfast list). To use this one all the same: its id, --accept-differences."


def _safety(plan: Plan, places: Places, progress: Progress) -> Manifest:
    try:
        return safety_backup.make(plan.job, plan.into, places, progress, proved=plan.mode == "in_place")
    except HoldfastError as error:
        if plan.mode != "swap" or error.next_step:
            raise
        raise HoldfastError(error.thing, error.cause, NO_SAFETY) from error


def _describe(plan: Plan, choice: Choice) -> dict[str, Any]:
    return {
        "backup": plan.title,
        "job": plan.job.name,
        "source": plan.source,
        "database": plan.into,
        "mode": plan.mode,
        "replaces": plan.live,
        "roles_created": list(plan.roles.create),
        "roles_notes": plan.roles.notes(),
        "passed_over": list(choice.passed_over),
    }


def _undo(plan: Plan, done: dict[str, Any], places: Places) -> str:
    several = len(deployed(places)) > 1
    job = f" --job {plan.job.name}" if several else ""
    if done["before"] is not None:
        return f"holdfast rollback {shell_word(plan.into)}{job}"
    if done["safety"] is not None:
        return f"holdfast restore {done['safety']} --in-place --database {shell_word(plan.into)}{job}"
    return f"DROP DATABASE {typed(plan.into)}"
