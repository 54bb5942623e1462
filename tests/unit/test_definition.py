# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A job's definition: what is accepted, and what the error says otherwise."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.holdfast.postgres.plugins.module_utils._core.definition.parse import parse
from ansible_collections.holdfast.postgres.plugins.module_utils._core.errors import DefinitionError

BACKUPS = Path("/var/backups/holdfast")
SMALLEST = {"name": "app", "databases": [{"database": "app"}]}


def test_the_smallest_job_has_the_documented_defaults():
    job = parse(SMALLEST, BACKUPS)
    assert job.repository == BACKUPS / "app"
    assert job.connection.kind == "socket"
    assert (job.format, job.compression, job.schedule, job.keep.daily) == ("custom", "zstd", "0 2 * * *", 7)
    assert job.globals is True
    assert job.databases[0].name == "app"


def test_an_empty_schedule_means_by_hand():
    assert parse({**SMALLEST, "schedule": ""}, BACKUPS).schedule is None


def test_null_means_not_given():
    assert parse({**SMALLEST, "format": None, "keep": None, "connection": {"port": None}}, BACKUPS).format == "custom"


@pytest.mark.parametrize("database", ["we\"ird 'name'", "a/b", "..", "", "ä", "-x", "a b"])
def test_a_database_whose_name_cannot_name_a_file_needs_a_name(database):
    if database:
        with pytest.raises(DefinitionError, match="Set 'name' for this database"):
            parse({**SMALLEST, "databases": [{"database": database}]}, BACKUPS)
        job = parse({**SMALLEST, "databases": [{"database": database, "name": "odd"}]}, BACKUPS)
        assert job.databases[0].database == database
    else:
        with pytest.raises(DefinitionError, match="'database' is missing"):
            parse({**SMALLEST, "databases": [{"database": database}]}, BACKUPS)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"shedule": "0 2 * * *"}, "job app: there is no key 'shedule'\nDid you mean 'schedule'?"),
        (
            {"connection": {"contaner": "x"}},
            "job app, connection: there is no key 'contaner'\nDid you mean 'container'?",
        ),
        ({"databases": [{"database": "a", "nmae": "b"}]}, "entry 1: there is no key 'nmae'"),
        ({"databases": [{"datbase": "a"}]}, "there is no key 'datbase'\nDid you mean 'database'?"),
        ({"databases": []}, "it has no databases"),
        ({"databases": "app"}, "expected a list, found text"),
        ({"databases": ["app"]}, "expected keys and values, found text"),
        ({"databases": [{"database": "a"}, {"database": "b", "name": "a"}]}, "the name 'a' is used twice"),
        ({"databases": [{"database": "globals"}]}, "the source name 'globals'"),
        ({"name": "../etc"}, "'../etc' is not a name"),
        ({"name": 'a"b'}, "is not a name"),
        ({"name": "a b"}, "is not a name"),
        ({"name": ".."}, "is not a name"),
        ({"name": 5}, "expected text, found 5"),
        ({"name": "latest"}, "'latest' would be taken for a backup"),
        ({"name": "2025-08-16"}, "would be taken for a backup"),
        ({"name": "app_20250816_155503"}, "would be taken for a backup"),
        ({"repository": "backups"}, "'backups' is not an absolute path"),
        ({"repository": "/a/../b"}, "is not an absolute path"),
        ({"format": "tar"}, "'tar' is none of custom, directory, plain"),
        ({"compression": "lzma"}, "'lzma' is none of gzip, none, zstd"),
        ({"compression_level": 30}, "30 is not a whole number from 1 to 19"),
        ({"compression": "none", "compression_level": 3}, "compression_level"),
        ({"schedule": "2 o'clock"}, 'schedule "2 o\'clock"'),
        ({"keep": {"daily": -1}}, "keep, daily: -1 is not a whole number"),
        ({"keep": {"dayly": 1}}, "Did you mean 'daily'?"),
        ({"globals": "yes"}, "'yes' is neither true nor false"),
        ({"connection": {"port": 0}}, "0 is not a whole number from 1 to 65535"),
        ({"connection": {"container": "a", "host": "b"}}, "'container' and 'host' are both set"),
        ({"connection": {"password": "x", "password_file": "/y"}}, "'password' and 'password_file' are both set"),
        ({"parallel": True}, "True is not a whole number"),
    ],
)
def test_a_mistake_is_named_with_its_key(changes, complaint):
    with pytest.raises(DefinitionError) as refusal:
        parse({**SMALLEST, **changes}, BACKUPS)
    assert complaint in str(refusal.value)


@pytest.mark.parametrize("raw", [None, [], "app", 3])
def test_what_is_no_mapping_is_no_job(raw):
    with pytest.raises(DefinitionError, match="expected keys and values"):
        parse(raw, BACKUPS)


def test_a_password_is_in_no_representation():
    job = parse({**SMALLEST, "connection": {"password": "s3cret", "restore_password": "s4cret"}}, BACKUPS)
    assert "s3cret" not in repr(job)
    assert "s4cret" not in repr(job)
