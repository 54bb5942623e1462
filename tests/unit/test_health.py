# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""When a point of the status report is good, a warning, or critical."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from ansible_collections.holdfast.postgres.plugins.module_utils._core.health import (
    Check,
    backups,
    dated,
    disk,
    drilled,
    drills_scheduled,
    growth,
    known,
    scheduled,
    storage,
    to_be_filled,
    worst,
)

NOW = datetime(2025, 8, 16, 10, 0, tzinfo=timezone.utc)
GIB = 1 << 30


def backup(age_hours, problem="", purpose="backup", imported=None):
    age = age_hours * 3600
    return {"age": age, "future": False, "problem": problem, "size": 1000, "purpose": purpose, "imported": imported}


FROM_THE_FUTURE = {**backup(0), "id": "app_20300101_000000", "age": None, "future": True}


@pytest.mark.parametrize(
    ("listed", "last_run", "schedule", "level"),
    [
        ([backup(8)], {"result": "ok"}, "0 2 * * *", "ok"),
        ([backup(8)], None, None, "ok"),
        ([backup(8.1)], {"result": "ok"}, "0 2 * * *", "critical"),
        ([backup(32)], {"result": "ok"}, "0 2 * * *", "critical"),
        ([backup(23)], {"result": "ok"}, "30 9 * * *", "ok"),
        ([backup(32)], {"result": "ok"}, "", "ok"),
        ([], None, "0 2 * * *", "critical"),
        ([backup(1, "is missing")], {"result": "ok"}, "0 2 * * *", "critical"),
        ([backup(1, "is missing"), backup(8)], {"result": "ok"}, "0 2 * * *", "warning"),
        ([backup(8)], {"result": "failed", "error": "disk: full"}, "0 2 * * *", "critical"),
        ([backup(8)], {"result": "ended", "error": "KeyboardInterrupt: "}, "0 2 * * *", "critical"),
        ([backup(8)], {"result": "locked"}, "0 2 * * *", "ok"),
        ([FROM_THE_FUTURE], {"result": "ok"}, None, "critical"),
        ([FROM_THE_FUTURE, backup(32)], {"result": "ok"}, "0 2 * * *", "critical"),
    ],
)
def test_recent_backups(listed, last_run, schedule, level):
    """A run has an hour from when it was due; from then on a backup that is older than that is late."""
    assert backups(listed, last_run, None, None, schedule, NOW).level == level


def test_a_killed_run_is_critical_whatever_else_is_good():
    check = backups([backup(8)], {"result": "ok"}, "app_20250816_020000", None, "0 2 * * *", NOW)
    assert check.level == "critical"
    assert "app_20250816_020000 was killed" in check.text


@pytest.mark.parametrize(("hours", "level"), [(2, "ok"), (8, "ok"), (9, "critical")])
def test_a_long_run_is_late_only_when_the_next_was_due(hours, level):
    check = backups([backup(32)], {"result": "ok"}, None, NOW - timedelta(hours=hours), "0 2 * * *", NOW)
    assert check.level == level
    assert "another is being made since 2025-08-16" in check.text


@pytest.mark.parametrize(
    ("listed", "last_run", "killed"),
    [
        ([], None, None),
        ([backup(1, "is missing")], {"result": "ok"}, None),
        ([backup(1, purpose="safety")], None, None),
        ([backup(32)], {"result": "ok"}, None),
        ([backup(8)], {"result": "failed", "error": "disk: full"}, None),
        ([backup(8)], {"result": "ok"}, "app_20250816_020000"),
    ],
)
def test_where_there_is_no_table_no_backup_is_advised(listed, last_run, killed):
    check = backups(listed, last_run, killed, None, "0 2 * * *", NOW)
    assert check.next_step.startswith("holdfast backup")
    for newest in (None, "app_20250815_020000"):
        step = to_be_filled(check, newest).next_step
        assert step.startswith("Restore first") and "holdfast backup" not in step and (newest or "import") in step


def test_what_is_good_needs_no_advice():
    check = backups([backup(8)], {"result": "ok"}, None, None, "0 2 * * *", NOW)
    assert to_be_filled(check, "app_20250816_020000") == check


