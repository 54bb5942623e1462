# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether the locks of a restore fit, and what would make room."""

from __future__ import annotations

import pytest

from ansible_collections.holdfast.postgres.plugins.module_utils._core.postgresql.lock_table import LockTable
from ansible_collections.holdfast.postgres.plugins.module_utils._core.postgresql.locks import Locks


@pytest.mark.parametrize(
    ("least", "free", "too_many"),
    [
        # Of 64 for each of 100 and of 22 more it can have twice as many, or what is free besides.
        (15_616, 1_916_928, False),
        (15_617, 1_916_928, True),
        (15_617, 4_000_000, False),
        # A role that may not know is not told that it cannot be.
        (1_000_000, None, False),
    ],
)
def test_what_cannot_fit_is_known(least: int, free: int | None, too_many: bool) -> None:
    assert Locks(least, least + 50_000, LockTable(64, 100, 22, free)).too_many == too_many


@pytest.mark.parametrize(("most", "setting"), [(100_000, 1_200), (90_001, 1_081)])
def test_what_is_proposed_makes_room_and_leaves_some(most: int, setting: int) -> None:
    assert Locks(most, most, LockTable(64, 100)).setting == setting
    assert LockTable(setting, 100).room > most
