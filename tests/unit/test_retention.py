# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What retention keeps and deletes."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from ansible_collections.holdfast.postgres.plugins.module_utils._core.retention import (
    Candidate,
    Keep,
    decide,
)

NOW = datetime(2025, 8, 16, 2, 5, tzinfo=timezone.utc)


def nightly(days, **changes):
    """One backup at 02:00 of each of the last days, today's first; changes maps a day's number to what differs."""
    return [
        Candidate(f"b{day}", NOW.replace(minute=0) - timedelta(days=day), **changes.get(f"b{day}", {}))
        for day in range(days)
    ]


def kept(backups, keep, now=NOW):
    return [decision.id for decision in decide(backups, keep, now) if decision.keep]


def test_seven_nights_stay_and_the_eighth_goes():
    assert kept(nightly(9), Keep(daily=7)) == ["b0", "b1", "b2", "b3", "b4", "b5", "b6"]


def test_days_without_a_backup_do_not_count():
    """After ten days of outage the seven backups before it are still there."""
    assert len(kept(nightly(9), Keep(daily=7), NOW + timedelta(days=10))) == 7


def test_the_newest_of_a_past_day_stands_for_it():
    yesterday = NOW - timedelta(days=1)
    backups = [
        Candidate("early", yesterday.replace(hour=2)),
        Candidate("late", yesterday.replace(hour=20)),
        *nightly(1),
    ]
    assert kept(backups, Keep(daily=7)) == ["b0", "late"]


def test_all_of_today_stay():
    backups = [Candidate(f"h{hour}", NOW.replace(hour=hour)) for hour in range(3)]
    assert kept(backups, Keep(daily=1)) == ["h2", "h1", "h0"]


def test_the_newest_good_one_stays_whatever_the_numbers_say():
    nothing = Keep(last=0, daily=0)
    assert kept(nightly(3), nothing, NOW + timedelta(days=400)) == ["b0"]


def test_a_damaged_newest_does_not_take_the_good_one_s_place():
    backups = nightly(3, b0={"good": False}, b1={"good": False})
    assert kept(backups, Keep(daily=1), NOW + timedelta(days=400)) == ["b2", "b1", "b0"][::-1]


def test_a_damaged_backup_goes_when_a_good_one_as_old_is_kept():
    backups = nightly(4, b2={"good": False}, b3={"good": False})
    assert kept(backups, Keep(daily=2), NOW) == ["b0", "b1"]


def test_nothing_goes_when_nothing_is_good():
    backups = nightly(20, **{f"b{day}": {"good": False} for day in range(20)})
    assert len(kept(backups, Keep(daily=1))) == 20


def test_a_safety_backup_stays_seven_days():
    safety = Candidate("safety", NOW - timedelta(days=6), safety=True)
    assert "safety" in kept([*nightly(9), safety], Keep(daily=2))
    assert "safety" not in kept([*nightly(9), safety], Keep(daily=2), NOW + timedelta(days=2))


def test_a_safety_backup_takes_no_regular_one_s_place():
    safety = Candidate("safety", NOW.replace(hour=23) - timedelta(days=1), safety=True)
    assert "b1" in kept([*nightly(9), safety], Keep(daily=2))
    newest = Candidate("safety", NOW, safety=True)
    assert kept([*nightly(3), newest], Keep(daily=0), NOW + timedelta(days=400)) == ["safety", "b0"]


def test_the_newest_proved_one_stays_too():
    """A monthly drill proves one backup of thirty: the nights after it must not push it out."""
    backups = nightly(30, b20={"proved": True}, b25={"proved": True})
    assert kept(backups, Keep(daily=3)) == ["b0", "b1", "b2", "b20"]
    decisions = {decision.id: decision.why for decision in decide(backups, Keep(daily=3), NOW)}
    assert decisions["b20"] == "newest proved"
    both = decide(nightly(3, b0={"proved": True}), Keep(daily=1), NOW)
    assert both[0].why == "newest good, newest proved, day 1 of 1"


def test_what_was_proved_and_is_damaged_since_is_no_proved_one():
    backups = nightly(30, b20={"proved": True, "good": False}, b25={"proved": True})
    assert kept(backups, Keep(daily=3)) == ["b0", "b1", "b2", "b25"]


def test_what_is_dated_in_the_future_counts_for_nothing_and_nothing_goes():
    """The clock is wrong now, or was when that backup was made: nobody knows what is old."""
    future = [Candidate(f"f{day}", NOW + timedelta(days=1000 + day)) for day in range(9)]
    decisions = {decision.id: decision for decision in decide([*future, *nightly(9)], Keep(daily=7), NOW)}
    assert all(decision.keep for decision in decisions.values())
    assert {decisions[f"f{day}"].why for day in range(9)} == {"dated in the future, and counts for nothing"}
    assert [decisions[f"b{day}"].why for day in (0, 6)] == ["newest good, day 1 of 7", "day 7 of 7"]
    assert decisions["b7"].why == "nothing is deleted before 2028-05-20T02:05:00Z, when the latest was written"


def test_a_clock_that_is_earlier_than_the_history_deletes_nothing():
    early = NOW - timedelta(days=400)
    assert len(kept(nightly(9), Keep(daily=1), early)) == 9
    assert [one.keep for one in decide(nightly(9), Keep(daily=7), NOW, NOW + timedelta(hours=1))] == [True] * 9
    # Two clocks may differ by some minutes.
    assert kept(nightly(9), Keep(daily=7)) == [
        one.id for one in decide(nightly(9), Keep(daily=7), NOW, NOW + timedelta(minutes=4)) if one.keep
    ]


def test_weeks_months_and_years_keep_the_newest_of_each():
    backups = nightly(800)
    yearly = kept(backups, Keep(daily=0, yearly=3))
    assert [(NOW - timedelta(days=int(name[1:]))).date().isoformat() for name in yearly] == [
        "2025-08-16",
        "2024-12-31",
        "2023-12-31",
    ]
    assert len(kept(backups, Keep(daily=0, monthly=12))) == 12
    weekly = kept(backups, Keep(daily=0, weekly=3))
    assert [(NOW - timedelta(days=int(name[1:]))).isoweekday() for name in weekly] == [6, 7, 7]


def test_the_first_days_of_a_year_may_be_of_the_last_week_before_it():
    new_year = datetime(2025, 1, 1, 2, 5, tzinfo=timezone.utc)
    backups = [Candidate(f"b{day}", new_year - timedelta(days=day)) for day in range(1, 5)]
    # 30 and 31 December 2024 are of the first week of 2025; 28 and 29 of the one before.
    assert kept(backups, Keep(daily=0, weekly=2), new_year) == ["b1", "b3"]
    assert kept([Candidate("b0", new_year), *backups], Keep(daily=0, weekly=2), new_year) == ["b0", "b3"]


def test_every_decision_says_why():
    decisions = {decision.id: decision for decision in decide(nightly(3), Keep(daily=2), NOW)}
    assert decisions["b0"].why == "newest good, day 1 of 2"
    assert decisions["b1"].why == "day 2 of 2"
    assert decisions["b2"].why == "beyond daily 2 and not the newest"
