# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Cron expressions, the language of every schedule: read, said to systemd, and laid on the calendar.

Five fields (minute, hour, day of month, month, day of week) with ``*``, lists, ranges, steps and names, or one
of @hourly, @daily, @midnight, @weekly, @monthly, @yearly, @annually; as in crontab(5) of Vixie cron. When day of
month and day of week are both restricted, either of them makes a match.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from .errors import DefinitionError

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
MACROS = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
HORIZON = timedelta(days=8 * 366)


@dataclass(frozen=True)
class Schedule:
    """A parsed expression: the matching values of each field, ascending; day of week 0 is Sunday."""

    text: str
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: tuple[int, ...]
    months: tuple[int, ...]
    weekdays: tuple[int, ...]
    any_day: bool
    any_weekday: bool

    def matches(self, day: date) -> bool:
        if day.month not in self.months:
            return False
        by_day = day.day in self.days
        by_weekday = day.isoweekday() % 7 in self.weekdays
        if self.any_day or self.any_weekday:
            return by_day and by_weekday
        return by_day or by_weekday

    def previous(self, moment: datetime) -> datetime | None:
        """The latest run not after the moment, or None when there is none within eight years."""
        times = [(hour, minute) for hour in reversed(self.hours) for minute in reversed(self.minutes)]
        day = moment
        while moment - day < HORIZON:
            if self.matches(day.date()):
                for hour, minute in times:
                    run = day.replace(hour=hour, minute=minute, second=0, microsecond=0)
                    if run <= moment:
                        return run
            day = (day - timedelta(days=1)).replace(hour=23, minute=59)
        return None

    def next(self, moment: datetime) -> datetime | None:
        """The earliest run after the moment, or None when there is none within eight years."""
        times = [(hour, minute) for hour in self.hours for minute in self.minutes]
        day = moment
        while day - moment < HORIZON:
            if self.matches(day.date()):
                for hour, minute in times:
                    run = day.replace(hour=hour, minute=minute, second=0, microsecond=0)
                    if run > moment:
                        return run
            day = (day + timedelta(days=1)).replace(hour=0, minute=0)
        return None


def parse(text: str) -> Schedule:
    """Read an expression; :class:`DefinitionError` names the field and what it may hold."""
    expression = MACROS.get(text.strip().lower(), text.strip())
    fields = expression.split()
    if len(fields) != 5:
        raise _refuse(text, f"it has {len(fields)} fields, not 5")
    minutes = _field(text, "minute", fields[0], 0, 59)
    hours = _field(text, "hour", fields[1], 0, 23)
    days = _field(text, "day of month", fields[2], 1, 31)
    months = _field(text, "month", fields[3], 1, 12, MONTHS)
    weekdays = _field(text, "day of week", fields[4], 0, 7, DAYS)
    schedule = Schedule(
        text=text.strip(),
        minutes=minutes,
        hours=hours,
        days=days,
        months=months,
        weekdays=tuple(sorted({day % 7 for day in weekdays})),
        any_day=fields[2].startswith("*"),
        any_weekday=fields[4].startswith("*"),
    )
    if schedule.next(datetime(2024, 1, 1)) is None:
        raise _refuse(text, "no day of any year matches it")
    return schedule


def on_calendar(text: str) -> list[str]:
    """The same times as systemd.time(7) calendar events, one ``OnCalendar=`` each.

    Two events where cron joins day of month and day of week by "or": systemd joins them by "and".
    """
    schedule = parse(text)
    months = _list(schedule.months, 12)
    days = _list(schedule.days, 31)
    time = f"{_list(schedule.hours, 24)}:{_list(schedule.minutes, 60)}:00"
    week = ",".join(DAYS[day].capitalize() for day in _monday_first(schedule.weekdays))
    every_weekday = len(schedule.weekdays) == 7
    every_day = len(schedule.days) == 31
    if schedule.any_day or schedule.any_weekday:
        return [f"*-{months}-{days} {time}" if every_weekday else f"{week} *-{months}-{days} {time}"]
    if every_day or every_weekday:
        return [f"*-{months}-* {time}"]
    return [f"*-{months}-{days} {time}", f"{week} *-{months}-* {time}"]


def _monday_first(weekdays: Sequence[int]) -> list[int]:
    return sorted(weekdays, key=lambda day: (day - 1) % 7)


def _list(values: Sequence[int], full: int) -> str:
    return "*" if len(values) == full else ",".join(f"{value:02d}" for value in values)


def _field(text: str, title: str, field: str, low: int, high: int, names: Sequence[str] = ()) -> tuple[int, ...]:
    values: set[int] = set()
    for item in field.split(","):
        match = re.fullmatch(r"(\*|\w+)(?:-(\w+))?(?:/(\d+))?", item)
        if match is None:
            raise _refuse(text, f"{item!r} is no {title}")
        first, last, step_text = match.groups()
        step = int(step_text or 1)
        if first == "*" and last is not None:
            raise _refuse(text, f"{item!r} is no {title}")
        # Implementations of cron differ in what 5/10 means.
        if step_text and first != "*" and last is None:
            raise _refuse(text, f"{item!r} is no {title}: a step needs a range, as in */10 or 5-59/10")
        start = low if first == "*" else _value(text, title, first, low, high, names)
        stop = high if first == "*" else _value(text, title, last or first, low, high, names)
        if step < 1 or stop < start:
            raise _refuse(text, f"{item!r} is an empty range for the {title}")
        values.update(range(start, stop + 1, step))
    return tuple(sorted(values))


def _value(text: str, title: str, word: str, low: int, high: int, names: Sequence[str]) -> int:
    if word.lower() in names:
        return names.index(word.lower()) + low
    if not word.isdecimal() or not low <= int(word) <= high:
        raise _refuse(text, f"{word!r} is no {title}, which is between {low} and {high}")
    return int(word)


def _refuse(text: str, cause: str) -> DefinitionError:
    return DefinitionError(
        f"schedule {text!r}",
        cause,
        'Write a cron expression, for example "0 2 * * *" for every night at 02:00.',
    )
