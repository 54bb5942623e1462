# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Times as people write them."""

from __future__ import annotations

import pytest

from ansible_collections.holdfast.postgres.plugins.module_utils._core.errors import UsageError
from ansible_collections.holdfast.postgres.plugins.module_utils._core.which import parse_time


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2025-08-16T15:55:03", "2025-08-16 15:55:03"),
        ("2025-08-16T15:55", "2025-08-16 15:55:59"),
        ("2025-08-16 15:55", "2025-08-16 15:55:59"),
        ("2025-08-16", "2025-08-16 23:59:59"),
        ("2025-08-16T15:55:03Z", "2025-08-16 15:55:03"),
        ("2025-08-16T15:55:03+02:00", "2025-08-16 13:55:03"),
        ("2025-08-16T01:00:00+0200", "2025-08-15 23:00:00"),
    ],
)
def test_a_time_is_utc_unless_it_says_otherwise(text, moment):
    assert f"{parse_time(text):%Y-%m-%d %H:%M:%S}" == moment


@pytest.mark.parametrize("text", ["yesterday", "2025", "20250816", "app_20250816_155503", "2025-08-16T15"])
def test_what_is_no_time_is_none(text):
    assert parse_time(text) is None


def test_a_day_that_no_calendar_has_is_an_error():
    with pytest.raises(UsageError, match="2025-02-30"):
        parse_time("2025-02-30")
