# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A backup whose files are whole, and which cannot be loaded all the same: no good one, where an older one may be."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from . import beside, blame, which
from .errors import CannotLoad, ProgramFailed
from .places import Places
from .plan import Plan
from .postgresql.server import Server
from .progress import Progress
from .repository.local import Repository
from .which import Choice

# What an extension needs of a server (a library that is loaded at its start, a certain database) is not the backup's.
CREATING = "CREATE EXTENSION"


@contextlib.contextmanager
def loaded(choice: Choice, server: Server, plan: Plan, places: Places, progress: Progress) -> Iterator[str]:
    """As :func:`.beside.loaded`. Raises :class:`CannotLoad`, which names the newest good older backup, when the content
    of the backup is to blame; the history then marks it as damaged.
    """
    with contextlib.ExitStack() as stack:
        try:
            working = stack.enter_context(beside.loaded(server, plan, progress))
        except ProgramFailed as error:
            if not _to_blame(choice, server, error):
                raise
            raise CannotLoad(plan.title, _cause(error), _next_step(choice, places)) from error
        yield working


def _to_blame(choice: Choice, server: Server, error: ProgramFailed) -> bool:
    """Whether it is the backup: on its own major version, and for nothing that the server lacks."""
    manifest = choice.entry.manifest if choice.entry else None
    if manifest is None or manifest.server["major"] != server.major:
        return False
    extension = any(CREATING in stderr for _program, _fate, stderr in error.failures)
    return not extension and blame.circumstance(error.failures) is None


def _cause(error: ProgramFailed) -> str:
    _program, fate, stderr = error.failures[0]
    lines = stderr.splitlines() or [fate]
    first = next((line for line in lines if "ERROR" in line), lines[0])
    return "\n".join([f"it cannot be loaded: {first}", *(line for line in lines if line != first)])


def _next_step(choice: Choice, places: Places) -> str:
    failed = which.failures(places, choice.job.name)
    entries = Repository(choice.job.repository, choice.job.name).entries()
    ids = [entry.id for entry in entries]
    older = entries[: ids.index(choice.entry.id)] if choice.entry and choice.entry.id in ids else []
    for entry in reversed(older):
        safety = entry.manifest is not None and entry.manifest.purpose == "safety"
        if not safety and not entry.problem and entry.id not in failed:
            return f"The newest good backup before it is {entry.id}. Take another one now as well: holdfast backup."
    return "There is no older good one. Take another one now, and drill it: holdfast backup, holdfast drill."
