# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which backup is meant: an id, latest, a time, a path."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from ansible_collections.holdfast.postgres.tests.integration import files
from ansible_collections.holdfast.postgres.tests.integration.content import rows
from ansible_collections.holdfast.postgres.tests.integration.program import Holdfast
from ansible_collections.holdfast.postgres.tests.integration.sample import fill, small
from ansible_collections.holdfast.postgres.tests.integration.servers import Server


@pytest.fixture
def three(holdfast: Holdfast, cluster15: Server) -> tuple[Path, list[str], str]:
    """A repository with backups of 10, 20 and 30 rows, made four, two and no days ago; their ids; the database."""
    database = cluster15.unique()
    cluster15.create(database)
    repository = holdfast.define("library", cluster15, database, globals=False)
    backups = []
    for days in (4, 2, 0):
        fill(cluster15, database, 10)
        made = holdfast.backup("library")
        backups.append(files.age(repository, made, days) if days else made["id"])
    return repository, backups, database


def restored(holdfast: Holdfast, server: Server, wanted: str | Path) -> int:
    into = server.unique()
    holdfast("restore", wanted, "--into", into)
    return len(rows(server, into))


def test_each_way_to_name_a_backup(holdfast: Holdfast, cluster15: Server, three: tuple[Path, list[str], str]) -> None:
    repository, (oldest, middle, newest), database = three
    moment = datetime.strptime(middle[-15:], "%Y%m%d_%H%M%S")
    assert restored(holdfast, cluster15, oldest) == 10
    assert restored(holdfast, cluster15, "latest") == 30
    holdfast("drill", middle)
    assert restored(holdfast, cluster15, "latest-verified") == 20
    assert restored(holdfast, cluster15, f"{moment:%Y-%m-%dT%H:%M:%S}") == 20
    assert restored(holdfast, cluster15, f"{moment - timedelta(minutes=1):%Y-%m-%d %H:%M}") == 10
    assert restored(holdfast, cluster15, f"{moment + timedelta(days=1):%Y-%m-%d}") == 20
    assert restored(holdfast, cluster15, f"{moment + timedelta(hours=5, seconds=1):%Y-%m-%dT%H:%M:%S}+05:00") == 20
    assert restored(holdfast, cluster15, repository / f"{oldest}.manifest.json") == 10
    assert restored(holdfast, cluster15, repository / f"{middle}.sha256") == 20
    assert restored(holdfast, cluster15, next(repository.glob(f"{database}_{newest[-15:]}.*"))) == 30


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        ("library_20010101_000000", "has none of that name"),
        ("2001-01-01", "has no good backup not after 2001-01-01"),
        ("2025-13-45T10:00", "2025-13-45"),
        ("yesterday", "neither an id, nor a time, nor a path"),
        ("/no/such/file.sql.gz", "there is no such file"),
        ("", "neither an id, nor a time, nor a path"),
    ],
)
def test_what_is_no_backup_is_said_to_be_none(
    holdfast: Holdfast, cluster15: Server, three: tuple[Path, list[str], str], wanted: str, told: str
) -> None:
    names = cluster15.names()
    assert told in holdfast("restore", wanted, "--into", "never", status=2).err
    assert cluster15.names() == names


@pytest.mark.parametrize("wanted", ["/etc/passwd", "/dev/null", "/etc", "notes.txt"])
def test_a_path_that_is_no_dump_is_refused(holdfast: Holdfast, cluster15: Server, tmp_path: Path, wanted: str) -> None:
    holdfast.define("library", cluster15, small(cluster15, cluster15.unique()))
    (tmp_path / "notes.txt").write_text("hello", encoding="utf-8")
    names = cluster15.names()
    assert holdfast("restore", tmp_path / wanted, "--into", "never", status=None).status in (1, 2)
    assert cluster15.names() == names


def test_latest_passes_over_a_damaged_backup_and_says_so(
    holdfast: Holdfast, cluster15: Server, three: tuple[Path, list[str], str]
) -> None:
    repository, (middle, newest), database = three[0], three[1][1:], three[2]
    artifact = next(repository.glob(f"{database}_{newest[-15:]}.*"))
    artifact.write_bytes(artifact.read_bytes()[:-1])
    told = holdfast("restore", "latest", "--into", cluster15.unique()).out
    assert "Passed over" in told and newest in told and "octets, not" in told
    artifact.unlink()
    result = holdfast.json("restore", "latest", "--into", cluster15.unique())
    assert result["backup"] == middle
    assert len(result["passed_over"]) == 1
    assert "is missing" in holdfast("restore", newest, "--into", "never", status=1).err
    # A flipped bit shows only when the file is read; from then on it is known.
    files.flip_bit(next(repository.glob(f"{database}_{middle[-15:]}.*")))
    assert "checksum is wrong" in holdfast("restore", "latest", "--into", "never", status=1).err
    holdfast("verify", middle, status=1)
    assert restored(holdfast, cluster15, "latest") == 10


def test_a_backup_is_found_by_its_id_among_several_jobs(holdfast: Holdfast, cluster15: Server) -> None:
    holdfast.define("library", cluster15, small(cluster15, cluster15.unique(), 10))
    holdfast.define("archive", cluster15, small(cluster15, cluster15.unique(), 20))
    made = holdfast.backup("archive")
    holdfast.backup("library")
    assert restored(holdfast, cluster15, made["id"]) == 20
    assert "Name one of archive, library" in holdfast("restore", "latest", "--into", "never", status=2).err
    into = cluster15.unique()
    holdfast("restore", "latest", "--job", "archive", "--into", into)
    assert len(rows(cluster15, into)) == 20
