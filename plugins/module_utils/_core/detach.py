# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Going on without the connection, terminal and session in which we were started."""

from __future__ import annotations

import os
import signal
from pathlib import Path


def detach(output: Path, errors: Path) -> bool:
    """Become two processes: True in the one that was started, False in the one that goes on without it.

    Returns in the first one when the second stands on its own, and in that when the first has ended: whoever ends last
    may clear away what both need. What the second prints goes to the two files; a SIGTERM interrupts it, so that it
    undoes what is unfinished.
    """
    ready, tell_ready = os.pipe()
    # Ours to write as long as the first one lives, and never written.
    ended, alive = os.pipe()
    if os.fork():
        os.close(tell_ready)
        os.close(ended)
        os.read(ready, 1)
        os.close(ready)
        return True
    os.close(alive)
    os.setsid()
    os.chdir("/")
    _become(0, os.open(os.devnull, os.O_RDONLY))
    for descriptor, path in ((1, output), (2, errors)):
        _become(descriptor, os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600))
    signal.signal(signal.SIGTERM, _interrupt)
    os.close(ready)
    os.close(tell_ready)
    os.read(ended, 1)
    os.close(ended)
    return False


def _become(descriptor: int, opened: int) -> None:
    os.dup2(opened, descriptor)
    os.close(opened)


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt
