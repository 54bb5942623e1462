# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Taking the proof of a database while it is dumped, in the same snapshot."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Any

from . import proof
from .errors import ServerError
from .postgresql import fingerprint, grants, sequences, snapshot
from .postgresql.dump import BeginAgain, CatalogChanged, table_wanted
from .postgresql.server import Server

if TYPE_CHECKING:
    import psycopg

    Session = psycopg.Connection[Any]

# Seconds between two attempts to end what a session does
AGAIN = 0.1


class Witness:
    """snapshot: for ``pg_dump --snapshot``. The proof is under way from the beginning, unless mode is none.

    session holds the snapshot; beside it is one that sees the present. reader takes the proof: the session itself when
    it holds the tables, too, or else another one.
    """

    def __init__(
        self, session: Session, beside: Session, reader: Session | None, mode: str, pool: ThreadPoolExecutor
    ) -> None:
        self.snapshot = snapshot.export(session)
        self._beside = beside
        self._locked = reader is None
        self._reader = reader or session
        self._known = fingerprint.read(session)
        self._streaming = False
        self._future: Future[dict[str, Any] | None] = Future()
        if mode == "none":
            self._future.set_result(None)
            return
        listed = sequences.listed(session)
        # Before pg_dump begins, which reads them as they are then.
        start = sequences.positions(beside, listed)
        at = {name: {**sequence, "position": start[name]} for name, sequence in listed.items()}
        renew = functools.partial(snapshot.release, session)
        if reader is not None:
            renew = functools.partial(snapshot.share, reader, self.snapshot)
        self._future = pool.submit(proof.take, self._reader, mode, renew, at, self.check)

    def check(self) -> None:
        """Raise :class:`CatalogChanged` when something that the snapshot knows is gone, or is not what it was."""
        kinds = fingerprint.gone(self._known, fingerprint.read(self._beside))
        if kinds:
            raise CatalogChanged(
                f"database {self._beside.info.dbname}",
                f"other sessions dropped or changed objects of it while they were being read ({', '.join(kinds)})",
                "Back up when no migration is under way, or stop what drops and changes objects all the time.",
            )

    def blame(self) -> None:
        """The same after something failed, of which this may be the reason: a query may stumble in any way."""
        from psycopg import Error

        # Of a server that is gone the failure itself tells.
        with contextlib.suppress(Error):
            self.check()

    def watched(self, receive: Callable[[bytes], object]) -> Callable[[bytes], object]:
        """A receiver of the dump that does not go on when the dump or its proof is good for nothing already.

        pg_dump writes nothing until it has read the whole catalog, and no compressor writes before it has read: from
        the first octet on only rows are read, and what happens to functions or types does not count any more.
        """

        def look_first(chunk: bytes) -> object:
            if not self._streaming:
                self._streaming = True
                self.check()
            if self._future.done():
                self._future.result()
            return receive(chunk)

        return look_first

    def finish(self) -> dict[str, Any] | None:
        """The proof, once the dump has ended."""
        taken = self._future.result()
        if taken is not None:
            taken = proof.with_end(taken, sequences.positions(self._beside, taken["sequences"]))
        if not self._locked:
            self.check()
        return taken

    def cancel(self) -> BaseException | None:
        """End the proof of a dump that failed; what it had failed of before, for the dump fails with it."""
        if self._future.done():
            return self._future.exception()
        # Between two queries there is nothing to cancel.
        while not self._future.done():
            self._reader.cancel()
            wait([self._future], AGAIN)
        return None


@contextlib.contextmanager
def witness(server: Server, database: str, mode: str, workers: int, locked: bool) -> Iterator[Witness]:
    """Hold the snapshot of a database, and take its proof on a thread of its own.

    locked: hold the tables as well. Raises :class:`BeginAgain` when the database changed under the dump.
    """
    from psycopg.errors import LockNotAvailable

    try:
        with contextlib.ExitStack() as stack:
            pool = stack.enter_context(ThreadPoolExecutor(1))
            # All of them here: to become another user for a new one is no thread's own business.
            session = stack.enter_context(snapshot.hold(server, database, workers - 1, locked))
            beside = stack.enter_context(server.session(database))
            reader = None if locked else stack.enter_context(snapshot.alone(server, database, workers - 1))
            sees = Witness(session, beside, reader, mode, pool)
            try:
                yield sees
            except BaseException as error:
                failure = sees.cancel()
                if isinstance(failure, LockNotAvailable):
                    raise table_wanted(database) from failure
                if isinstance(failure or error, Exception):
                    sees.blame()
                if failure is not None:
                    raise failure from error
                raise
    except ServerError as error:
        if isinstance(error, BeginAgain):
            raise
        next_step = grants.next_step(error.cause, server.role)
        if error.next_step or not next_step:
            raise
        raise ServerError(error.thing, error.cause, next_step) from error
