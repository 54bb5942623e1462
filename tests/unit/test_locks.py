# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether the locks of a restore fit, and what would make room."""

from __future__ import annotations

import pytest

from ansible_collections.holdfast.postgres.plugins.module_utils._core.postgresql.locks import Locks


@pytest.mark.parametrize(
    ("least", "limit", "too_many"),
    [
        (6_400, 14_000, False),
        (14_000, 14_000, False),
        (14_001, 14_000, True),
        # What the documentation promises holds, whatever the server tells of its memory.
        (6_400, 100, False),
        (6_401, 100, True),
    ],
)
def test_what_cannot_fit_is_known(least: int, limit: int, too_many: bool) -> None:
    assert Locks(least, least + 50_000, 64, 100, limit).too_many == too_many


@pytest.mark.parametrize(("most", "setting"), [(100_000, 1_200), (90_001, 1_081)])
def test_what_is_proposed_makes_room_and_leaves_some(most: int, setting: int) -> None:
    proposed = Locks(most, most, 64, 100, 0).setting
    assert proposed == setting
    assert Locks(most, most, proposed, 100, 0).room > most
