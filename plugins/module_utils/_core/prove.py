# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Is a restored database what was dumped? Its proof is taken again, and compared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from . import proof
from .difference import Difference
from .errors import NotProved
from .postgresql import snapshot
from .postgresql.server import Server
from .progress import Progress

SHOWN = 20


def prove(
    server: Server,
    database: str,
    expected: Mapping[str, Any] | None,
    workers: int,
    progress: Progress,
    itself: bool = True,
    whole: bool = False,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """(verdict, proof of what is there). expected: the proof of the backup, or None when it has none.

    Nobody else may be in the database: it is read in many transactions, so that there are always few locks.

    The verdict: result (proved, differs or no proof), mode (of what was compared), tables, rows, differences, notes
    (harmless differences). itself: whether the database itself should have the owner, privileges and settings that it
    had. whole: the proof of what is there is a full one, whatever is expected.
    """
    with snapshot.alone(server, database, workers) as session:
        return judge(session, expected, progress, itself, whole)


def judge(
    session: Any,
    expected: Mapping[str, Any] | None,
    progress: Progress,
    itself: bool = True,
    whole: bool = False,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The same for the database of a pinned session, as its transaction sees it."""
    mode = expected["mode"] if expected else "counts"
    if expected is None:
        found = proof.take(session, "full" if whole else mode)
        _hide_comment(found)
        return {"result": "no proof", **proof.summary(found), "mode": mode, "differences": [], "notes": []}, found
    database = session.info.dbname
    progress.step(f"proving {database}: the rows and the content of every table, and all other objects")
    found = proof.take(session, "full" if whole else mode)
    # The comment of a working database says what it is there for.
    _hide_comment(found)
    differences = proof.compare(expected, found, itself)
    verdict = {
        "result": "differs" if proof.serious(differences) else "proved",
        **proof.summary(found),
        "mode": mode,
        "differences": [one.as_data() for one in differences if not one.harmless],
        "notes": [one.as_data() for one in differences if one.harmless],
    }
    for one in differences:
        if one.harmless and one.compared:
            progress.warn(f"{one}, which is no loss")
    return verdict, found


def _hide_comment(found: dict[str, Any]) -> None:
    found["objects"]["database"][""].pop("comment", None)


def require(database: str, backup: str, verdict: Mapping[str, Any], next_step: str) -> None:
    """Raise :class:`NotProved`, which names every object that differs, unless the verdict is a good one."""
    if verdict["result"] != "differs":
        return
    found = [Difference(**one) for one in verdict["differences"]]
    cause = f"it is not what {backup} was taken from: {told(found)}"
    raise not_proved(f"database {database}", cause, next_step, found)


def not_proved(thing: str, cause: str, next_step: str, found: Iterable[Difference]) -> NotProved:
    error = NotProved(thing, cause, next_step)
    error.damaged = damaged(found)
    return error


def damaged(found: Iterable[Difference]) -> bool:
    """Whether any difference is the backup's fault."""
    return any(one.of_backup for one in found)


def told(differences: Iterable[object]) -> str:
    """Differences in lines, of which the first stands for all of them where there is room for one."""
    first, *others = map(str, differences)
    more = f" (and {len(others):,} more)" if others else ""
    shown = [f"  {line}" for line in others[:SHOWN]]
    if len(others) > SHOWN:
        shown.append(f"  ... and {len(others) - SHOWN:,} more")
    return "\n".join([first + more, *shown])
