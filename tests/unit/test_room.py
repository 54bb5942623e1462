# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How much room the restore of some tables asks for."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.holdfast.postgres.plugins.module_utils._core.room import BARE, BARE_TABLE, for_tables

GIB = 1 << 30
BIG, SMALL = ("public", "events"), ("public", "users")
DETAILS: dict[str, Any] = {
    "size": 1000 * GIB,
    "largest_tables": [
        {"schema": "public", "table": "events", "size": 900 * GIB},
        {"schema": "public", "table": "users", "size": GIB},
    ],
}


@pytest.mark.parametrize("table", [SMALL, ("other", "not_among_the_largest")])
def test_a_small_table_of_a_large_archive_needs_room_for_itself_twice(table: tuple[str, str]) -> None:
    needed = for_tables(DETAILS, [table], number=40, selects=True)
    assert needed == 2 * round(1.05 * GIB) + BARE + 40 * BARE_TABLE


def test_of_a_plain_dump_everything_is_loaded() -> None:
    assert for_tables(DETAILS, [SMALL], number=40, selects=False) == round(1050 * GIB) + round(1.05 * GIB)


def test_never_more_than_twice_everything() -> None:
    tables = [BIG, SMALL, *(("public", f"t{number}") for number in range(1000))]
    assert for_tables(DETAILS, tables, number=1002, selects=True) == 2 * round(1050 * GIB)


def test_what_the_manifest_does_not_tell_is_not_guessed() -> None:
    assert for_tables({}, [SMALL], number=1, selects=True) is None
    assert for_tables({"size": 100}, [SMALL], number=1, selects=True) == 105
