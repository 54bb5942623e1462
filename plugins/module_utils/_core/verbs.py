# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The verbs of the program: arguments in; a result, what draws it, and an exit status out.

Each imports what it needs, and no more: the program starts in a moment.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any, Callable

if TYPE_CHECKING:
    from .places import Places
    from .progress import Progress
    from .request import RestoreRequest
    from .terminal.blocks import Block

    Outcome = tuple[dict[str, Any], Callable[[Any], list[Block]], int]


def _backup(arguments: argparse.Namespace, places: Places, progress: Progress) -> Outcome:
    from dataclasses import asdict

    from .backup import backup
    from .definition.load import load
    from .terminal import views

    manifest, pruned = backup(load(places, arguments.job), places, progress)
    result = {**asdict(manifest), "size": manifest.size, "pruned": pruned}
    # A scheduled run's log has been told all of it, line by line with the time.
    return result, views.backup_made if arguments.live else lambda _result: [], 0


def _list(arguments: argparse.Namespace, places: Places, _progress: Progress) -> Outcome:
    from . import every_job, listing
    from .terminal import views
    from .terminal.blocks import Line

    jobs, failed = every_job.ask(places, arguments.job, lambda job: listing.backups(job, places))

    def view(result: dict[str, Any]) -> list[Block]:
        blocks: list[Block] = []
        for number, job in enumerate(result["jobs"]):
            blocks += [Line("")] * bool(number) + views.listing(job)
        return blocks + views.errors([(one["thing"], one["cause"], one["next_step"]) for one in result["failed"]])

    return {"jobs": jobs, "failed": every_job.as_data(failed)}, view, 2 if failed else 0


def _show(arguments: argparse.Namespace, places: Places, _progress: Progress) -> Outcome:
    from .show import describe
    from .terminal import views
    from .which import find_backup

    job, entry = find_backup(places, arguments.backup, arguments.job)
    return describe(job, entry, places), views.shown, 0


def _verify(arguments: argparse.Namespace, places: Places, progress: Progress) -> Outcome:
    from .terminal import views
    from .verify import verify
    from .which import find_backup

    job, entry = find_backup(places, arguments.backup, arguments.job)
    return verify(job, places, entry, progress), views.verified, 0


def _drill(arguments: argparse.Namespace, places: Places, progress: Progress) -> Outcome:
    from .definition import load
    from .drill import drill
    from .terminal import drill_views
    from .which import LATEST, find

    wanted, job = arguments.wanted, arguments.job
    if job is None and wanted in load.names(places):
        wanted, job = LATEST, wanted
    report = drill(find(places, wanted, job), places, progress, arguments.where, arguments.dry_run)
    status = 0 if arguments.dry_run or report["result"] == "proved" else 1
    # A scheduled run's log has been told what matters, and the evidence has the rest.
    return report, drill_views.drilled if arguments.live or arguments.dry_run else lambda _result: [], status


def _prune(arguments: argparse.Namespace, places: Places, progress: Progress) -> Outcome:
    from .definition.load import load
    from .prune import prune
    from .terminal import views

    job = load(places, arguments.job)
    rows = prune(job, places, progress, arguments.dry_run)
    return {"job": job.name, "dry_run": arguments.dry_run, "backups": rows}, views.pruned, 0


def request_of(arguments: argparse.Namespace) -> RestoreRequest:
    """What the command line asks of a restore."""
    from .request import RestoreRequest

    # An empty name is a mistake, and none that may become a swap.
    mode = "in_place" if arguments.in_place else "new" if arguments.into is not None else "swap"
    return RestoreRequest(
        mode="tables" if arguments.table is not None else mode,
        into=arguments.into,
        tables=tuple(arguments.table or ()),
        to=arguments.to,
        database=arguments.database,
        safety=not arguments.no_safety_backup,
        keep_sequences=arguments.keep_sequences,
        accept_differences=arguments.accept_differences,
        dry_run=arguments.dry_run,
    )


