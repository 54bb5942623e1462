# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether the locks of a restore in place fit, and what would make room."""

from __future__ import annotations

import pytest

from ansible_collections.holdfast.postgres.plugins.module_utils._core.postgresql.locks import Locks


@pytest.mark.parametrize(("needed", "too_many"), [(6_400, False), (12_800, False), (12_801, True), (100_000, True)])
def test_what_cannot_fit_is_known(needed: int, too_many: bool) -> None:
    assert Locks(needed, 64, 100).too_many == too_many


@pytest.mark.parametrize(("needed", "setting"), [(100_000, 1_200), (90_001, 1_081)])
def test_what_is_proposed_makes_room_and_leaves_some(needed: int, setting: int) -> None:
    proposed = Locks(needed, 64, 100).setting
    assert proposed == setting
    assert Locks(needed, proposed, 100).room > needed
