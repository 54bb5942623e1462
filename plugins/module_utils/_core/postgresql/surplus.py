# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What every new database has, and the one that was dumped did not: a dump does not say that it is to go."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Union

if TYPE_CHECKING:
    import psycopg

    from .inside import Inside

    Session = Union[psycopg.Connection[Any], Inside]

# Where the role may not drop them, the comparison with the proof tells that they are there.
DROPPABLE = """
    SELECT 'schema', nspname::text FROM pg_catalog.pg_namespace
    WHERE nspname = 'public' AND pg_has_role(nspowner, 'USAGE')
    UNION ALL SELECT 'extension', extname::text FROM pg_catalog.pg_extension
    WHERE extname = 'plpgsql' AND pg_has_role(extowner, 'USAGE')
"""


def statements(session: Session, objects: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """What drops the schema public and the extension plpgsql, unless they are among the objects of the proof."""
    found = session.execute(DROPPABLE).fetchall()
    return [f"DROP {kind.upper()} {name}" for kind, name in found if name not in objects.get(kind, {})]
