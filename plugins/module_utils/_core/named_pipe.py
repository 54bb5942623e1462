# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A program that can only write to a file, read as it writes."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from .pipes import widen
from .process import Command, Pipeline


@contextlib.contextmanager
def written_to(fifo: Path, program: Command) -> Iterator[IO[bytes]]:
    """What a program writes to a named pipe, as a file that ends with the program.

    Leaving the context raises :class:`ProgramFailed` unless the program succeeded. fifo must not be a link.
    """
    # Without a reader a program that opens the pipe would wait; without a writer of our own the file would end at once.
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    keeper = os.open(fifo, os.O_WRONLY | os.O_NOFOLLOW)

    def let_it_end() -> None:
        running.wait()
        os.close(keeper)

    with os.fdopen(reader, "rb", buffering=0) as source:
        os.set_blocking(reader, True)
        widen(source)
        waiter = threading.Thread(target=let_it_end, daemon=True)
        try:
            with Pipeline([program]) as running:
                waiter.start()
                yield source
                running.finish()
        finally:
            if waiter.ident is None:
                os.close(keeper)
            else:
                waiter.join()
