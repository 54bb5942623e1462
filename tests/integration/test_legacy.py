# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Dumps that another tool left: restored by path, adopted, never deleted; refused when they would lead astray."""

from __future__ import annotations

import gzip
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from ansible_collections.holdfast.postgres.tests.integration import files
from ansible_collections.holdfast.postgres.tests.integration.content import assert_same, content, rows
from ansible_collections.holdfast.postgres.tests.integration.program import Holdfast
from ansible_collections.holdfast.postgres.tests.integration.sample import create, fill, small
from ansible_collections.holdfast.postgres.tests.integration.servers import Server


def dump(server: Server, *options: str, program: str = "pg_dump") -> bytes:
    return server.run(program, f"--host={server.connection['socket']}", f"--port={server.port}", *options)


def test_a_legacy_dump_is_restored_by_its_path(holdfast: Holdfast, cluster15: Server, tmp_path: Path) -> None:
    database, into = create(cluster15, cluster15.unique()), cluster15.unique()
    holdfast.define("library", cluster15, database)
    path = tmp_path / "curriculum_library_api_20250816_155503.sql.gz"
    path.write_bytes(gzip.compress(dump(cluster15, database)))
    told = holdfast.json("restore", path, "--into", into)
    assert {"table": "library.books", "rows": 700} in told["tables"]
    # The file knows the database's content, but not the database itself.
    expected = {**content(cluster15, database), "database": None}
    assert_same(content(cluster15, into, itself=False), expected)
    fill(cluster15, database, 5)
    assert holdfast.json("restore", path, "--in-place")["safety"]
    assert_same(content(cluster15, database, itself=False), expected)


def _packed(program: str, octets: bytes) -> bytes:
    return subprocess.run([program, "-c"], input=octets, capture_output=True, check=True).stdout


@pytest.mark.parametrize(
    ("name", "options", "pack"),
    [
        ("old_20250816_155503.sql", (), None),
        ("old_20250816_155503.sql.gz", (), "gzip"),
        ("old_20250816_155503.sql.zst", (), "zstd"),
        ("old_20250816_155503.dump", ("--format=custom",), None),
        ("old_20250816_155503.dump.gz", ("--format=custom", "--compress=0"), "gzip"),
    ],
)
def test_an_adopted_dump_is_a_backup_like_any_other(
    holdfast: Holdfast, cluster15: Server, name: str, options: tuple[str, ...], pack: str | None
) -> None:
    database, into = small(cluster15, cluster15.unique()), cluster15.unique()
    repository = holdfast.define("library", cluster15, database)
    repository.mkdir(parents=True)
    path = repository / name
    octets = dump(cluster15, *options, database)
    path.write_bytes(octets if pack is None else _packed(pack, octets))
    path.chmod(0o644)
    os.utime(path, (1, 1))

    listed = holdfast.json("list")["jobs"][0]
    assert (listed["backups"], [one["path"] for one in listed["unmanaged"]]) == ([], [str(path)])
    assert str(path) in holdfast("list").out
    before = path.read_bytes()
    assert holdfast.json("adopt", path)["adopted"][0]["backup"] == "library_20250816_155503"
    assert path.read_bytes() == before
    assert {one.stat().st_mode & 0o7777 for one in repository.iterdir()} == {0o600}
    listed = holdfast.json("list")["jobs"][0]
    assert ([one["id"] for one in listed["backups"]], listed["unmanaged"]) == (["library_20250816_155503"], [])
    holdfast("verify", "library_20250816_155503")
    holdfast("restore", "2025-08-17", "--into", into)
    assert rows(cluster15, into) == rows(cluster15, database)
    assert "belongs to the backup" in holdfast("adopt", path, status=1).err


def test_of_a_name_without_a_time_is_said_what_the_time_is(holdfast: Holdfast, cluster15: Server) -> None:
    """Whoever copies an old dump without its time has a backup that passes for the newest."""
    database = small(cluster15, cluster15.unique())
    repository = holdfast.define("library", cluster15, database)
    repository.mkdir(parents=True)
    path = repository / "old.sql"
    path.write_bytes(dump(cluster15, database))
    os.utime(path, (1755359703, 1755359703))
    out = holdfast("adopt", path).out
    assert "old.sql is now the backup library_20250816_155503" in out
    assert "taken for made when the file was last changed, at 2025-08-16T15:55:03Z" in out


