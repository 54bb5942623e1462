# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A backup whose files are whole, and which cannot be loaded all the same: no good one, where an older one may be."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from . import blame, which
from .errors import CannotLoad, ProgramFailed
from .places import Places
from .plan import Plan
from .postgresql import catalog
from .postgresql.server import Server
from .repository.local import Repository
from .which import Choice

# What an extension needs of a server (a library that is loaded at its start, a certain database) is not the backup's.
CREATING = "CREATE EXTENSION"
# What of a database decides which text it takes, and how it compares it
TEXT = ("encoding", "locale_provider", "collate", "ctype", "locale", "icu_rules")
# On a new host the database is still empty.
AGAIN = "If the data is still in its database, take another one now"


@contextlib.contextmanager
def explained(
    choice: Choice,
    server: Server,
    plan: Plan,
    places: Places,
    loading: contextlib.AbstractContextManager[str],
    whole: bool = True,
) -> Iterator[str]:
    """As the loading of a backup, :func:`.beside.loaded`, and as :func:`blamed`."""
    with contextlib.ExitStack() as stack:
        with blamed(choice, server, plan, places, whole):
            working = stack.enter_context(loading)
        yield working


@contextlib.contextmanager
def blamed(choice: Choice, server: Server, plan: Plan, places: Places, whole: bool = True) -> Iterator[None]:
    """Raises :class:`CannotLoad`, which names the newest good older backup, for a program that failed in the block when
    the content of the backup is to blame; the history then marks it as damaged. whole: the rows of all tables are
    loaded.
    """
    try:
        yield
    except ProgramFailed as error:
        if not _to_blame(choice, server, plan, error, whole):
            raise
        raise CannotLoad(plan.title, _cause(error), _next_step(choice, plan, places)) from error


def _to_blame(choice: Choice, server: Server, plan: Plan, error: ProgramFailed, whole: bool) -> bool:
    """Whether it is the backup: on its own major version, and for nothing that server or database lack."""
    manifest = choice.entry.manifest if choice.entry else None
    if manifest is None or manifest.server["major"] != server.major or error.asked:
        return False
    if any(CREATING in stderr for _program, _fate, stderr in error.failures):
        return False
    if not whole and blame.wants_other_rows(error.failures):
        return False
    return blame.circumstance(error.failures) is None and (plan.mode != "in_place" or _like_the_dumped(server, plan))


def _like_the_dumped(server: Server, plan: Plan) -> bool:
    """Whether the live database takes the same text and sorts it alike: in another one a good dump may fail."""
    with server.session() as session:
        now = catalog.describe(session, plan.into)
    return all(now.get(key) == plan.details.get(key) for key in TEXT)


def _cause(error: ProgramFailed) -> str:
    _program, fate, stderr = error.failures[0]
    lines = stderr.splitlines() or [fate]
    first = next((line for line in lines if "ERROR" in line), lines[0])
    return "\n".join([f"it cannot be loaded: {first}", *(line for line in lines if line != first)])


def _next_step(choice: Choice, plan: Plan, places: Places) -> str:
    failed = which.failures(places, choice.job.name)
    entries = Repository(choice.job.repository, choice.job.name).entries()
    ids = [entry.id for entry in entries]
    kept = "Nothing was replaced. " if plan.live else ""
    older = entries[: ids.index(choice.entry.id)] if choice.entry and choice.entry.id in ids else []
    for entry in reversed(older):
        safety = entry.manifest is not None and entry.manifest.purpose == "safety"
        if not safety and not entry.problem and entry.id not in failed:
            return f"{kept}The newest good backup before it is {entry.id}. {AGAIN}: holdfast backup."
    return f"{kept}There is no older good one. {AGAIN}, and drill it: holdfast backup, holdfast drill."
