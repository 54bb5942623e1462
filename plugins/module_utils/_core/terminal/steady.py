# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An output that never ends a run: a pager that was left, a full disk and a terminal that is gone are no reason to."""

from __future__ import annotations

import contextlib
import io
import os
from typing import Any, TextIO


class Steady:
    """A stream whose reader may go away. broken: what went wrong; nothing is written from then on."""

    def __init__(self, stream: TextIO | None) -> None:
        # None: it was closed before we began.
        self._stream = stream if stream is not None else io.StringIO()
        self.broken: OSError | None = None
        if hasattr(self._stream, "reconfigure"):
            # A name that the terminal cannot show is no reason either.
            self._stream.reconfigure(errors="backslashreplace")

    def write(self, text: str) -> int:
        if self.broken is None:
            try:
                return self._stream.write(text)
            except OSError as error:
                self._break(error)
        return len(text)

    def flush(self) -> None:
        if self.broken is None:
            try:
                self._stream.flush()
            except OSError as error:
                self._break(error)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def _break(self, error: OSError) -> None:
        self.broken = error
        # The interpreter must not stumble at its end over what it still holds.
        with contextlib.suppress(OSError, ValueError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._stream.fileno())
            os.close(nowhere)
