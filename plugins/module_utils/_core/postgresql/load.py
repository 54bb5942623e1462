# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From an artifact into a database."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Callable

from ..blame import RUN_GONE
from ..codec import Codec, decompressor
from ..errors import HoldfastError, ProgramFailed
from ..process import Command, Pipeline, run
from . import encodings
from .contents import Selection
from .direct import DirectServer
from .emptying import EMPTY
from .feed import feed
from .inside import Inside
from .one_transaction import LET_GO, OPTION, OURS
from .server import Server, database_option
from .workspace import workspace

FREE_SPACE = "Free space on the server's disk, then restore again."

# psql in a container goes on when we are killed: it looks whether our session is still there. The database may be one
# without plpgsql, so what raises the error is a text that is no number.
COMMIT = """
SET search_path = '';
SELECT CASE WHEN NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = {pid} AND application_name LIKE 'holdfast%')
  THEN concat('{gone}')::integer END;
COMMIT;
"""


def load(
    server: Server,
    database: str,
    path: Path,
    codec: Codec,
    parallel: int,
    owner: str,
    select: Selection | None = None,
) -> None:
    """Load an artifact into an empty database, stopping at the first error; :class:`ProgramFailed` tells it.

    select: what of an archive; a plain dump is loaded whole.
    """
    # A commit that does wait comes before the database is taken into use: it makes all others last as well.
    target = database_option(database, server.options(synchronous_commit="off"))
    with path.open("rb") as archive, _explained():
        if codec.format == "plain":
            feed(server, [target], decompressor(codec.outer), archive)
            return
        # What a directory archive names is opened, wherever it is.
        reader = server.lowly() if codec.format == "directory" else None
        with workspace(server, owner) as area:
            # An archive is restored in parallel only from a file that the program can open by its name.
            if codec.format == "directory":
                place = area.unpack(decompressor(codec.outer), archive, reader)
            elif codec.outer == "none" and _can_open(server):
                place = str(path)
            else:
                place = area.place(decompressor(codec.outer), archive)
            options = ["--no-password", "--exit-on-error", f"--jobs={parallel}", target]
            if select is not None:
                listing = run(
                    server.client("pg_restore", "--list", place), encoding=encodings.of_names(server, database)
                )
                options.append(f"--use-list={area.write('list', select(listing))}")
            with Pipeline([server.run_as(server.client("pg_restore", *options, place), reader)]) as pipeline:
                pipeline.finish()


def load_in_place(
    server: Server,
    database: str,
    path: Path,
    codec: Codec,
    owner: str,
    guard: Callable[[Inside], None],
    judge: Callable[[Inside], None] | None,
) -> None:
    """Replace what is in a database by an artifact, all in one transaction.

    guard is asked in that transaction before anything is dropped, and ends it when it raises.

    judge is shown the outcome inside the transaction, which is rolled back when it raises. A dump that ends within a
    statement would leave its questions unanswered: what nobody has verified gets no judge.
    """
    with path.open("rb") as archive, _explained():
        if codec.format == "directory":
            with workspace(server, owner) as area:
                reader = server.lowly()
                place = area.unpack(decompressor(codec.outer), archive, reader)
                script = server.run_as(server.client("pg_restore", "--file=-", place), reader)
                _replace(server, database, [script], None, guard, judge)
            return
        stages = decompressor(codec.outer)
        if codec.format == "custom":
            stages.append(server.client("pg_restore", "--file=-"))
        _replace(server, database, stages, archive, guard, judge)


def copy_tables(server: Server, source: str, target: str, tables: Iterable[str], schemas: Iterable[str]) -> None:
    """Copy tables, with all that belongs to them, from one database into another, all in one transaction.

    tables: quoted, with their schemas, which are made where they are missing.
    """
    wanted = list(tables)
    options = ["--no-password", *(f"--table={table}" for table in wanted), database_option(source)]
    # Without this pg_dump and psql take their arguments for text in the encoding of the database.
    if not all(map(str.isascii, wanted)) and encodings.of(server, source) != "SQL_ASCII":
        options.append("--encoding=UTF8")
    commands = ["--command=SET client_encoding = 'UTF8'", "--command=BEGIN"]
    commands += [f"--command=CREATE SCHEMA IF NOT EXISTS {schema}" for schema in schemas]
    with server.session() as watch, _explained():
        ending = COMMIT.format(pid=watch.info.backend_pid, gone=RUN_GONE)
        feed(server, [database_option(target), *commands], [server.client("pg_dump", *options)], None, ending)


def _replace(
    server: Server,
    database: str,
    stages: list[Command],
    archive: IO[bytes] | None,
    guard: Callable[[Inside], None],
    judge: Callable[[Inside], None] | None,
) -> None:
    def begin(inside: Inside) -> None:
        guard(inside)
        inside.run(EMPTY)
        # Until here nothing of the backup was executed.
        inside.settle()

    # What its owner has put into the path of a live database is not ours to run.
    target = database_option(database, server.options(search_path=""))
    options = (OPTION, target, "--command=BEGIN")
    with server.session() as watch:
        ending = LET_GO + COMMIT.format(pid=watch.info.backend_pid, gone=RUN_GONE)
        feed(server, options, stages, archive, ending, judge, begin)


def _can_open(server: Server) -> bool:
    """Whether the server's programs run on this host as ourselves."""
    return isinstance(server, DirectServer) and server.tool("true").user is None


@contextlib.contextmanager
def _explained() -> Iterator[None]:
    """Add the next step to the errors whose cure is known."""
    try:
        yield
    except ProgramFailed as error:
        told = str(error)
        role = re.search(r'role "(.+?)" does not exist', told)
        extension = re.search(r'extension "(.+?)" is not available', told)
        if role:
            next_step = f'Create the role first (CREATE ROLE "{role[1]}"), or restore a backup with globals.'
        elif extension:
            next_step = f"Install the package that brings the extension {extension[1]} on the server, then restore."
        elif "REFRESH MATERIALIZED VIEW" in told:
            next_step = (
                "The backup is whole: the owner of this materialized view could not refresh it where the backup was "
                "made either. docs/without-holdfast.md says how to restore without its rows."
            )
        elif "unrecognized parameter" in told or "unrecognized configuration parameter" in told:
            next_step = (
                "The backup was taken from a newer minor version than the server's: update the server's packages, then"
                " restore again. holdfast show tells the version of the backup."
            )
        elif OURS in told:
            next_step = "Nothing was changed. Restore this dump by a swap, or beside the live database: --into NAME."
        elif "out of shared memory" in told and "max_locks_per_transaction" in told:
            next_step = (
                "Nothing was changed. Restore by a swap, which needs few locks, or raise the setting that is named."
            )
        elif "canceling statement due to lock timeout" in told:
            next_step = "Stop the applications that use the database, then restore again; nothing was changed."
        elif "No space left on device" in told or "could not extend file" in told:
            next_step = FREE_SPACE
        else:
            raise
        raise HoldfastError(error.thing, error.cause, next_step) from error
