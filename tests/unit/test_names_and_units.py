# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names in a repository, the lines to restore by hand, and sizes and durations as people read them."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from ansible_collections.holdfast.postgres.plugins.module_utils._core import by_hand, units
from ansible_collections.holdfast.postgres.plugins.module_utils._core.codec import choose
from ansible_collections.holdfast.postgres.plugins.module_utils._core.repository import names

MOMENT = datetime(2025, 8, 16, 15, 55, 3, tzinfo=timezone.utc)


def test_a_backup_is_named_in_utc():
    berlin = MOMENT.astimezone(timezone(timedelta(hours=2)))
    assert names.backup_id("curriculum_library_api", berlin) == "curriculum_library_api_20250816_155503"
    assert names.artifact("minio_schedgen-pdfs", MOMENT, ".tar.gz") == "minio_schedgen-pdfs_20250816_155503.tar.gz"


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("app_20250816_155503", "app"),
        ("a_b.c_20250816_155503.sql.gz", "a_b.c"),
        ("app_20250816_155503.manifest.json", "app"),
        ("app_20250816_155503_20250817_155503.sql", "app_20250816_155503"),
    ],
)
def test_a_name_is_split_at_its_time(name, stem):
    assert names.split(name)[0] == stem


@pytest.mark.parametrize("name", ["app", "app_20250816", "app_20251316_155503", "_20250816_155503", "latest"])
def test_other_names_have_no_time(name):
    assert names.split(name) is None


def test_lines_to_restore_by_hand_quote_odd_names():
    lines = by_hand.database("odd_20250816_155503.sql.gz", choose("plain", "gzip", None, 15), "we'ird $(x)")
    assert lines == (
        "createdb -T template0 'we'\"'\"'ird $(x)_restored'",
        "gunzip -c odd_20250816_155503.sql.gz | psql -X -v ON_ERROR_STOP=1 -d 'we'\"'\"'ird $(x)_restored'",
    )


@pytest.mark.parametrize(
    ("octets", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "0.98 KiB"),
        (12288, "12.0 KiB"),
        (474666791, "453 MiB"),
        (3 << 40, "3.00 TiB"),
    ],
)
def test_sizes(octets, text):
    assert units.size(octets) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.31, "0.3 s"),
        (12.8, "13 s"),
        (59.7, "1 min"),
        (61, "1 min 1 s"),
        (3600, "1 h"),
        (7260, "2 h 1 min"),
        (200000, "2 d 7 h"),
        (2e6, "23 d"),
    ],
)
def test_durations(seconds, text):
    assert units.duration(seconds) == text
