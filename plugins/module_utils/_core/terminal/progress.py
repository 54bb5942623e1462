# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Progress for people: steps with the clock on a terminal, lines with full timestamps in a log."""

from __future__ import annotations

from datetime import datetime
from typing import TextIO

from ..progress import Progress
from .blocks import Line
from .draw import draw


class StreamProgress(Progress):
    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._live = stream.isatty()

    def step(self, text: str) -> None:
        self._say(text, "dim")

    def warn(self, text: str) -> None:
        self._say(f"warning: {text}", "warning")

    def fail(self, text: str) -> None:
        # Whoever looks at a terminal sees the error itself, right below.
        if not self._live:
            self._say(f"FAILED: {text}", "bad")

    def _say(self, text: str, tone: str) -> None:
        draw([Line(f"{now('%H:%M:%S' if self._live else '')}  {text}", tone)], self._stream)
        self._stream.flush()


def now(form: str = "") -> str:
    """The local time: for a log with its offset from UTC, so that it can be compared with a backup's name."""
    moment = datetime.now().astimezone()
    return moment.strftime(form) if form else moment.isoformat(timespec="seconds")
