# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Times that no calendar has, as file systems can hold them."""

from __future__ import annotations

import pytest

from ansible_collections.holdfast.postgres.plugins.module_utils._core import clock
from ansible_collections.holdfast.postgres.plugins.module_utils._core.repository import names
from ansible_collections.holdfast.postgres.plugins.module_utils._core.repository.manifest import moment, timestamp


@pytest.mark.parametrize("seconds", [0, 1_755_359_703, 1 << 40, 1 << 62, -(1 << 40), -(1 << 62)])
def test_the_time_of_a_file_is_always_one_that_can_be_compared(seconds: int) -> None:
    found = clock.from_seconds(seconds)
    assert (found > clock.from_seconds(0)) == (seconds > 0)
    if abs(seconds) < 1 << 32:
        assert moment(timestamp(found)) == found and found.timestamp() == seconds


@pytest.mark.parametrize("stamp", ["00010101_000000", "09990101_000000", "20250230_000000", "20251301_000000"])
def test_a_name_with_a_year_that_is_written_otherwise_has_no_time(stamp: str) -> None:
    assert names.split(f"app_{stamp}") is None
    assert names.split("app_10000101_000000") is not None
