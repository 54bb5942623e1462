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
    disk,
    growth,
    scheduled,
    storage,
    worst,
)

NOW = datetime(2025, 8, 16, 10, 0, tzinfo=timezone.utc)
GIB = 1 << 30


def backup(age_hours, problem=""):
    return {"age": age_hours * 3600, "problem": problem, "size": 1000}


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


def test_a_failed_run_is_quoted():
    failed = {"result": "failed", "error": "disk: full\nmore"}
    assert "disk: full" in backups([backup(8)], failed, None, None, None, NOW).text


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
    assert disk("/backups", free, total, next_backup).level == level


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
