# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The program ``holdfast``: arguments in, a verb of the core, blocks or JSON out, an exit status."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Callable, TextIO, cast

from .arguments import parse

if TYPE_CHECKING:
    from .errors import HoldfastError
    from .places import Places
    from .progress import Progress
    from .request import RestoreRequest
    from .terminal.blocks import Block
    from .which import Choice

    # A verb's result, what draws it, and the exit status.
    Outcome = tuple[dict[str, Any], Callable[[Any], list[Block]], int]

# EX_SOFTWARE of sysexits.h
CRASHED = 70


def main(argv: Sequence[str], stdout: TextIO | None, stderr: TextIO | None) -> int:
    """Run the program; its exit status, which tells how the run went even if nobody reads what is written."""
    try:
        arguments = parse(argv)
    except SystemExit as ending:
        return int(ending.code or 0)
    from .terminal.steady import Steady

    out, err = Steady(stdout), Steady(stderr)
    status = _run(arguments, cast("TextIO", out), cast("TextIO", err))
    out.flush()
    err.flush()
    # Whoever leaves a pager has seen enough. Anything else kept the answer from whoever wanted it.
    if out.broken is not None and not isinstance(out.broken, BrokenPipeError):
        err.write(f"holdfast: standard output: {out.broken.strerror}; what was done is in the history\n")
        err.flush()
        return max(status, 1)
    return status


def _run(arguments: argparse.Namespace, stdout: TextIO, stderr: TextIO) -> int:
    import json
    import signal
    import sys

    from .errors import HoldfastError
    from .places import Places
    from .progress import Progress
    from .terminal import views
    from .terminal.draw import draw
    from .terminal.progress import StreamProgress

    signal.signal(signal.SIGTERM, _interrupt)
    # The connection to the terminal is lost. nohup has it ignored, and then it stays so.
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        signal.signal(signal.SIGHUP, _interrupt)
    arguments.live = stdout.isatty()
    # Only a person can answer. With --json standard output is for the result alone.
    arguments.asks = arguments.live and sys.stdin is not None and sys.stdin.isatty()
    arguments.terminal = stderr if arguments.json else stdout
    if arguments.verbose:
        _trace(stderr)
    progress = Progress() if arguments.json else StreamProgress(stdout)
    try:
        result, view, status = VERBS[arguments.verb](arguments, Places.from_environment(), progress)
    except HoldfastError as error:
        if arguments.json:
            stdout.write(json.dumps(_as_data(error), ensure_ascii=False) + "\n")
        progress.fail(f"{error.thing}: {error.cause.splitlines()[0]}")
        draw(views.errors([(error.thing, error.cause, error.next_step)]), stderr)
        return error.exit_status
    except KeyboardInterrupt:
        progress.fail(f"{arguments.verb}: ended by a signal")
        draw(views.errors([(arguments.verb, "ended by a signal; what was unfinished is undone", "")]), stderr)
        return 130
    except Exception:  # noqa: BLE001 - a crash must not end with the status of a warning
        import traceback

        progress.fail(f"{arguments.verb}: crashed")
        stderr.write(traceback.format_exc())
        draw(views.errors([(arguments.verb, "this is a defect of holdfast", "Please report the lines above.")]), stderr)
        return CRASHED
    if arguments.json:
        stdout.write(json.dumps(result, ensure_ascii=False, indent=2) + "\n")
    else:
        draw(view(result), stdout)
    return int(status)


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def _trace(stderr: TextIO) -> None:
    import logging

    handler = logging.StreamHandler(stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s  %(message)s"))
    logger = logging.getLogger("holdfast")
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)


def _as_data(error: HoldfastError) -> dict[str, Any]:
    replaced = {"replaced": True} if error.replaced else {}
    return {"failed": True, "error": f"{error.thing}: {error.cause}", "next_step": error.next_step, **replaced}


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
        accept_differences=arguments.accept_differences,
        dry_run=arguments.dry_run,
    )


def _restore(arguments: argparse.Namespace, places: Places, progress: Progress) -> Outcome:
    from .restore import restore
    from .tables import restore_tables
    from .terminal import views
    from .which import find

    request = request_of(arguments)
    request.check()
    choice = find(places, arguments.backup, arguments.job)
    if arguments.asks and request.replaces and not request.dry_run and not arguments.yes:
        _confirm(choice, request, arguments.terminal)
    tables = request.mode == "tables"
    result = (restore_tables if tables else restore)(choice, places, progress, request)
    differs = not request.dry_run and result["proof"]["result"] == "differs"
    return result, views.restored_tables if tables else views.restored, 1 if differs else 0


def _confirm(choice: Choice, request: RestoreRequest, terminal: TextIO) -> None:
    """Ask whether the live database is to be replaced, before anything is locked; :class:`Refused` unless it is."""
    import sys

    from .errors import Refused
    from .postgresql.reach import reach
    from .replaced import look
    from .terminal.replacing import ask

    server = reach(choice.job.connection, to_restore=True)
    server.check()
    facts = look(choice, server, request)
    if facts is not None and not ask(facts, sys.stdin, terminal):
        raise Refused(
            f"database {facts['database']}",
            "it was not replaced, because the answer was not yes",
            "To look at the backup first: --into NAME. To be asked nothing: --yes.",
        )


def _rollback(arguments: argparse.Namespace, places: Places, progress: Progress) -> Outcome:
    from .definition.load import load
    from .rollback import rollback
    from .terminal import views

    job = load(places, arguments.job)
    result = rollback(job, arguments.database, places, progress, arguments.dry_run, arguments.force)
    return result, views.rolled_back, 0


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
