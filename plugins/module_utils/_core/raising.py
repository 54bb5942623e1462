# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the live database has numbered, the one that takes its place numbers no second time."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from . import seclusion
from .errors import HoldfastError
from .postgresql import positions
from .postgresql.positions import Position, Sequence
from .postgresql.server import Server
from .progress import Progress

if TYPE_CHECKING:
    import psycopg

    Session = psycopg.Connection[Any]

# Seconds in which a sequence shows that it is in use, and how many of them the exchange may take at most.
MOMENT = 0.1
MOMENTS = 20
# sequence -> from, to
Raised = dict[str, tuple[Position, Position]]


def before(server: Server, live: str, closed: seclusion.Closed, progress: Progress) -> tuple[seclusion.Closed, Raised]:
    """Raise the sequences of a closed database to where the live one's are; the database as it is closed again.

    One that moves in these moments is raised further, by what it would give out until the exchange.
    """
    earlier = _read(server, live, progress)
    if earlier is None:
        return closed, {}
    time.sleep(MOMENT)
    wanted = _read(server, live, progress) or earlier
    with seclusion.opened(server, closed) as (session, again):
        left = positions.out_of_reach(positions.read(session), wanted)
        if left:
            told = "end before the numbers that the live database has given out, or count the other way"
            progress.warn(f"these sequences are not raised, because they {told}: {', '.join(left)}")
        return again, _raise(session, {name: one.ahead(earlier.get(name), MOMENTS) for name, one in wanted.items()})


def after(server: Server, old: str, live: str, raised: Raised, progress: Progress) -> Raised:
    """The same again once both were exchanged, for numbers that were given out in between; all that were raised."""
    wanted = _read(server, old, progress)
    if wanted is None:
        return raised
    try:
        with server.session(live) as session:
            session.execute("SET default_transaction_read_only = off")
            late = _raise(session, wanted)
    except HoldfastError as error:
        progress.warn(f"sequences could not be raised again after the exchange: {error.cause}")
        return raised
    return {**raised, **{name: (raised.get(name, (start, start))[0], end) for name, (start, end) in late.items()}}


def as_data(raised: Raised) -> list[dict[str, Any]]:
    return [{"sequence": name, "from": start[0], "to": end[0]} for name, (start, end) in sorted(raised.items())]


def in_proof(found: Mapping[str, Any], raised: Raised) -> dict[str, Any]:
    """The proof of a restored database, once its sequences were raised: that is no change of it."""
    sequences = {
        name: {**facts, "position": list(raised[name][1])} if name in raised else facts
        for name, facts in found["sequences"].items()
    }
    return {**found, "sequences": sequences}


def _read(server: Server, database: str, progress: Progress) -> Mapping[str, Sequence] | None:
    try:
        with server.session(database) as session:
            found = positions.read(session)
    except HoldfastError as error:
        # Whatever keeps it from being read is often why it is replaced.
        progress.warn(f"the sequences of {database} cannot be read, so none is raised: {error.cause}")
        return None
    unread = sorted(name for name, sequence in found.items() if sequence.position is None)
    if unread:
        progress.warn(f"role {server.role} may not read these sequences, so they are not raised: {', '.join(unread)}")
    return found


def _raise(session: Session, live: Mapping[str, Sequence]) -> Raised:
    restored = positions.read(session)
    wanted = positions.behind(restored, live)
    positions.move(session, wanted, {name: restored[name].increment for name in wanted})
    return {name: (restored[name].position or end, end) for name, end in wanted.items()}
