# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Disks that are full, or would be."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ansible_collections.holdfast.postgres.tests.integration import files
from ansible_collections.holdfast.postgres.tests.integration.content import assert_same, content
from ansible_collections.holdfast.postgres.tests.integration.program import Holdfast
from ansible_collections.holdfast.postgres.tests.integration.sample import grow, large, small
from ansible_collections.holdfast.postgres.tests.integration.servers import Server


def fill_up(disk: Path) -> Path:
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file, pytest.raises(OSError, match="No space"):
        while True:
            file.write(bytes(65536))
    return ballast


@pytest.mark.parametrize("format", ["plain", "custom", "directory"])
def test_a_disk_that_is_full_in_the_middle_costs_no_backup(
    holdfast: Holdfast, cluster15: Server, small_disk: Path, format: str
) -> None:
    database, into = small(cluster15, cluster15.unique()), cluster15.unique()
    options = {"format": format, "compression": "none", "repository": str(small_disk / "library")}
    repository = holdfast.define("library", cluster15, database, **options)
    made = holdfast.backup("library")
    earlier, expected = files.snapshot(repository), content(cluster15, database)
    # It fitted last time, so that the check before the dump has no reason to refuse.
    grow(cluster15, database, megabytes=40)

    error = holdfast("backup", "library", status=1).err
    assert "the disk is full" in error and str(repository) in error
    assert files.hidden(repository) == []
    assert files.snapshot(repository) == earlier
    assert holdfast.history("library")[-1]["result"] == "failed"
    holdfast("restore", made["id"], "--into", into)
    assert_same(content(cluster15, into), expected)


def test_a_disk_that_would_be_full_is_noticed_before(holdfast: Holdfast, cluster15: Server, small_disk: Path) -> None:
    database = large(cluster15, cluster15.unique(), megabytes=30)
    repository = holdfast.define("library", cluster15, database, repository=str(small_disk / "library"))
    error = holdfast("backup", "library", status=1).err
    assert "needs about" in error and "are free" in error
    assert list(repository.iterdir()) == []


def test_a_host_whose_only_disk_is_full_gets_a_clear_error(
    holdfast: Holdfast, cluster15: Server, small_disk: Path
) -> None:
    repository = holdfast.define("library", cluster15, small(cluster15, cluster15.unique()))
    holdfast.backup("library")
    earlier = files.snapshot(repository)
    for name in ("state", "run", "backups"):
        shutil.move(holdfast.home / name, small_disk / name)
        (holdfast.home / name).symlink_to(small_disk / name)
    ballast = fill_up(small_disk)
    error = holdfast("backup", "library", status=1).err
    assert "0 B are free" in error
    assert "is critical" not in error
    assert holdfast("status", "library", status=2)
    assert files.snapshot(repository) == earlier
    ballast.unlink()
    holdfast.backup("library")


@pytest.mark.parametrize("octets", [0, 100])
def test_a_state_directory_that_is_full_makes_nothing_undone(
    holdfast: Holdfast, cluster15: Server, small_disk: Path, octets: int
) -> None:
    """octets: how many of the history's next line have room."""
    database, into = small(cluster15, cluster15.unique()), cluster15.unique()
    repository = holdfast.define("library", cluster15, database, repository=str(holdfast.home / "elsewhere"))
    (holdfast.home / "state").symlink_to(small_disk)
    first = holdfast.backup("library")
    history = small_disk / "library" / "history.jsonl"
    # What a block of the disk has left, so that a line may have room for a part of it.
    with history.open("ab") as file:
        file.write(b"\n" * (-(history.stat().st_size + octets) % 4096))
    fill_up(small_disk)
    recorded = history.read_bytes()

    error = holdfast("backup", "library", status=1).err
    made = max(path.name.split(".")[0] for path in repository.glob("*.manifest.json"))
    assert made != first["id"] and f"backup {made} is complete" in error and "No space left" in error
    assert f"Free space in {holdfast.home / 'state'}" in error
    holdfast("status", "library", status=0)
    error = holdfast("restore", made, "--into", into, status=1).err
    assert f"backup {made} was restored into database {into}" in error
    assert_same(content(cluster15, into), content(cluster15, database))
    told = holdfast.json("restore", made, "--in-place", status=1)
    assert f"restored into database {database}" in told["error"] and told["replaced"]
    names = cluster15.names()
    told = holdfast.json("restore", made, status=1)
    assert "Nothing was replaced" in told["next_step"] and "replaced" not in told
    assert cluster15.names() == names
    error = holdfast("drill", made, status=1).err
    assert "Only the evidence is missing" in error and "It ended: proved" in error
    assert not list(small_disk.glob("library/evidence/*")) and not list(small_disk.glob("library/swapped/*"))
    assert history.read_bytes() == recorded
    cluster15.drop(into)


@pytest.mark.parametrize("mode", ["new", "swap"])
def test_a_server_whose_disk_is_full_keeps_nothing_of_the_restore(
    mode: str, holdfast: Holdfast, cluster15: Server, small_disk: Path
) -> None:
    shutil.chown(small_disk, "postgres", "postgres")
    database, into = cluster15.unique(), cluster15.unique()
    rows = "SELECT count(*), sum(length(filling)) FROM bulk"
    with cluster15.connect() as session:
        session.execute(f"CREATE TABLESPACE small LOCATION '{small_disk}'")
    try:
        large(cluster15, database, megabytes=10)
        with cluster15.connect() as session:
            session.execute(f"ALTER DATABASE {database} SET TABLESPACE small")
        holdfast.define("library", cluster15, database)
        holdfast.backup("library")
        before, names = cluster15.query(rows, database), cluster15.names()
        ballast = fill_up(small_disk)
        error = holdfast("restore", "latest", *(("--into", into) if mode == "new" else ()), status=1).err
        assert "No space left" in error and "Free space on the server's disk" in error
        assert cluster15.names() == names
        assert cluster15.query(rows, database) == before
        ballast.unlink()
        cluster15.drop(database)
        holdfast("restore", "latest", "--into", into)
        where = "SELECT spcname FROM pg_database d JOIN pg_tablespace t ON t.oid = dattablespace WHERE datname = '{}'"
        assert cluster15.query(where.format(into)) == [("small",)]
        assert cluster15.query(rows, into) == before
    finally:
        cluster15.drop(database, into)
        with cluster15.connect() as session:
            session.execute("DROP TABLESPACE small")
