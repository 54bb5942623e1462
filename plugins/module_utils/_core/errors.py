# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Everything that can go wrong, as one tree.

    HoldfastError
    ├── UsageError             the request itself is wrong          exit status 2
    │   ├── DefinitionError    a job's definition
    │   ├── UnknownJob
    │   └── UnknownBackup
    ├── Locked                 another run holds the job            exit status 75
    ├── MissingProgram         a program or library is not installed
    ├── ProgramFailed          a program of a pipeline failed
    ├── ServerError            the server, container or database cannot be used
    ├── NoSpace                the disk is, or would be, full
    ├── Unrecorded             what was asked is done, and missing in the history
    ├── Damaged                a backup is not what its manifest says
    ├── NotProved              what was restored is not what was dumped
    └── Refused                doing it would lose or mix data

The core raises these; only the two fronts turn them into exit statuses or module failures.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence


class HoldfastError(Exception):
    """Names the thing, the cause and the next step.

    ``thing`` and ``cause`` make the first sentence, ``next_step`` the second. All three are plain text. ``replaced``:
    it happened when the live database was already another one.
    """

    exit_status = 1
    replaced = False

    def __init__(self, thing: str, cause: str, next_step: str = "") -> None:
        self.thing = thing
        self.cause = cause
        self.next_step = next_step
        super().__init__(f"{thing}: {cause}" + (f"\n{next_step}" if next_step else ""))

    @property
    def first_line(self) -> str:
        """What the cause begins with."""
        return self.cause.partition("\n")[0]


class UsageError(HoldfastError):
    exit_status = 2


class DefinitionError(UsageError):
    pass


class UnknownJob(UsageError):
    pass


class UnknownBackup(UsageError):
    pass


class Locked(HoldfastError):
    exit_status = 75


class MissingProgram(HoldfastError):
    pass


class ProgramFailed(HoldfastError):
    """``failures`` holds one (program, what happened, standard error) for every program that failed.

    ``asked``: it failed at a question or statement of ours, and not at what it was given to read.
    """

    asked = False

    def __init__(self, failures: Sequence[tuple[str, str, str]], next_step: str = "") -> None:
        self.failures = tuple(failures)
        program, fate, stderr = self.failures[0]
        cause = fate + (f"\n{stderr}" if stderr else "")
        for other, other_fate, other_stderr in self.failures[1:]:
            cause += f"\n{other}: {other_fate}" + (f"\n{other_stderr}" if other_stderr else "")
        super().__init__(program, cause, next_step)


class ServerError(HoldfastError):
    pass


class NoSpace(HoldfastError):
    pass


class Unrecorded(HoldfastError):
    """The cause tells what was done all the same."""


class Damaged(HoldfastError):
    pass


class CannotLoad(Damaged):
    """A backup whose files are whole: what is wrong with it no verify sees."""


class NotProved(HoldfastError):
    """``damaged``: the backup is to blame, and not what could not be computed from it."""

    damaged = True


class Refused(HoldfastError):
    pass


def cause_of(error: OSError | HoldfastError) -> str:
    """Why something could not be written, for an error that says what that means."""
    return error.cause if isinstance(error, HoldfastError) else error.strerror or str(error)


@contextlib.contextmanager
def once_replaced() -> Iterator[None]:
    """Marks what goes wrong in the block: the live database is no longer what it was."""
    try:
        yield
    except HoldfastError as error:
        error.replaced = True
        raise
