# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the program can be told: its commands, their arguments, their help."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from . import VERSION

DESCRIPTION = "Backs up PostgreSQL databases, verifies every backup, and restores them."
STATUSES = (
    "Exit status: 0 done or healthy, 1 failed or warning, 2 critical or wrong usage, 70 crashed, 75 job is locked."
)
NAME_IT = (
    "what replaces the live database has to be named: give a BACKUP (holdfast list shows them), or latest for the"
    " newest good one"
)
BACKUP_HELP = "an id, latest, latest-verified, a time such as 2025-08-16T15:55 (UTC), or a path with a / in it"


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """The command (verb) and its arguments. SystemExit with a status when there is nothing left to do."""
    parser, restore = _parser()
    arguments = parser.parse_args(argv)
    if arguments.verb == "restore" and arguments.backup is None:
        if arguments.into is None and arguments.table is None:
            restore.error(NAME_IT)
        arguments.backup = "latest"
    return arguments


def _parser() -> tuple[argparse.ArgumentParser, argparse.ArgumentParser]:
    """The whole parser, and that of the verb restore."""
    parser = argparse.ArgumentParser("holdfast", description=DESCRIPTION, epilog=STATUSES)
    parser.add_argument("--version", action="version", version=f"holdfast {VERSION}")
    _everywhere(parser, False)
    verbs = parser.add_subparsers(dest="verb", metavar="COMMAND", required=True)

    verb = _verb(verbs, "backup", "make a backup now", "holdfast backup curriculum_library_api")
    _job(verb)

    verb = _verb(verbs, "list", "show the backups", "holdfast list --json")
    _job(verb, "of this job (default: of every job)")

    verb = _verb(verbs, "show", "show one backup, and how to restore it by hand", "holdfast show latest")
    _which(verb, optional=False)

    verb = _verb(verbs, "verify", "check a backup without restoring it", "holdfast verify latest")
    _which(verb)

    verb = _verb(
        verbs, "drill", "restore a backup into a scratch server and compare it with its proof", "holdfast drill"
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
    verb.add_argument("--dry-run", action="store_true", help="check everything, say what would happen, change nothing")

    verb = restore = _verb(verbs, "restore", "restore a backup", "holdfast restore latest --into library_yesterday")
    told = f"{BACKUP_HELP} (with --into and --table latest may be left out)"
    verb.add_argument("backup", metavar="BACKUP", nargs="?", help=told)
    verb.add_argument("--job", metavar="JOB", help="whose backup, when that is not clear")
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
    verb.add_argument(
        "--database",
        metavar="NAME",
        help="which database, when the backup holds several; which one is replaced, when BACKUP is a file without a"
        " manifest",
    )
    verb.add_argument(
        "--accept-differences", action="store_true", help="go on although what was restored differs from its proof"
    )
    verb.add_argument(
        "--no-safety-backup",
        action="store_true",
        help="with --swap: make no backup of the live database first, which is kept under another name anyway",
    )
    verb.add_argument("--dry-run", action="store_true", help="check everything, say what would happen, change nothing")
    verb.add_argument(
        "--keep-sequences",
        action="store_true",
        help="with --swap: leave the sequences where the backup has them, instead of raising them to where those of the"
        " live database are, so that no id is given out twice",
    )
    verb.add_argument("--yes", action="store_true", help="on a terminal: replace the live database without asking")

    verb = _verb(verbs, "rollback", "undo the last swap of a database", "holdfast rollback library --dry-run")
    verb.add_argument("database", metavar="DATABASE", help="the live database")
    verb.add_argument("--job", metavar="JOB", help="whose database, when there are several jobs")
    verb.add_argument("--force", action="store_true", help="although it was written into since; that is put aside")
    verb.add_argument("--dry-run", action="store_true", help="say what was written since the swap, change nothing")
    verb.add_argument("--yes", action="store_true", help="on a terminal: replace the live database without asking")

    verb = _verb(verbs, "prune", "delete what retention lets go", "holdfast prune --dry-run")
    _job(verb)
    verb.add_argument("--dry-run", action="store_true", help="say what would go and why, delete nothing")

    verb = _verb(verbs, "status", "report the health of a job", "holdfast status || echo look at it")
    _job(verb, "of this job (default: of every job)")

    verb = _verb(
        verbs,
        "adopt",
        "make backups of dumps that another tool left",
        "holdfast adopt /var/backups/holdfast/library/library_20250816_155503.sql.gz",
    )
    verb.add_argument("files", metavar="FILE", nargs="+", help="a dump in a job's repository")
    verb.add_argument("--job", metavar="JOB", help="whose it is, when the repository does not tell")
    verb.add_argument("--database", metavar="NAME", help="of which database it is, when its name does not tell")

    verb = _verb(verbs, "import", "publish a backup that was brought here", "holdfast import /root/brought/BACKUP")
    verb.add_argument("directory", metavar="DIRECTORY", help="holds the files of one backup, and is left as it is")
    verb.add_argument(
        "--job", metavar="JOB", help="the job that it must be a backup of (default: as its manifest says)"
    )
    return parser, restore


def _verb(
    verbs: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    help: str,
    example: str,
) -> argparse.ArgumentParser:
    description = help[0].upper() + help[1:] + "."
    verb = verbs.add_parser(name, help=help, description=description, epilog=f"Example: {example}")
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
