# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The program ``holdfast``: arguments in, a verb of the core, blocks or JSON out, an exit status."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Callable, TextIO

from . import VERSION

if TYPE_CHECKING:
    from .errors import HoldfastError
    from .places import Places
    from .progress import Progress
    from .terminal.blocks import Block

    # A verb's result, what draws it, and the exit status.
    Outcome = tuple[dict[str, Any], Callable[[Any], list[Block]], int]

DESCRIPTION = "Backs up PostgreSQL databases, verifies every backup, and restores them."
STATUSES = (
    "Exit status: 0 done or healthy, 1 failed or warning, 2 critical or wrong usage, 70 crashed, 75 job is locked."
)
# EX_SOFTWARE of sysexits.h
CRASHED = 70
BACKUP_HELP = "an id, latest, latest-verified, a time such as 2025-08-16T15:55 (UTC), or a path"


def main(argv: Sequence[str], stdout: TextIO, stderr: TextIO) -> int:
    """Run the program; its exit status."""
    parser = _parser()
    try:
        arguments = parser.parse_args(argv)
    except SystemExit as ending:
        return int(ending.code or 0)
    try:
        status = _run(arguments, stdout, stderr)
        stdout.flush()
    except BrokenPipeError:
        # Whoever read our output is gone; the interpreter must not stumble over what is still to be written.
        os.dup2(os.open(os.devnull, os.O_WRONLY), stdout.fileno())
        return 141
    return status


def _run(arguments: argparse.Namespace, stdout: TextIO, stderr: TextIO) -> int:
    import json
    import signal

    from .errors import HoldfastError
    from .places import Places
    from .progress import Progress
    from .terminal import views
    from .terminal.draw import draw
    from .terminal.progress import StreamProgress

    signal.signal(signal.SIGTERM, _interrupt)
    arguments.live = stdout.isatty()
    if arguments.verbose:
        _trace(stderr)
    progress = Progress() if arguments.json else StreamProgress(stdout)
    try:
        result, view, status = arguments.act(arguments, Places.from_environment(), progress)
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
    except BrokenPipeError:
        raise
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
    return {"failed": True, "error": f"{error.thing}: {error.cause}", "next_step": error.next_step}


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
    from . import listing
    from .definition import load
    from .terminal import views
    from .terminal.blocks import Line

    names: list[str | None] = [arguments.job] if arguments.job else [*load.names(places)] or [None]
    jobs = [listing.backups(load.load(places, name), places) for name in names]

    def view(result: dict[str, Any]) -> list[Block]:
        blocks: list[Block] = []
        for number, job in enumerate(result["jobs"]):
            blocks += [Line("")] * bool(number) + views.listing(job)
        return blocks

    return {"jobs": jobs}, view, 0


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
    from .which import find

    wanted, job = arguments.wanted, arguments.job
    if job is None and wanted in load.names(places):
        wanted, job = "latest", wanted
    report = drill(find(places, wanted, job), places, progress, arguments.where)
    status = 0 if report["result"] == "proved" else 1
    # A scheduled run's log has been told what matters, and the evidence has the rest.
    return report, drill_views.drilled if arguments.live else lambda _result: [], status


def _prune(arguments: argparse.Namespace, places: Places, progress: Progress) -> Outcome:
    from .definition.load import load
    from .prune import prune
    from .terminal import views

    job = load(places, arguments.job)
    rows = prune(job, places, progress, arguments.dry_run)
    return {"job": job.name, "dry_run": arguments.dry_run, "backups": rows}, views.pruned, 0


def _restore(arguments: argparse.Namespace, places: Places, progress: Progress) -> Outcome:
    from .restore import restore
    from .terminal import views
    from .which import find

    choice = find(places, arguments.backup, arguments.job)
    if arguments.table:
        from .tables import restore_tables

        result = restore_tables(
            choice,
            places,
            progress,
            arguments.table,
            arguments.to,
            arguments.database,
            arguments.dry_run,
            arguments.accept_differences,
        )
        return result, views.restored_tables, 1 if result.get("proof", {}).get("result") == "differs" else 0
    result = restore(
        choice,
        places,
        progress,
        mode="in_place" if arguments.in_place else "new" if arguments.into else "swap",
        into=arguments.into,
        database=arguments.database,
        dry_run=arguments.dry_run,
        accept_differences=arguments.accept_differences,
        safety=not arguments.no_safety_backup,
    )
    differs = not arguments.dry_run and result["proof"]["result"] == "differs"
    return result, views.restored, 1 if differs else 0


def _rollback(arguments: argparse.Namespace, places: Places, progress: Progress) -> Outcome:
    from .definition.load import load
    from .rollback import rollback
    from .terminal import views

    job = load(places, arguments.job)
    result = rollback(job, arguments.database, places, progress, arguments.dry_run, arguments.force)
    return result, views.rolled_back, 0


