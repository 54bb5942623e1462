# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Working without being in the way of others."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator

from .errors import HoldfastError
from .process import Command, run


@contextlib.contextmanager
def low_priority() -> Iterator[None]:
    """Give way to all others for the processor and the disk, with every program that is started meanwhile.

    Only root gets its priority back afterwards.
    """
    thread = threading.get_native_id()
    before = os.getpriority(os.PRIO_PROCESS, thread)
    os.setpriority(os.PRIO_PROCESS, thread, 19)
    _disk(thread, "--class=idle")
    try:
        yield
    finally:
        with contextlib.suppress(PermissionError):
            os.setpriority(os.PRIO_PROCESS, thread, before)
        _disk(thread, "--class=none")


def _disk(thread: int, scheduling: str) -> None:
    # A kernel without such classes, or a container that may not set them, is no reason not to work.
    with contextlib.suppress(HoldfastError):
        run(Command(("ionice", scheduling, f"--pid={thread}")))