@pytest.mark.parametrize(
    "other", [backup(1, purpose="safety"), backup(1, purpose="adopted"), backup(1, imported="2025-08-16T09:00:00Z")]
)
def test_only_regular_backups_are_recent_ones(other):
    """Whoever restores every day, or brings something along, has no nightly backup because of that."""
    assert backups([other, backup(8)], {"result": "ok"}, None, None, "0 2 * * *", NOW).level == "ok"
    late = backups([other, backup(32)], {"result": "ok"}, None, None, "0 2 * * *", NOW)
    assert late.level == "critical" and "the newest regular one is 32 h old (a newer one is" in late.text
    assert backups([other], None, None, None, "0 2 * * *", NOW).level == "critical"
    assert "there is no regular one" in backups([other], None, None, None, None, NOW).text


def test_a_run_that_began_in_the_future_hides_nothing():
    check = backups([backup(32)], {"result": "ok"}, None, NOW + timedelta(days=900), "0 2 * * *", NOW)
    assert check.level == "critical"


def test_what_is_dated_in_the_future_is_critical():
    good = Check("Recent backups", "ok", "1 good backup")
    assert dated(good, [], NOW + timedelta(minutes=4), NOW) == good
    assert dated(good, [], None, NOW) == good
    told = dated(good, ["app_20300101_000000"], NOW, NOW)
    assert told.level == "critical" and "app_20300101_000000" in told.text and "1 good backup" in told.text
    told = dated(good, [], NOW + timedelta(days=2), NOW)
    assert told.level == "critical" and "2025-08-18T10:00:00Z" in told.text


def test_a_history_that_cannot_be_read_is_a_warning():
    good, bad = Check("Recent backups", "ok", "1 good backup"), Check("Recent backups", "critical", "none", "step")
    assert known(good, [], "/h") == good
    assert known(good, [7], "/h").level == "warning" and "line 7 of /h" in known(good, [7], "/h").next_step
    assert (known(bad, [7], "/h").level, known(bad, [7], "/h").next_step) == ("critical", "step")


def test_a_failed_run_is_quoted():
    failed = {"result": "failed", "error": "disk: full\nmore"}
    assert "disk: full" in backups([backup(8)], failed, None, None, None, NOW).text


def drill(days_ago, **rest):
    at = NOW - timedelta(days=days_ago)
    return {"verb": "drill", "time": f"{at:%Y-%m-%dT%H:%M:%SZ}", "result": "ok", **rest}


DIFFERS = {
    "result": "failed",
    "verdict": "differs",
    "damaged": "it is not what was backed up: table a.b: 1 row\n  more",
}


@pytest.mark.parametrize(
    ("before", "last", "oldest", "schedule", "level", "told"),
    [
        ("ok", drill(3, verdict="proved"), 90, "0 4 1 * *", "ok", "drilled 3 d ago: proved"),
        ("ok", drill(3, verdict="not proved"), 90, "0 4 1 * *", "ok", "drilled 3 d ago: not proved"),
        ("ok", drill(16, verdict="proved"), 90, "0 4 1 * *", "warning", "a drill was due at 2025-08-01 04:00"),
        ("ok", drill(40, verdict="proved"), 90, None, "ok", "proved"),
        ("ok", drill(3, **DIFFERS), 90, "0 4 1 * *", "critical", "the last drill failed: it is not what was backed up"),
        ("ok", drill(3, **DIFFERS), 90, None, "critical", "table a.b: 1 row"),
        ("ok", drill(3, result="failed", error="docker: away"), 90, "0 4 1 * *", "warning", "docker: away"),
        ("ok", drill(3, result="ended", error="KeyboardInterrupt: "), 90, "0 4 1 * *", "warning", "KeyboardInterrupt"),
        # A drill of the future must not hide for years that none is made.
        ("ok", drill(-900, verdict="proved"), 90, "0 4 1 * *", "warning", "dated in the future"),
        ("ok", None, 15, "0 4 1 * *", "ok", "never drilled"),
        ("ok", None, 16, "0 4 1 * *", "warning", "a drill was due at 2025-08-01 04:00"),
        ("ok", None, None, "0 4 1 * *", "ok", "never drilled"),
        # A drill has a day from when it was due.
        ("ok", drill(2, verdict="proved"), 90, "0 9 * * *", "warning", "a drill was due at 2025-08-15 09:00"),
        ("ok", drill(1, verdict="proved"), 90, "30 9 * * *", "ok", "proved"),
        ("critical", drill(3, verdict="proved"), 90, "0 4 1 * *", "critical", "proved"),
        ("critical", drill(16, verdict="proved"), 90, "0 4 1 * *", "critical", "a drill was due"),
    ],
)
def test_drills(before, last, oldest, schedule, level, told):
    first = None if oldest is None else NOW - timedelta(days=oldest)
    check = drilled(Check("Recent backups", before, "some", "next"), last, first, schedule, NOW)
    assert check.level == level
    assert check.text.startswith("some; ") and told in check.text