def test_unmanaged_files_outlive_every_prune(holdfast: Holdfast, cluster15: Server) -> None:
    database = small(cluster15, cluster15.unique())
    repository = holdfast.define("library", cluster15, database, keep={"daily": 1})
    repository.mkdir(parents=True)
    foreign = {"old_20010101_000000.sql.gz", "notes.txt", "globals_20010101_000000.sql", ".hidden", "x.manifest.json"}
    for name in foreign:
        (repository / name).write_bytes(gzip.compress(b"old"))
        os.utime(repository / name, (1, 1))
    (repository / "other_20010101_000000").mkdir()
    for days in (9, 8):
        files.age(repository, holdfast.backup("library"), days)
    holdfast.backup("library")
    holdfast("prune")
    assert foreign | {"other_20010101_000000"} <= {path.name for path in repository.iterdir()}
    assert len(holdfast.json("list")["jobs"][0]["backups"]) == 1


def test_adopt_refuses_what_is_no_whole_dump_of_one_database(
    holdfast: Holdfast, cluster15: Server, tmp_path: Path
) -> None:
    database = small(cluster15, cluster15.unique())
    repository = holdfast.define("library", cluster15, database)
    repository.mkdir(parents=True)
    elsewhere = tmp_path / "x_20250816_155503.sql"
    elsewhere.write_bytes(dump(cluster15, database))
    refused = holdfast("adopt", elsewhere, "--job", "library", status=1).err
    assert "not in the repository" in refused and "cp --preserve=timestamps" in refused
    cut = repository / "x_20250816_155503.sql"
    cut.write_bytes(elsewhere.read_bytes()[:-200])
    assert "truncated" in holdfast("adopt", cut, status=1).err
    assert "no such file" in holdfast("adopt", repository / "nothing.sql", status=2).err
    assert sorted(path.name for path in repository.iterdir()) == [cut.name]


def _cut_off(server: Server, database: str) -> bytes:
    return dump(server, database)[:-300]


def _gzip_cut_off(server: Server, database: str) -> bytes:
    return gzip.compress(dump(server, database))[:-20]


def _with_create(server: Server, database: str) -> bytes:
    return dump(server, "--create", database)


def _cluster(server: Server, database: str) -> bytes:
    return dump(server, program="pg_dumpall")


def _zipped(server: Server, database: str) -> bytes:
    return gzip.compress(dump(server, database))


def _plain(server: Server, database: str) -> bytes:
    return dump(server, database)


def _nothing(server: Server, database: str) -> bytes:
    return b""


def _two_rows_less(server: Server, database: str) -> bytes:
    return dump(server, "--format=custom", database)[:-100]


@pytest.mark.parametrize(
    ("name", "make", "told"),
    [
        ("x.sql", _cut_off, "truncated"),
        ("x.sql.gz", _gzip_cut_off, "cannot be read to its end"),
        ("x.sql", _with_create, "switches to another database"),
        ("x.sql", _cluster, "whole cluster"),
        ("x.sql", _zipped, "content is gzip"),
        ("x.sql.gz", _plain, "content is none"),
        ("x.dump", _plain, "cannot be read to its end"),
        ("x.dump", _two_rows_less, "cannot be read to its end"),
        ("x.sql", _nothing, "it is empty"),
        ("x.sql.gz", _nothing, "it is empty"),
        ("x.dump", _nothing, "it is empty"),
        ("x.tar", _plain, "does not say what kind of dump it is"),
    ],
)
def test_a_file_that_would_lead_astray_is_refused(
    holdfast: Holdfast, cluster15: Server, tmp_path: Path, name: str, make: object, told: str
) -> None:
    database = small(cluster15, cluster15.unique())
    holdfast.define("library", cluster15, database)
    path = tmp_path / name
    path.write_bytes(make(cluster15, database))  # type: ignore[operator]
    before, names = content(cluster15, database), cluster15.names()
    for where in (("--into", cluster15.unique()), ("--in-place",)):
        assert told in holdfast("restore", path, *where, status=1).err
    assert_same(content(cluster15, database), before)
    assert cluster15.names() == names


def test_a_dump_copied_into_a_repository_is_not_taken_for_a_backup(holdfast: Holdfast, cluster15: Server) -> None:
    repository = holdfast.define("library", cluster15, small(cluster15, cluster15.unique()))
    made = holdfast.backup("library")
    copy = repository / "copy_20300101_000000.dump.zst"
    shutil.copy(files.artifact(repository, made), copy)
    assert holdfast.json("restore", "latest", "--into", cluster15.unique())["backup"] == made["id"]
    assert [one["path"] for one in holdfast.json("list")["jobs"][0]["unmanaged"]] == [str(copy)]
