# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Disks that are full, or would be."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
from pathlib import Path

import pytest

from ansible_collections.holdfast.postgres.tests.integration import files
from ansible_collections.holdfast.postgres.tests.integration.content import assert_same, content
from ansible_collections.holdfast.postgres.tests.integration.program import Holdfast
from ansible_collections.holdfast.postgres.tests.integration.sample import grow, large, small
from ansible_collections.holdfast.postgres.tests.integration.servers import Server
from ansible_collections.holdfast.postgres.tests.integration.waiting import wait_until


def fill_up(disk: Path) -> Path:
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file, pytest.raises(OSError, match="No space"):
        while True:
            file.write(bytes(65536))
    return ballast


def use_up_inodes(disk: Path) -> None:
    with contextlib.suppress(OSError):
        for number in range(1000):
            (disk / f"empty{number}").touch()


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


@pytest.mark.parametrize("how", ["ro", "nr_inodes=24"])
def test_a_repository_that_takes_no_files_costs_nothing(
    holdfast: Holdfast, cluster15: Server, small_disk: Path, how: str
) -> None:
    """Read-only, or without a free inode while there is room: whatever needs to write says so, and the rest works."""
    database, into = small(cluster15, cluster15.unique()), cluster15.unique()
    options = {"format": "plain", "globals": False, "repository": str(small_disk / "library")}
    repository = holdfast.define("library", cluster15, database, **options, keep={"daily": 1})
    files.age(repository, holdfast.backup("library"), 5)
    holdfast.define("library", cluster15, database, **options)
    manifest = holdfast.backup("library")
    made = manifest["id"]
    holdfast.define("library", cluster15, database, **options, keep={"daily": 1})
    brought = holdfast.home / "brought"
    brought.mkdir()
    for name in files.files_of(manifest):
        shutil.copy(repository / name, brought)
    files.age(brought, manifest, 100)
    earlier, expected = files.snapshot(repository), content(cluster15, database)
    subprocess.run(["mount", "-o", f"remount,{how}", small_disk], check=True)
    use_up_inodes(small_disk)

    writing = [["backup"], ["restore", made, "--in-place"], ["restore", made], ["import", brought]]
    for command in [*writing, ["prune"]] if how == "ro" else writing:
        told = holdfast(*command, status=1).err
        assert str(repository) in told and ("ead-only" in told or "no more inodes" in told)
    assert "cannot be written to" in holdfast("status", status=2).out
    holdfast("verify", made)
    holdfast("restore", made, "--into", into)
    assert_same(content(cluster15, into), expected)
    assert_same(content(cluster15, database), expected)
    assert files.snapshot(repository) == earlier and files.hidden(repository) == []
    assert not any("damaged" in line for line in holdfast.history("library"))


def test_what_is_unfinished_when_inodes_run_out_is_undone(
    holdfast: Holdfast, cluster15: Server, small_disk: Path
) -> None:
    """Whoever else fills the disk does so at any moment: here when only some of the files of a backup are there."""
    database = small(cluster15, cluster15.unique())
    repository = holdfast.define("library", cluster15, database, repository=str(small_disk / "library"))
    holdfast.backup("library")
    earlier = files.snapshot(repository)
    with cluster15.connect(database) as session:
        session.execute("BEGIN; LOCK TABLE items IN ACCESS EXCLUSIVE MODE")
        run = holdfast.start("backup", "library")
        wait_until(lambda: files.hidden(repository), "a backup is begun")
        subprocess.run(["mount", "-o", "remount,nr_inodes=24", small_disk], check=True)
        use_up_inodes(small_disk)
        session.execute("ROLLBACK")
        _out, error = run.communicate(timeout=60)
    assert run.returncode == 1 and "no more inodes are free" in error
    assert files.snapshot(repository) == earlier and files.hidden(repository) == []


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
    recorded, expected = history.read_bytes(), content(cluster15, database)

    error = holdfast("backup", "library", status=1).err
    made = max(path.name.split(".")[0] for path in repository.glob("*.manifest.json"))
    assert made != first["id"] and f"backup {made} is complete" in error and "No space left" in error
    assert f"Free space in {holdfast.home / 'state'}" in error
    holdfast("status", "library", status=0)
    told = holdfast.json("restore", made, "--in-place", status=1)
    assert f"restored into database {database}" in told["error"] and told["replaced"]
    assert_same(content(cluster15, database), expected)
    names = cluster15.names()
    for words in ([made, "--into", into], [made]):
        told = holdfast.json("restore", *words, status=1)
        assert f"{holdfast.home / 'state'}" in told["error"] and "No space left" in told["error"]
        assert "Free space there" in told["next_step"] and "Nothing was replaced" in told["next_step"]
        assert "replaced" not in told and cluster15.names() == names
    error = holdfast("drill", made, status=1).err
    assert "Only the evidence is missing" in error and "It ended: proved" in error
    assert not list(small_disk.glob("library/evidence/*")) and not list(small_disk.glob("library/swapped/*"))
    assert history.read_bytes() == recorded


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