def _status(arguments: argparse.Namespace, places: Places, _progress: Progress) -> Outcome:
    from .definition import load
    from .status import status
    from .terminal import views
    from .terminal.blocks import Line

    names: list[str | None] = [arguments.job] if arguments.job else [*load.names(places)] or [None]
    jobs = [status(load.load(places, name), places) for name in names]

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


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("holdfast", description=DESCRIPTION, epilog=STATUSES)
    parser.add_argument("--version", action="version", version=f"holdfast {VERSION}")
    _everywhere(parser, False)
    verbs = parser.add_subparsers(dest="verb", metavar="COMMAND", required=True)

    verb = _verb(verbs, "backup", _backup, "make a backup now", "holdfast backup curriculum_library_api")
    _job(verb)

    verb = _verb(verbs, "list", _list, "show the backups", "holdfast list --json")
    _job(verb, "of this job (default: of every job)")

    verb = _verb(verbs, "show", _show, "show one backup, and how to restore it by hand", "holdfast show latest")
    _which(verb, optional=False)

    verb = _verb(verbs, "verify", _verify, "check a backup without restoring it", "holdfast verify latest")
    _which(verb)

    verb = _verb(
        verbs, "drill", _drill, "restore a backup into a scratch server and compare it with its proof", "holdfast drill"
    )
    verb.add_argument("wanted", metavar="JOB | BACKUP", nargs="?", default="latest", help=f"a job, or {BACKUP_HELP}")
    verb.add_argument("--job", metavar="JOB", help="whose backup, when that is not clear")
    verb.add_argument(
        "--where",
        choices=("auto", "container", "cluster", "database"),
        default="auto",
        help="in a container of the source's image, in a cluster of this host, or in a database beside the live ones"
        " (default: in a container when the source is in one, else in a cluster)",
    )

    verb = _verb(verbs, "restore", _restore, "restore a backup", "holdfast restore latest --into library_yesterday")
    _which(verb)
    where = verb.add_mutually_exclusive_group()
    where.add_argument(
        "--swap",
        action="store_true",
        help="beside the live database, proved, then in its place; holdfast rollback undoes it (default)",
    )
    where.add_argument("--into", metavar="DATABASE", help="into a new database of this name")
    where.add_argument("--in-place", action="store_true", help="over the live database, in one transaction")
    where.add_argument(
        "--table",
        action="append",
        metavar="SCHEMA.NAME",
        help="only this table, into the live database beside what is there (may be repeated)",
    )
    verb.add_argument(
        "--to",
        metavar="SCHEMA[.NAME]",
        help="with --table: the schema, or of a single table the name, that it gets (default: restored_<time>)",
    )
    verb.add_argument("--database", metavar="NAME", help="which database, when the backup holds several")
    verb.add_argument(
        "--accept-differences", action="store_true", help="go on although what was restored differs from its proof"
    )
    verb.add_argument(
        "--no-safety-backup",
        action="store_true",
        help="with --swap: make no backup of the live database first, which is kept under another name anyway",
    )
    verb.add_argument("--dry-run", action="store_true", help="check everything, say what would happen, change nothing")

    verb = _verb(
        verbs, "rollback", _rollback, "undo the last swap of a database", "holdfast rollback library --dry-run"
    )
    verb.add_argument("database", metavar="DATABASE", help="the live database")
    verb.add_argument("--job", metavar="JOB", help="whose database, when there are several jobs")
    verb.add_argument("--force", action="store_true", help="although it was written into since; that is put aside")
    verb.add_argument("--dry-run", action="store_true", help="say what was written since the swap, change nothing")

    verb = _verb(verbs, "prune", _prune, "delete what retention lets go", "holdfast prune --dry-run")
    _job(verb)
    verb.add_argument("--dry-run", action="store_true", help="say what would go and why, delete nothing")

    verb = _verb(verbs, "status", _status, "report the health of a job", "holdfast status || echo look at it")
    _job(verb, "of this job (default: of every job)")

    verb = _verb(
        verbs,
        "adopt",
        _adopt,
        "make backups of dumps that another tool left",
        "holdfast adopt /var/backups/holdfast/library/library_20250816_155503.sql.gz",
    )
    verb.add_argument("files", metavar="FILE", nargs="+", help="a dump in a job's repository")
    verb.add_argument("--job", metavar="JOB", help="whose it is, when the repository does not tell")
    verb.add_argument("--database", metavar="NAME", help="of which database it is, when its name does not tell")
    return parser


def _verb(
    verbs: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    act: Callable[[argparse.Namespace, Places, Progress], Outcome],
    help: str,
    example: str,
) -> argparse.ArgumentParser:
    description = help[0].upper() + help[1:] + "."
    verb = verbs.add_parser(name, help=help, description=description, epilog=f"Example: {example}")
    verb.set_defaults(act=act)
    # A command must not take back what was said before its name.
    _everywhere(verb, argparse.SUPPRESS)
    return verb


def _everywhere(parser: argparse.ArgumentParser, default: object) -> None:
    parser.add_argument("--json", action="store_true", default=default, help="print the result as one JSON object")
    parser.add_argument("-v", "--verbose", action="store_true", default=default, help="show every program that is run")


def _job(verb: argparse.ArgumentParser, help: str = "may be left out when there is only one") -> None:
    verb.add_argument("job", metavar="JOB", nargs="?", help=help)


def _which(verb: argparse.ArgumentParser, optional: bool = True) -> None:
    if optional:
        verb.add_argument(
            "backup", metavar="BACKUP", nargs="?", default="latest", help=f"{BACKUP_HELP} (default: latest)"
        )
    else:
        verb.add_argument("backup", metavar="BACKUP", help=BACKUP_HELP)
    verb.add_argument("--job", metavar="JOB", help="whose backup, when that is not clear")
