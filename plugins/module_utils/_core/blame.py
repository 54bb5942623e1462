# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who is to blame when a program that read an archive failed: the archive, or the circumstances?

Only what is wrong with a backup's content marks it as damaged. A program that was killed, a full disk, a directory that
is missing or a server that went away say nothing about it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

# Signals by which people, the kernel and service managers end a program. One that crashes (SIGSEGV, SIGABRT) chokes on
# what it reads.
ENDED = ("SIGHUP", "SIGINT", "SIGQUIT", "SIGKILL", "SIGALRM", "SIGTERM", "SIGXCPU", "SIGXFSZ")
# The same as a shell and a container's engine put it: 128 and the number of the signal. 125 to 127: not started at all.
STATUSES = (125, 126, 127, *(128 + number for number in (1, 2, 3, 9, 14, 15, 24, 25)))
# Programs that only move octets about. Of tar only what it says of the archive counts.
MOVERS = ("cat", "dd", "find", "mkdir", "mkfifo", "mv", "rm", "true")
TAR = re.compile(r"does not look like a tar|unexpected eof|skipping to next header|malformed|corrupt", re.IGNORECASE)
# psql in a container that is ended by SIGTERM succeeds; psql in any place asks whether we are still there.
ENDED_EARLY = "ended before it had executed everything"
RUN_GONE = "the run of holdfast that began this restore has ended"
# The last word of pg_restore about a worker, which says itself what it failed at, unless it was killed.
WORKER = "a worker process died unexpectedly"
EXIT = re.compile(r"exit status (\d+)")
# Of the C library, of PostgreSQL's programs, and of a server that an archive is loaded into.
TEXTS = (
    r"no space left on device",
    r"disk quota exceeded",
    r"file too large",
    r"out of memory",
    r"cannot allocate memory",
    r"not enough memory|allocation error",
    r"too many open files",
    r"resource temporarily unavailable",
    r"read-only file system",
    r"input/output error",
    r"permission denied",
    r"must be (?:owner|superuser|member|able)",
    r"server closed the connection",
    r"connection to (?:server|client)",
    r"could not (?:connect|send|receive|fork|translate host)",
    r"terminating connection",
    r"the database system is",
    r"remaining connection slots|too many (?:connections|clients)",
    r"canceling statement due to",
    r"deadlock detected",
    r"out of shared memory",
    r"could not (?:extend|resize|fsync) ",
    r"temporary file size exceeds",
    r"extension \".*\" is not available",
    r"could not open extension control file",
    r"could not access file",
    r"could not load library",
    r"could not open (?:dictionary|affix|synonym|thesaurus|stop-word) file",
    r"could not (?:create locale|open collator)",
    r"(?:role|tablespace|collation) \".*\" (?:for encoding \".*\" )?does not exist",
    r"unrecognized (?:configuration )?parameter",
    r"unsupported version",
    r"does not support compression",
    RUN_GONE,
)
CIRCUMSTANCE = re.compile("|".join(TEXTS), re.IGNORECASE)
# A check or a function may read any table.
READS_ROWS = re.compile(r"violates check constraint|\b(?:PL/\w+|SQL) function ")


def circumstance(failures: Iterable[Sequence[str]]) -> str | None:
    """What kept programs from their work, if that was not what they read; None: the archive is to blame.

    failures: of :class:`.errors.ProgramFailed`: program, what happened, standard error. One circumstance is enough: the
    other programs of a pipeline fail with the one that was killed.
    """
    for program, fate, stderr in failures:
        if any(fate == f"was ended by {name}" for name in ENDED):
            return f"{program} {fate}"
        if fate == ENDED_EARLY:
            return f"{program} {fate}"
        if WORKER in stderr and stderr.count("error:") == 1:
            return f"{program}: {WORKER}"
        status = EXIT.search(fate)
        if status and int(status[1]) in STATUSES:
            return f"{program} {fate}"
        told = next((line for line in stderr.splitlines() if CIRCUMSTANCE.search(line)), None)
        if told is not None:
            return f"{program}: {told}"
        name = program.split(" ", 1)[0].rpartition("/")[2]
        if name in MOVERS or (name == "tar" and not TAR.search(stderr)):
            first = stderr.splitlines()[0] if stderr else fate
            return f"{program}: {first}"
    return None


def wants_other_rows(failures: Iterable[Sequence[str]]) -> bool:
    """Whether a load without the rows of some tables may have failed for want of them."""
    return any(READS_ROWS.search(stderr) for _program, _fate, stderr in failures)
