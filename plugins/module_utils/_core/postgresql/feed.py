# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A psql that is fed with somebody's script, and does nothing but execute its SQL in the one database it is meant for.

psql has commands of its own (``\\!``, ``\\copy``, ``\\o |``, ``\\connect``), and a script may hold them anywhere. It
runs as a user who is not root and may start no program; it is told to refuse them where it knows how to
(``\\restrict``), and where it does not, they are looked for in the script before it gets to see it. At its end it must
be in the session where it began.
"""

from __future__ import annotations

import contextlib
import re
import secrets
import subprocess
from collections.abc import Iterator, Sequence
from typing import IO, Callable

from ..blame import ENDED_EARLY
from ..errors import ProgramFailed, Refused
from ..pipes import CHUNK
from ..process import Command, Pipeline, run
from .inside import Inside
from .one_transaction import without_commits
from .psql_commands import Scan
from .restrict_key import without_key
from .server import Server

PSQL = ("--no-psqlrc", "--no-password", "--quiet", "--set=ON_ERROR_STOP=1", "--output=/dev/null")
QUIET = ("--no-align", "--tuples-only")
# The first minor versions whose psql knows \restrict. Source: the release notes of 11 August 2025.
RESTRICTS = {13: 22, 14: 19, 15: 14, 16: 10, 17: 6}
WHO = (
    "SELECT pg_catalog.pg_backend_pid(), oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database();"
)
# The database may be one without plpgsql, so what raises the error is a text that is no number.
# Whatever statement is open still, no SELECT that follows a SET becomes a part of it.
SAME = """
SET search_path = '';
SELECT CASE WHEN (pg_catalog.pg_backend_pid(), oid) OPERATOR(pg_catalog.<>) ({pid}, {database})
  THEN pg_catalog.concat('{elsewhere}')::pg_catalog.int4 END
FROM pg_catalog.pg_database WHERE datname OPERATOR(pg_catalog.=) pg_catalog.current_database();
"""
COMPLETE = re.compile(rb"^-- PostgreSQL database dump complete\n--\s*\Z", re.MULTILINE)
# Octets that are looked at for it
LAST = 1024
ELSEWHERE = "the dump led to another session or database"
NEXT_STEP = "Find out where this dump comes from. Only SQL and the data of COPY are restored from it."


def feed(
    server: Server,
    options: Sequence[str],
    stages: list[Command],
    archive: IO[bytes] | None,
    ending: str = "",
    judge: Callable[[Inside], None] | None = None,
    begin: Callable[[Inside], None] | None = None,
) -> None:
    """Feed psql with what the stages make of the archive, then with the ending; :class:`ProgramFailed` unless all of
    that was executed, in one session. options: the database, and what comes before the script. judge comes before the
    ending, begin before the script, in the transaction that goes around all of it.

    The end of its input does not tell psql whether the programs before it succeeded: so the ending is ours to send. Nor
    does a success tell us that psql got there: a client of a container engine that is ended by SIGTERM succeeds.
    """
    psql = server.psql(*PSQL, *QUIET, *options, "--file=-")
    key, done = secrets.token_hex(16), f"holdfast: executed {secrets.token_hex(16)}"
    told = restricts(run(server.psql("--version")))
    with _explained(), Pipeline([psql], source=subprocess.PIPE, sink=subprocess.PIPE) as session:
        pid, database = _who(session)
        script = without_key(_script(stages, archive))
        if begin is not None:
            with _ours():
                begin(Inside(session))
            session.write(b"\\o /dev/null\n")
            script = without_commits(script)
        if told:
            session.write(f"\\restrict {key}\n".encode())
        last = b""
        for chunk in script if told else searched(script):
            session.write(chunk)
            last = (last + chunk)[-LAST:]
        # A last statement may lack its semicolon. After a COPY, psql 17 takes an empty statement for the end of all.
        close = b"" if COMPLETE.search(last) else b";\n"
        session.write(b"\n" + close + (f"\\unrestrict {key}\n".encode() if told else b""))
        session.write(SAME.format(pid=pid, database=database, elsewhere=ELSEWHERE).encode())
        if judge is not None:
            # Its first question is answered when the script has been executed.
            inside = Inside(session)
            with _ours():
                judge(inside)
            session.write(b"\\o /dev/null\n")
        session.write(f"{ending}\n\\echo {done}\n".encode())
        session.finish()
        if done.encode() not in b"".join(session.chunks()):
            raise ProgramFailed([(psql.name, ENDED_EARLY, "")])


def _script(stages: list[Command], archive: IO[bytes] | None) -> Iterator[bytes]:
    if stages:
        with Pipeline(stages, source=archive, sink=subprocess.PIPE) as script:
            yield from script.chunks()
            script.finish()
    elif archive is not None:
        while chunk := archive.read(CHUNK):
            yield chunk


def _who(session: Pipeline) -> tuple[int, int]:
    """The process of the session and the OID of the database that psql is in, before anybody else can tell it."""
    session.write(f"\\o\n{WHO}\n\\o /dev/null\n".encode())
    answer = session.output.readline()
    if not answer:
        session.finish()
        raise EOFError("psql ended without an error before it had answered")
    pid, database = answer.decode().strip().split("|")
    return int(pid), int(database)


def searched(script: Iterator[bytes]) -> Iterator[bytes]:
    """The script, as far as it is known to hold nothing that psql alone would act on; :class:`Refused` when it does."""
    scan = Scan()
    held = b""
    for chunk in script:
        held += chunk
        if scan.see(chunk):
            break
        safe = len(held) - scan.undecided
        yield held[:safe]
        held = held[safe:]
    if scan.finish():
        raise Refused("the dump", f"it has a command for psql, which is no SQL: {scan.found}", NEXT_STEP)
    yield held


def restricts(version: str) -> bool:
    """Whether psql, by what its ``--version`` tells, knows how to refuse its own commands."""
    found = re.search(r"\) (\d+)\.(\d+)", version)
    if found is None:
        return False
    major, minor = int(found[1]), int(found[2])
    return major > max(RESTRICTS) or minor >= RESTRICTS.get(major, minor + 1)


@contextlib.contextmanager
def _ours() -> Iterator[None]:
    """What fails in the block is no fault of the script."""
    try:
        yield
    except ProgramFailed as error:
        error.asked = True
        raise


@contextlib.contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except ProgramFailed as error:
        if "backslash commands are restricted" in str(error) or ELSEWHERE in str(error):
            raise ProgramFailed(error.failures, NEXT_STEP) from error
        raise
