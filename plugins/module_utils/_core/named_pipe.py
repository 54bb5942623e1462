# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A program that only reads or writes a file by its name, at the other end of a named pipe. No pipe may be a link."""

from __future__ import annotations

import contextlib
import errno
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Callable

from .errors import ProgramFailed
from .pipes import widen
from .process import Command, Pipeline

PAUSE = 0.01


@contextlib.contextmanager
def written_to(fifo: Path, program: Command) -> Iterator[IO[bytes]]:
    """What a program writes to a named pipe, as a file that ends with the program.

    Leaving the context raises :class:`ProgramFailed` unless the program succeeded.
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


@contextlib.contextmanager
def read_from(fifo: Path, program: Command) -> Iterator[Callable[[bytes], object]]:
    """Takes what a program reads from a named pipe.

    Leaving the context raises :class:`ProgramFailed` unless the program read all of it and succeeded.
    """
    with Pipeline([program]) as running:
        try:
            with os.fdopen(_to_reader(fifo, running), "wb", buffering=0) as sink:
                widen(sink)

                def write(chunk: bytes) -> None:
                    view = memoryview(chunk)
                    while view:
                        view = view[sink.write(view) :]

                yield write
        except BrokenPipeError:
            running.finish()
            raise ProgramFailed([(program.name, "succeeded without reading its input to the end", "")]) from None
        running.finish()


def _to_reader(fifo: Path, running: Pipeline) -> int:
    """Our end of the pipe, once a program has opened its own; :class:`BrokenPipeError` when it ends without that."""
    while True:
        try:
            writer = os.open(fifo, os.O_WRONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
        except OSError as error:
            # Nobody has opened it for reading.
            if error.errno != errno.ENXIO:
                raise
        else:
            os.set_blocking(writer, True)
            return writer
        if not running.running:
            raise BrokenPipeError
        time.sleep(PAUSE)
