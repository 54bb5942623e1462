# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Clocks go wrong: what is dated in the future, and whether the clock is earlier than what was written. All pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta, timezone

# Two hosts' clocks may differ a little.
SKEW = timedelta(minutes=5)


def in_future(moment: datetime, now: datetime) -> bool:
    return moment - now > SKEW


def behind(written: Iterable[datetime | None], now: datetime) -> datetime | None:
    """The newest moment at which something was written, when the clock has not come there yet; else None."""
    newest = max((moment for moment in written if moment is not None), default=None)
    return newest if newest is not None and in_future(newest, now) else None


def from_seconds(seconds: float) -> datetime:
    """The moment so many seconds after 1970, as the times of files are told; the last or the first that there is when
    it is beyond."""
    try:
        return datetime.fromtimestamp(seconds, timezone.utc)
    except (ValueError, OverflowError, OSError):
        return (datetime.max if seconds > 0 else datetime.min).replace(microsecond=0, tzinfo=timezone.utc)


def told(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
