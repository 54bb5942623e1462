# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Numbers, sizes and durations, as people read them."""

from __future__ import annotations


def count(number: int, noun: str) -> str:
    """A number of things: ``count(1, "table")`` is ``1 table``, ``count(1234, "table")`` is ``1,234 tables``."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def size(octets: float) -> str:
    """Octets in binary units with three significant digits: ``size(1536)`` is ``1.50 KiB``."""
    value = float(octets)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if abs(value) < 1000:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.{_decimals(value)}f} {unit}"
        value /= 1024
    return f"{value:.{_decimals(value)}f} TiB"


def duration(seconds: float) -> str:
    """Seconds in the two largest units that matter: ``duration(3700)`` is ``1 h 2 min``."""
    if seconds < 59.5:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h" if hours and days < 10 else f"{days} d"


def _decimals(value: float) -> int:
    return 2 if abs(value) < 10 else 1 if abs(value) < 100 else 0