def test_a_drill_that_nothing_starts_is_a_warning():
    check = Check("Schedule", "ok", "nightly")
    assert drills_scheduled(check, "0 4 1 * *", [], "", NOW).level == "warning"
    assert drills_scheduled(check, "0 4 1 * *", ["a timer"], "it is not active", NOW).level == "warning"
    assert drills_scheduled(check, "0 4 1 * *", ["a timer"], "", NOW).text == "nightly; next drill 2025-09-01 04:00"
    assert drills_scheduled(check, None, [], "", NOW) == check
    bad = Check("Schedule", "critical", "no cron")
    assert drills_scheduled(bad, "0 4 1 * *", [], "", NOW) == bad


@pytest.mark.parametrize(
    ("free", "total", "next_backup", "level"),
    [
        (50 * GIB, 100 * GIB, GIB, "ok"),
        (9 * GIB, 100 * GIB, GIB, "warning"),
        (50 * GIB, 100 * GIB, 20 * GIB, "warning"),
        (50 * GIB, 100 * GIB, 60 * GIB, "critical"),
    ],
)
def test_disk_space(free, total, next_backup, level):
    assert disk("/backups", free, total, next_backup, {"/backups": ""}).level == level


def test_a_disk_with_room_that_takes_no_files_is_critical():
    found = disk("/backups", 90 * GIB, 100 * GIB, GIB, {"/backups": "", "/var/lib/holdfast": "it is read-only"})
    assert found.level == "critical" and "/var/lib/holdfast cannot be written to: it is read-only" in found.text


@pytest.mark.parametrize(
    ("mounts", "level"),
    [
        ([{"Destination": "/var/lib/postgresql/data", "Source": "/root/data"}], "ok"),
        ([{"Destination": "/var/lib", "Name": "library"}], "ok"),
        ([{"Destination": "/var/lib/postgresql/dat", "Source": "/root/data"}], "critical"),
        ([], "critical"),
    ],
)
def test_a_data_directory_that_is_on_no_volume_is_critical(mounts, level):
    assert storage("container", "/var/lib/postgresql/data", mounts).level == level


def test_a_schedule_that_nothing_starts_is_critical():
    assert scheduled("0 2 * * *", [], "", NOW).level == "critical"
    assert scheduled("0 2 * * *", ["/etc/cron.d/holdfast-app"], "no cron daemon is running", NOW).level == "critical"
    assert scheduled(None, [], "", NOW).level == "ok"
    check = scheduled("0 2 * * *", ["/etc/cron.d/holdfast-app"], "", NOW)
    assert (check.level, check.text[-16:]) == ("ok", "2025-08-17 02:00")


def test_the_worst_point_is_the_level_of_the_whole():
    assert worst([Check("a", "ok", ""), Check("b", "unknown", "")]) == "ok"
    assert worst([Check("a", "warning", ""), Check("b", "ok", "")]) == "warning"
    assert worst([Check("a", "warning", ""), Check("b", "critical", "")]) == "critical"


def test_growth():
    assert growth(110, 100) == pytest.approx(0.1)
    assert growth(110, None) is None
    assert growth(110, 0) is None
