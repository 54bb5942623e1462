# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Waiting for something to become true, with a deadline."""

from __future__ import annotations

import time
from typing import Callable, TypeVar

Found = TypeVar("Found")


def wait_until(look: Callable[[], Found], what: str, seconds: float = 30, pause: float = 0.01) -> Found:
    """The first true thing that look finds; AssertionError, which says what was awaited, after some seconds."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds} seconds in vain until {what}")
        time.sleep(pause)
    return found
