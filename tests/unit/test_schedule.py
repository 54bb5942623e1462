# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Cron expressions: what they mean, to systemd and on the calendar."""

from __future__ import annotations

from datetime import datetime

import pytest

from ansible_collections.holdfast.postgres.plugins.module_utils._core.errors import DefinitionError
from ansible_collections.holdfast.postgres.plugins.module_utils._core.schedule import on_calendar, parse

SATURDAY = datetime(2025, 8, 16, 12, 34, 56)


@pytest.mark.parametrize(
    ("expression", "events"),
    [
        ("0 2 * * *", ["*-*-* 02:00:00"]),
        ("0 */6 * * *", ["*-*-* 00,06,12,18:00:00"]),
        ("0 0 * * 0", ["Sun *-*-* 00:00:00"]),
        ("0 0 * * 7", ["Sun *-*-* 00:00:00"]),
        ("15 3 1 * *", ["*-*-01 03:15:00"]),
        ("@daily", ["*-*-* 00:00:00"]),
        ("*/20 8-9 * jan,Jul mon-fri", ["Mon,Tue,Wed,Thu,Fri *-01,07-* 08,09:00,20,40:00"]),
        ("0 2 1 * mon", ["*-*-01 02:00:00", "Mon *-*-* 02:00:00"]),
        ("0 2 */2 * mon", ["Mon *-*-01,03,05,07,09,11,13,15,17,19,21,23,25,27,29,31 02:00:00"]),
        ("0 2 13 * 0-6", ["*-*-* 02:00:00"]),
        ("* * * * *", ["*-*-* *:*:00"]),
    ],
)
def test_systemd_is_told_the_same_times(expression, events):
    assert on_calendar(expression) == events


@pytest.mark.parametrize(
    ("expression", "before", "after"),
    [
        ("0 2 * * *", "2025-08-16 02:00", "2025-08-17 02:00"),
        ("34 12 * * *", "2025-08-16 12:34", "2025-08-17 12:34"),
        ("0 0 * * 0", "2025-08-10 00:00", "2025-08-17 00:00"),
        ("0 0 1 * sun", "2025-08-10 00:00", "2025-08-17 00:00"),
        ("0 0 29 2 *", "2024-02-29 00:00", "2028-02-29 00:00"),
        ("59 23 31 12 *", "2024-12-31 23:59", "2025-12-31 23:59"),
    ],
)
def test_the_runs_around_a_moment(expression, before, after):
    schedule = parse(expression)
    assert f"{schedule.previous(SATURDAY):%Y-%m-%d %H:%M}" == before
    assert f"{schedule.next(SATURDAY):%Y-%m-%d %H:%M}" == after


@pytest.mark.parametrize(
    ("expression", "complaint"),
    [
        ("", "0 fields"),
        ("0 2 * *", "4 fields"),
        ("61 2 * * *", "'61' is no minute, which is between 0 and 59"),
        ("0 2 * foo *", "'foo' is no month, which is between 1 and 12"),
        ("0 2 * * 8", "'8' is no day of week"),
        ("0 5-3 * * *", "'5-3' is an empty range for the hour"),
        ("*/0 * * * *", "empty range"),
        ("0 2 30 2 *", "no day of any year matches"),
        ("0 2 * * * root", "6 fields"),
        ("0 2 ** * *", "is no day of month"),
        ("0 -2 * * *", "is no hour"),
        ("²  2 * * *", "is no minute"),
        ("5/10 2 * * *", "a step needs a range"),
    ],
)
def test_a_wrong_expression_is_named_with_its_fault(expression, complaint):
    with pytest.raises(DefinitionError) as refusal:
        parse(expression)
    assert complaint in str(refusal.value)
    assert repr(expression) in str(refusal.value)
