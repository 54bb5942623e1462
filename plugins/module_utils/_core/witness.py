# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Taking the proof of a database while it is dumped, in the same snapshot."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Any

from . import proof
from .errors import ServerError
from .postgresql import grants, sequences, snapshot
from .postgresql.server import Server

if TYPE_CHECKING:
    import psycopg

    Session = psycopg.Connection[Any]

# Seconds between two attempts to end what a session does
AGAIN = 0.1


class Witness:
    """snapshot: for ``pg_dump --snapshot``. The proof is under way from the beginning.

    The session that holds the snapshot reads nothing itself: the reader sees the same in short transactions.
    """

    def __init__(self, session: Session, reader: Session, mode: str, pool: ThreadPoolExecutor) -> None:
        self.snapshot = snapshot.export(session)
        self._reader = reader
        listed = sequences.listed(session)
        # Before pg_dump begins, which reads them as they are then.
        start = sequences.positions(reader, listed)
        at = {name: {**sequence, "position": start[name]} for name, sequence in listed.items()}
        self._future = pool.submit(proof.take, reader, mode, lambda: snapshot.share(reader, self.snapshot), at)

    def finish(self) -> dict[str, Any]:
        """The proof, once the dump has ended."""
        taken = self._future.result()
        self._reader.execute("ROLLBACK")
        return proof.with_end(taken, sequences.positions(self._reader, taken["sequences"]))

    def cancel(self) -> None:
        """End the proof of a dump that failed, or raise what it had failed of before: the dump fails with it."""
        if self._future.done():
            self._future.result()
        # Between two queries there is nothing to cancel.
        while not self._future.done():
            self._reader.cancel()
            wait([self._future], AGAIN)


@contextlib.contextmanager
def witness(server: Server, database: str, mode: str, workers: int) -> Iterator[Witness]:
    """Hold the snapshot of a database, and take its proof on a thread of its own."""
    try:
        with contextlib.ExitStack() as stack:
            pool = stack.enter_context(ThreadPoolExecutor(1))
            session = stack.enter_context(snapshot.hold(server, database))
            reader = stack.enter_context(snapshot.alone(server, database, workers - 1))
            sees = Witness(session, reader, mode, pool)
            try:
                yield sees
            except BaseException:
                sees.cancel()
                raise
    except ServerError as error:
        next_step = grants.next_step(error.cause, server.role)
        if error.next_step or not next_step:
            raise
        raise ServerError(error.thing, error.cause, next_step) from error
