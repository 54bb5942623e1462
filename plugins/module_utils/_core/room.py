# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How much room a restore needs in the server's data directory, in octets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

MARGIN = 1.05
# A database without rows: what template0 has, and the empty indexes and TOAST tables of each table.
BARE = 16 * 1024 * 1024
BARE_TABLE = 24 * 1024


def for_database(details: Mapping[str, Any]) -> int | None:
    """details: of the database in the manifest; None when it does not tell."""
    return round(details["size"] * MARGIN) if details.get("size") else None


def for_tables(details: Mapping[str, Any], tables: Iterable[tuple[str, str]], number: int, selects: bool) -> int | None:
    """For some tables, each as (schema, name), which are loaded into a database of their own and copied from there.

    number: of all tables of the backup. selects: whether only the rows of these tables are loaded; of a plain dump all
    are. A table that is not among the largest of the manifest is no larger than the smallest of those.
    """
    whole, largest = for_database(details), details.get("largest_tables")
    if whole is None or largest is None:
        return whole
    sizes = {(one["schema"], one["table"]): one["size"] for one in largest}
    smallest = min(sizes.values(), default=0)
    copied = min(round(sum(sizes.get(table, smallest) for table in tables) * MARGIN), whole)
    loaded = min(copied + BARE + BARE_TABLE * number, whole) if selects else whole
    return int(loaded + copied)
