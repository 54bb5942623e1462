# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Taking the proof of a database while it is dumped, in the same snapshot."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from . import proof
from .errors import ServerError
from .postgresql import grants, sequences, snapshot
from .postgresql.server import Server

if TYPE_CHECKING:
    import psycopg

    Session = psycopg.Connection[Any]


class Witness:
    """snapshot: for ``pg_dump --snapshot``. The proof is under way from the beginning."""

    def __init__(self, session: Session, mode: str, pool: ThreadPoolExecutor) -> None:
        self.snapshot = snapshot.export(session)
        self._session = session
        self._future = pool.submit(proof.take, session, mode)

    def finish(self) -> dict[str, Any]:
        """The proof, once the dump has ended."""
        taken = self._future.result()
        return proof.with_end(taken, sequences.read(self._session))

    def cancel(self) -> None:
        """End the proof of a dump that failed, or raise what it had failed of before: the dump fails with it."""
        if self._future.done():
            self._future.result()
        self._session.cancel()


@contextlib.contextmanager
def witness(server: Server, database: str, mode: str, workers: int) -> Iterator[Witness]:
    """Hold the snapshot of a database, and take its proof on a thread of its own."""
    try:
        with ThreadPoolExecutor(1) as pool, snapshot.hold(server, database, workers - 1) as session:
            sees = Witness(session, mode, pool)
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
