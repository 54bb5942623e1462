# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The pipes of a running program: wide ones, one that is fed, and one that is read to its end."""

from __future__ import annotations

import contextlib
import fcntl
import os
import threading
from collections import deque
from collections.abc import Iterable
from typing import IO

CHUNK = 1 << 20
STDERR_KEPT = 64 * 1024


def widen(pipe: IO[bytes]) -> None:
    """Fewer, larger reads; a kernel that refuses leaves the pipe as it was."""
    with contextlib.suppress(OSError, AttributeError):
        fcntl.fcntl(pipe.fileno(), getattr(fcntl, "F_SETPIPE_SZ", 1031), CHUNK)


class Tail:
    """Reads a standard error to its end and keeps the last part, so that no program blocks on it."""

    def __init__(self, stderr: IO[bytes] | None) -> None:
        self._kept: deque[bytes] = deque()
        self._stderr = stderr
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def join(self) -> None:
        # A grandchild may keep the pipe open after its parent is gone; what arrived by then is enough.
        self._thread.join(timeout=2)

    @property
    def text(self) -> str:
        return b"".join(self._kept).decode("utf-8", "replace").strip()

    def _read(self) -> None:
        if self._stderr is None:
            return
        size = 0
        with contextlib.suppress(OSError, ValueError):
            while True:
                chunk = os.read(self._stderr.fileno(), 8192)
                if not chunk:
                    return
                self._kept.append(chunk)
                size += len(chunk)
                while size - len(self._kept[0]) > STDERR_KEPT:
                    size -= len(self._kept.popleft())


class Feeder:
    """Writes chunks to a program. refused: it closed its input early; error: what went wrong with the chunks."""

    def __init__(self, stdin: IO[bytes] | None, chunks: Iterable[bytes]) -> None:
        self.refused = False
        self.error: BaseException | None = None
        self._stdin = stdin
        self._chunks = chunks
        self._thread = threading.Thread(target=self._write, daemon=True)
        self._thread.start()

    def join(self) -> None:
        self._thread.join()

    def _write(self) -> None:
        if self._stdin is None:
            return
        try:
            with self._stdin:
                for chunk in self._chunks:
                    self._stdin.write(chunk)
        except BrokenPipeError:
            self.refused = True
        except Exception as error:  # noqa: BLE001 - handed over to the thread that waits
            self.error = error
