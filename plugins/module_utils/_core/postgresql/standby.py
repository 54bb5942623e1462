# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A server that follows another one: it may be dumped, but for what is unlogged, and takes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import Refused

if TYPE_CHECKING:
    import psycopg

    Session = psycopg.Connection[Any]

UNLOGGED = """
    SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE pg_is_in_recovery() AND c.relpersistence = 'u' AND c.relkind = 'r' ORDER BY 1"""


def require_primary(session: Session, title: str) -> None:
    """Raise :class:`Refused` when nothing can be restored into the session's server."""
    if session.execute("SELECT pg_is_in_recovery()").fetchall()[0][0]:
        raise Refused(
            title,
            "it is a standby, which takes only what its primary sends",
            "Restore into the primary: from there it comes here by itself.",
        )


def unlogged(session: Session) -> list[str]:
    """The tables of the session's database whose rows a standby does not have; none on any other server."""
    return [row[0] for row in session.execute(UNLOGGED)]
