# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What to keep and what to delete: pure decisions over a list of backups."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Callable

from . import clock

SAFETY_DAYS = 7
PROVED = "newest proved"


@dataclass(frozen=True)
class Keep:
    """How many backups of each kind stay. Zero means that the kind asks for none.

    last counts backups; the others count hours, days, ISO weeks, months and years that have a good backup, of each of
    which the newest stays.
    """

    last: int = 0
    hourly: int = 0
    daily: int = 7
    weekly: int = 0
    monthly: int = 0
    yearly: int = 0


@dataclass(frozen=True)
class Candidate:
    """What retention knows of a backup. good: all there, and the last check found nothing wrong.

    safety: made by a restore, of what it replaced. proved: the last drill that came to a verdict proved it. imported: a
    person brought it here.
    """

    id: str
    created: datetime
    good: bool = True
    safety: bool = False
    proved: bool = False
    imported: bool = False


@dataclass(frozen=True)
class Decision:
    id: str
    keep: bool
    why: str


PERIODS: tuple[tuple[str, str, Callable[[datetime], object]], ...] = (
    ("hourly", "hour", lambda moment: (moment.date(), moment.hour)),
    ("daily", "day", lambda moment: moment.date()),
    ("weekly", "week", lambda moment: tuple(moment.isocalendar())[:2]),
    ("monthly", "month", lambda moment: (moment.year, moment.month)),
    ("yearly", "year", lambda moment: moment.year),
)


def decide(backups: Iterable[Candidate], keep: Keep, now: datetime, written: datetime | None = None) -> list[Decision]:
    """One decision for each backup, the newest first. Times are aware or all naive, in one zone.

    written: when the newest line of the history was. While the clock is earlier than that, or than any backup, nothing
    goes: nobody knows what day it is. A backup that is dated in the future stays, and counts for nothing; so does one
    that was imported, for somebody wanted it here.

    Whatever the numbers say, these stay: the newest good backup (a safety backup does not take its place), the newest
    good one that a drill proved, every backup of the present day, a safety backup for seven days, and a damaged backup
    until it is older than all good ones that are kept for another reason than a drill.
    """
    newest_first = sorted(backups, key=lambda backup: (backup.created, backup.id), reverse=True)
    future = {backup.id for backup in newest_first if clock.in_future(backup.created, now)}
    present = [backup for backup in newest_first if backup.id not in future and not backup.imported]
    good = [backup for backup in present if backup.good]
    reasons = _kept_by_number(good, keep)
    for backup in present:
        protections = _protections(backup, good, now)
        if protections:
            reasons[backup.id] = protections + reasons.get(backup.id, [])
    kept = [backup for backup in good if reasons.get(backup.id, [PROVED]) != [PROVED]]
    oldest_kept = min((backup.created for backup in kept), default=None)
    ahead = clock.behind([written, *(backup.created for backup in newest_first)], now)
    decisions = []
    for backup in newest_first:
        if backup.id in future:
            decisions.append(Decision(backup.id, True, "dated in the future, and counts for nothing"))
        elif backup.imported:
            decisions.append(Decision(backup.id, True, "imported, until you delete it"))
        elif backup.id in reasons:
            decisions.append(Decision(backup.id, True, ", ".join(reasons[backup.id])))
        elif not backup.good and (oldest_kept is None or backup.created >= oldest_kept):
            decisions.append(Decision(backup.id, True, "damaged, and not older than the good ones"))
        elif ahead is not None:
            why = f"nothing is deleted before {clock.told(ahead)}, when the latest was written"
            decisions.append(Decision(backup.id, True, why))
        else:
            decisions.append(Decision(backup.id, False, _why_not(backup, keep)))
    return decisions


def _kept_by_number(good: Sequence[Candidate], keep: Keep) -> dict[str, list[str]]:
    reasons: dict[str, list[str]] = {}
    for number, backup in enumerate(good[: keep.last], 1):
        reasons.setdefault(backup.id, []).append(f"last {number} of {keep.last}")
    # A safety backup would push the regular one of its day out of its place.
    regular = [backup for backup in good if not backup.safety]
    for option, noun, period_of in PERIODS:
        wanted = getattr(keep, option)
        seen: list[object] = []
        for backup in regular:
            period = period_of(backup.created)
            if period in seen:
                continue
            if len(seen) == wanted:
                break
            seen.append(period)
            reasons.setdefault(backup.id, []).append(f"{noun} {len(seen)} of {wanted}")
    return reasons


def _protections(backup: Candidate, good: Sequence[Candidate], now: datetime) -> list[str]:
    regular = [other for other in good if not other.safety]
    reasons = []
    if backup in regular[:1]:
        reasons.append("newest good")
    # A restore of latest-verified must not find that what a drill proved was deleted since.
    if backup in [other for other in regular if other.proved][:1]:
        reasons.append(PROVED)
    if reasons:
        return reasons
    if backup in good[:1]:
        return ["newest safety"]
    if backup.safety and backup.good and now - backup.created < timedelta(days=SAFETY_DAYS):
        return [f"safety, for {SAFETY_DAYS} days"]
    if backup.created.date() >= now.date():
        return ["made today"]
    return []


def _why_not(backup: Candidate, keep: Keep) -> str:
    if not backup.good:
        return "damaged, and older than the good ones"
    if backup.safety:
        return f"safety, older than {SAFETY_DAYS} days"
    asked = [f"{option} {getattr(keep, option)}" for option in ("last", *(name for name, _noun, _period_of in PERIODS))]
    return "beyond " + ", ".join(entry for entry in asked if not entry.endswith(" 0")) + " and not the newest"
