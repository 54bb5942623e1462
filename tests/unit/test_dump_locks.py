# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.holdfast.postgres.plugins.module_utils._core.errors import ServerError
from ansible_collections.holdfast.postgres.plugins.module_utils._core.postgresql.dump_locks import Locks, require
from ansible_collections.holdfast.postgres.plugins.module_utils._core.postgresql.lock_table import LockTable

FULL = Locks(20_000, LockTable(64, 100, 22, 1_916_928))


def test_only_what_cannot_be_is_refused() -> None:
    # PostgreSQL 15 ran out of them at lock 12,870 with 100 connections, and at 6,557 with 40.
    require("library", Locks(12_800, LockTable(64, 100, 22, 1_916_928)), 0)
    require("library", Locks(6_500, LockTable(64, 40, 22, 993_408)), 0)
    with pytest.raises(ServerError, match="20,000"):
        require("library", FULL, 0)
    with pytest.raises(ServerError, match="20,000"):
        require("library", FULL, 10_000)


def test_an_earlier_dump_and_free_memory_count_for_more_than_a_rule() -> None:
    require("library", FULL, 19_000)
    require("library", Locks(20_000, LockTable(64, 100, 22, 4_000_000)), 0)
    require("library", Locks(20_000, LockTable(64, 100, 22, None)), 0)


def test_what_is_proposed_is_enough_for_a_dump_and_its_snapshot() -> None:
    needed = Locks(20_000, LockTable(64, 100))
    assert Locks(20_000, LockTable(needed.setting, 100)).allow(2)
    assert Locks(10, LockTable(64, 100)).setting == 64