def _restore(arguments: argparse.Namespace, places: Places, progress: Progress) -> Outcome:
    import sys

    from .postgresql.reach import reach
    from .replaced import look
    from .restore import restore
    from .tables import restore_tables
    from .terminal import restore_views
    from .terminal.replacing import confirm
    from .which import find

    request = request_of(arguments)
    request.check()
    choice = find(places, arguments.backup, arguments.job)
    if arguments.asks and request.replaces and not request.dry_run and not arguments.yes:
        server = reach(choice.job.connection, to_restore=True)
        server.check()
        facts = look(choice, server, request)
        if facts is not None:
            confirm(facts, sys.stdin, arguments.terminal)
    tables = request.mode == "tables"
    result = (restore_tables if tables else restore)(choice, places, progress, request)
    differs = not request.dry_run and result["proof"]["result"] == "differs"
    return result, restore_views.restored_tables if tables else restore_views.restored, 1 if differs else 0


def _rollback(arguments: argparse.Namespace, places: Places, progress: Progress) -> Outcome:
    import sys

    from .definition.load import load
    from .rollback import look, rollback
    from .terminal import restore_views
    from .terminal.replacing import confirm

    job, before = load(places, arguments.job), None
    if arguments.asks and not arguments.dry_run and not arguments.yes:
        facts = look(job, arguments.database, places)
        confirm(facts, sys.stdin, arguments.terminal)
        before = facts["before"]
    result = rollback(job, arguments.database, places, progress, arguments.dry_run, arguments.force, before)
    return result, restore_views.rolled_back, 0


def _status(arguments: argparse.Namespace, places: Places, _progress: Progress) -> Outcome:
    from . import every_job
    from .status import status, without_an_answer
    from .terminal import views
    from .terminal.blocks import Line

    jobs, failed = every_job.ask(places, arguments.job, lambda job: status(job, places))
    jobs += [without_an_answer(name, error) for name, error in failed]

    def view(result: dict[str, Any]) -> list[Block]:
        blocks: list[Block] = []
        for number, job in enumerate(result["jobs"]):
            blocks += [Line("")] * bool(number) + views.health(job)
        return blocks

    return {"jobs": jobs}, view, max(job["exit_status"] for job in jobs)


def _adopt(arguments: argparse.Namespace, places: Places, progress: Progress) -> Outcome:
    from pathlib import Path

    from .adopt import adopt
    from .errors import HoldfastError
    from .terminal import views
    from .which import job_of

    adopted, refused = [], []
    for name in arguments.files:
        file = Path(name).absolute()
        try:
            adopted.append(adopt(job_of(places, file, arguments.job), places, file, arguments.database, progress))
        except HoldfastError as error:
            # The others of a whole directory are adopted all the same.
            if len(arguments.files) == 1:
                raise
            refused.append({"thing": error.thing, "cause": error.cause, "next_step": error.next_step})

    def view(result: dict[str, Any]) -> list[Block]:
        blocks = [block for one in result["adopted"] for block in views.adopted(one)]
        return blocks + views.errors([(one["thing"], one["cause"], one["next_step"]) for one in result["refused"]])

    return {"adopted": adopted, "refused": refused}, view, 1 if refused else 0


def _import(arguments: argparse.Namespace, places: Places, progress: Progress) -> Outcome:
    from pathlib import Path

    from .importing import bring
    from .terminal.import_view import imported

    return bring(Path(arguments.directory).absolute(), arguments.job, places, progress), imported, 0


VERBS: dict[str, Callable[[argparse.Namespace, Places, Progress], Outcome]] = {
    "backup": _backup,
    "list": _list,
    "show": _show,
    "verify": _verify,
    "drill": _drill,
    "restore": _restore,
    "rollback": _rollback,
    "prune": _prune,
    "status": _status,
    "adopt": _adopt,
    "import": _import,
}
