# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which backup is meant, and times as people write them."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.holdfast.postgres.plugins.module_utils._core.definition.parse import parse
from ansible_collections.holdfast.postgres.plugins.module_utils._core.errors import UnknownBackup, UsageError
from ansible_collections.holdfast.postgres.plugins.module_utils._core.places import Places
from ansible_collections.holdfast.postgres.plugins.module_utils._core.repository.local import Repository
from ansible_collections.holdfast.postgres.plugins.module_utils._core.which import find, parse_time
from ansible_collections.holdfast.postgres.tests.unit.test_churn import publish


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


@pytest.mark.parametrize("text", ["2025-02-30", "9999-12-31T23:00-05:00", "0001-01-01T00:00+05:00"])
def test_a_day_that_no_calendar_has_is_an_error(text):
    with pytest.raises(UsageError, match=text[:10]):
        parse_time(text)


def test_words_come_before_files_of_the_directory_where_it_is_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = parse({"name": "app", "databases": [{"database": "app"}]}, tmp_path)
    repository = Repository(job.repository, job.name)
    repository.create()
    made = publish(repository, 0).id
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    dump = f"{made}.sql.gz"
    for name in ("latest", made, "2030-01-01", dump):
        (here / name).touch()
    for wanted in ("latest", made, "2030-01-01"):
        choice = find(Places(state=tmp_path), wanted, job=job)
        assert choice.entry is not None and choice.entry.id == made, wanted
    with pytest.raises(UnknownBackup, match=rf"in this directory is \./{dump}"):
        find(Places(state=tmp_path), dump, job=job)
    assert find(Places(state=tmp_path), f"./{dump}", job=job).file == here / dump
    with pytest.raises(UnknownBackup, match="no drill has proved"):
        find(Places(state=tmp_path), "latest-verified", job=job)
