# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rows of materialized views: in no dump, computed after a restore."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import psycopg

    Session = psycopg.Connection[Any]

EMPTY = """
    SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'm' AND NOT c.relispopulated
"""


def refresh(session: Session, views: Iterable[str]) -> dict[str, str]:
    """Compute those of the materialized views that are empty; why, by name, for each of which that failed.

    views: quoted, with their schemas. One may need another: all are tried again as long as one more succeeds.
    """
    from psycopg import Error

    empty = {row[0] for row in session.execute(EMPTY)}
    left = [view for view in views if view in empty]
    failed: dict[str, str] = {}
    while left:
        failed = {}
        for view in left:
            try:
                session.execute(f"REFRESH MATERIALIZED VIEW {view}")
            except Error as error:
                failed[view] = str(error).strip().splitlines()[0]
        if len(failed) == len(left):
            break
        left = list(failed)
    return failed
