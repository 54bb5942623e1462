# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Backups that are not what they were: found by verify, refused by restore, passed over by latest."""

from __future__ import annotations

import io
import json
import shutil
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable

import pytest

from ansible_collections.holdfast.postgres.tests.integration import files
from ansible_collections.holdfast.postgres.tests.integration.content import rows
from ansible_collections.holdfast.postgres.tests.integration.program import Holdfast
from ansible_collections.holdfast.postgres.tests.integration.sabotage import replace, through
from ansible_collections.holdfast.postgres.tests.integration.sample import fill, small
from ansible_collections.holdfast.postgres.tests.integration.servers import Server

Damage = Callable[[Path, dict[str, Any], dict[str, Any]], None]


def truncated(repository: Path, made: dict[str, Any], other: dict[str, Any]) -> None:
    path = files.artifact(repository, made)
    path.write_bytes(path.read_bytes()[:-1])


def emptied(repository: Path, made: dict[str, Any], other: dict[str, Any]) -> None:
    files.artifact(repository, made).write_bytes(b"")


def one_bit_flipped(repository: Path, made: dict[str, Any], other: dict[str, Any]) -> None:
    files.flip_bit(files.artifact(repository, made))


def first_bit_flipped(repository: Path, made: dict[str, Any], other: dict[str, Any]) -> None:
    files.flip_bit(files.artifact(repository, made), 0)


def missing(repository: Path, made: dict[str, Any], other: dict[str, Any]) -> None:
    files.artifact(repository, made).unlink()


def globals_missing(repository: Path, made: dict[str, Any], other: dict[str, Any]) -> None:
    files.artifact(repository, made, -1).unlink()


def globals_damaged(repository: Path, made: dict[str, Any], other: dict[str, Any]) -> None:
    files.flip_bit(files.artifact(repository, made, -1))


def proof_missing(repository: Path, made: dict[str, Any], other: dict[str, Any]) -> None:
    files.artifact(repository, made, 1).unlink()


def proof_damaged(repository: Path, made: dict[str, Any], other: dict[str, Any]) -> None:
    files.flip_bit(files.artifact(repository, made, 1))


def a_directory(repository: Path, made: dict[str, Any], other: dict[str, Any]) -> None:
    missing(repository, made, other)
    files.artifact(repository, made).mkdir()


def swapped(repository: Path, made: dict[str, Any], other: dict[str, Any]) -> None:
    first, second = files.artifact(repository, made), files.artifact(repository, other)
    aside = repository / "aside"
    first.rename(aside)
    second.rename(first)
    aside.rename(second)


def lies_about_size(repository: Path, made: dict[str, Any], other: dict[str, Any]) -> None:
    files.edit_manifest(repository, made["id"], artifacts__size=made["artifacts"][0]["size"] + 1)


def lies_about_checksum(repository: Path, made: dict[str, Any], other: dict[str, Any]) -> None:
    files.edit_manifest(repository, made["id"], artifacts__sha256="0" * 64)


def names_a_file_elsewhere(repository: Path, made: dict[str, Any], other: dict[str, Any]) -> None:
    outside = repository.parent / "outside.dump.zst"
    outside.write_bytes(files.artifact(repository, made).read_bytes())
    files.edit_manifest(repository, made["id"], artifacts__file="../outside.dump.zst")


def has_the_id_of_another(repository: Path, made: dict[str, Any], other: dict[str, Any]) -> None:
    files.edit_manifest(repository, made["id"], id=other["id"])


def has_the_id_of_another_job(repository: Path, made: dict[str, Any], other: dict[str, Any]) -> None:
    files.edit_manifest(repository, made["id"], id="archive" + made["id"][-16:], job="archive")


def is_not_json(repository: Path, made: dict[str, Any], other: dict[str, Any]) -> None:
    files.manifest_file(repository, made["id"]).write_bytes(b"\xff\x00not JSON")


def is_cut_off(repository: Path, made: dict[str, Any], other: dict[str, Any]) -> None:
    path = files.manifest_file(repository, made["id"])
    path.write_text(path.read_text(encoding="utf-8")[:300], encoding="utf-8")


def is_a_list(repository: Path, made: dict[str, Any], other: dict[str, Any]) -> None:
    files.manifest_file(repository, made["id"]).write_text("[1, 2]", encoding="utf-8")


def is_of_a_future_version(repository: Path, made: dict[str, Any], other: dict[str, Any]) -> None:
    files.edit_manifest(repository, made["id"], manifest=99)


def lists_nothing(repository: Path, made: dict[str, Any], other: dict[str, Any]) -> None:
    files.edit_manifest(repository, made["id"], artifacts=[])


def has_artifacts_of_a_wrong_type(repository: Path, made: dict[str, Any], other: dict[str, Any]) -> None:
    files.edit_manifest(repository, made["id"], artifacts={"file": "x"})


def has_no_time(repository: Path, made: dict[str, Any], other: dict[str, Any]) -> None:
    files.edit_manifest(repository, made["id"], created="yesterday")


DAMAGES = [
    (truncated, "octets, not"),
    (emptied, "octets, not"),
    (one_bit_flipped, "checksum is wrong"),
    (first_bit_flipped, "checksum is wrong"),
    (missing, "is missing"),
    (globals_missing, "is missing"),
    (globals_damaged, "checksum is wrong"),
    (a_directory, ""),
    (swapped, ""),
    (lies_about_size, "octets, not"),
    (lies_about_checksum, "checksum is wrong"),
    (names_a_file_elsewhere, "is not the name of an artifact"),
    (has_the_id_of_another, "it calls itself"),
    (has_the_id_of_another_job, "it calls itself"),
    (is_not_json, "it is not JSON"),
    (is_cut_off, "it is not JSON"),
    (is_a_list, "shape of a manifest"),
    (is_of_a_future_version, "version 99"),
    (lists_nothing, "it lists no artifacts"),
    (has_artifacts_of_a_wrong_type, "shape of a manifest"),
    (has_no_time, "shape of a manifest"),
]


@dataclass(frozen=True)
class Backups:
    """A repository with three backups of one database, of 100, 150 and 200 rows, made on three days."""

    database: str
    repository: Path
    oldest: dict[str, Any]
    other: dict[str, Any]
    made: dict[str, Any]


@pytest.fixture(scope="module")
def three(_cluster15: Server, program: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backups]:
    """Made once, and never changed: a test works on a copy."""
    holdfast = Holdfast(program, tmp_path_factory.mktemp("three") / "host")
    database = small(_cluster15, "db_three")
    repository = holdfast.define("library", _cluster15, database)
    made = []
    for days in (2, 1, 0):
        made.append(holdfast.backup("library"))
        if days:
            backup = files.age(repository, made[-1], days)
            made[-1] = json.loads(files.manifest_file(repository, backup).read_text(encoding="utf-8"))
            fill(_cluster15, database, 50)
    yield Backups(database, repository, *made)
    _cluster15.drop(database)


@pytest.mark.parametrize(("damage", "told"), DAMAGES, ids=lambda value: getattr(value, "__name__", ""))
def test_damage_is_found_refused_and_passed_over(
    holdfast: Holdfast, cluster15: Server, three: Backups, damage: Damage, told: str
) -> None:
    database, made, other = three.database, three.made["id"], three.other["id"]
    repository = holdfast.define("library", cluster15, database)
    shutil.copytree(three.repository, repository)
    damage(repository, three.made, three.other)
    there, names = set(files.visible(repository)), cluster15.names()

    assert told in holdfast("verify", made, status=1).err
    assert told in holdfast("restore", made, "--into", "never", status=1).err
    assert told in holdfast("restore", made, "--in-place", status=1).err
    assert len(rows(cluster15, database)) == 200
    assert cluster15.names() == names
    listed = {one["id"]: one["problem"] for one in holdfast.json("list")["jobs"][0]["backups"]}
    assert told in listed[made] and listed[made]
    assert holdfast("status", "library", status=None).status > 0
    if damage is swapped:
        holdfast("verify", other, status=1)
    result = holdfast.json("restore", "latest", "--into", cluster15.unique())
    assert result["backup"] == (three.oldest["id"] if damage is swapped else other)
    assert made in result["passed_over"][0]
    # Nobody cleans away what may still be of use.
    holdfast("prune")
    assert set(files.visible(repository)) == there


def test_a_wrong_checksum_file_is_found(holdfast: Holdfast, cluster15: Server) -> None:
    repository = holdfast.define("library", cluster15, small(cluster15, cluster15.unique()))
    made = holdfast.backup("library")
    sums = repository / f"{made['id']}.sha256"
    text = sums.read_text(encoding="utf-8")
    for wrong in (text.replace(text[:8], "00000000", 1), "", text.splitlines()[0] + "\n"):
        sums.write_text(wrong, encoding="utf-8")
        assert "does not agree with the manifest" in holdfast("verify", made["id"], status=1).err
    sums.unlink()
    assert "No such file" in holdfast("verify", made["id"], status=1).err
    sums.write_text(text, encoding="utf-8")
    holdfast("verify", made["id"])
    assert holdfast.json("list")["jobs"][0]["backups"][0]["problem"] == ""


@pytest.mark.parametrize(
    ("reach", "format", "compression"),
    [("cluster15", one, other) for one in ("plain", "custom", "directory") for other in ("gzip", "zstd", "none")]
    # Only from 16 on PostgreSQL's own programs know zstd.
    + [("container17", one, "zstd") for one in ("custom", "directory")],
)
def test_an_archive_that_was_cut_off_before_it_was_hashed_is_found(
    reach: str, request: pytest.FixtureRequest, holdfast: Holdfast, format: str, compression: str
) -> None:
    """Checksums only tell what changed since: the archive itself has to be read to its end."""
    server = request.getfixturevalue(reach)
    options = {"format": format, "compression": compression, "globals": False}
    repository = holdfast.define("library", server, small(server, server.unique(), 3000), **options)
    made = holdfast.backup("library")
    path = files.artifact(repository, made)
    # The end of a tar is padding.
    replace(repository, made["id"], path, path.read_bytes()[: -(15000 if path.suffix == ".tar" else 30)])
    names = server.names()
    told = holdfast("verify", made["id"], status=1).err
    assert "it cannot be read to its end" in told or "the dump does not end with 'dump complete'" in told
    holdfast("restore", made["id"], "--into", "never", status=1)
    assert server.names() == names


@pytest.mark.parametrize("reach", ["cluster15", "container17"])
def test_a_plain_dump_without_its_last_line_is_found(
    reach: str, request: pytest.FixtureRequest, holdfast: Holdfast
) -> None:
    """Whether psql would notice: newer dumps end with a key, and older ones with a remark alone."""
    server = request.getfixturevalue(reach)
    repository = holdfast.define(
        "library", server, small(server, server.unique()), format="plain", compression="none", globals=False
    )
    made = holdfast.backup("library")
    path = files.artifact(repository, made)
    content = path.read_bytes()
    complete = content.index(b"-- PostgreSQL database dump complete")
    for end in (complete, content.rindex(b"\\unrestrict")):
        replace(repository, made["id"], path, content[:end])
        assert "the dump does not end with 'dump complete'" in holdfast("verify", made["id"], status=1).err
    keyless = b"".join(
        line for line in content.splitlines(True) if not line.startswith((b"\\restrict", b"\\unrestrict"))
    )
    replace(repository, made["id"], path, keyless)
    holdfast("verify", made["id"])
    replace(repository, made["id"], path, keyless[: keyless.index(b"-- PostgreSQL database dump complete")])
    assert "the dump does not end with 'dump complete'" in holdfast("verify", made["id"], status=1).err


def test_a_file_of_a_directory_archive_that_was_cut_off_is_found(holdfast: Holdfast, cluster15: Server) -> None:
    options = {"format": "directory", "compression": "gzip", "globals": False}
    repository = holdfast.define("library", cluster15, small(cluster15, cluster15.unique(), 3000), **options)
    made = holdfast.backup("library")
    path = files.artifact(repository, made)
    content = io.BytesIO()
    with tarfile.open(path) as whole, tarfile.open(fileobj=content, mode="w") as rest:
        for one in [one for one in whole if one.isfile()]:
            octets = whole.extractfile(one).read()  # type: ignore[union-attr]
            one.size -= 9 if one.name.endswith(".dat.gz") else 0
            rest.addfile(one, io.BytesIO(octets))
    replace(repository, made["id"], path, content.getvalue())
    assert "it cannot be read to its end: gzip" in holdfast("verify", made["id"], status=1).err


@pytest.mark.parametrize("compression", ["none", "gzip", "zstd"])
def test_a_directory_archive_without_one_of_its_files_is_found(
    compression: str, holdfast: Holdfast, cluster15: Server
) -> None:
    options = {"format": "directory", "compression": compression, "globals": False}
    repository = holdfast.define("library", cluster15, small(cluster15, cluster15.unique()), **options)
    made = holdfast.backup("library")
    path = files.artifact(repository, made)
    unpacked = through(path.read_bytes(), path.suffix, "-d")
    for lost, told in (("toc.dat", "no table of contents"), (".dat", "is missing")):
        content = io.BytesIO()
        with tarfile.open(fileobj=io.BytesIO(unpacked)) as whole, tarfile.open(fileobj=content, mode="w") as rest:
            members = [one for one in whole if one.isfile()]
            gone = next(one for one in members if lost in one.name and (lost == "toc.dat" or "toc" not in one.name))
            for one in members:
                if one is not gone:
                    rest.addfile(one, whole.extractfile(one))
        replace(repository, made["id"], path, through(content.getvalue(), path.suffix))
        assert told in holdfast("verify", made["id"], status=1).err


def test_a_history_with_a_torn_line_is_read(holdfast: Holdfast, cluster15: Server) -> None:
    holdfast.define("library", cluster15, small(cluster15, cluster15.unique()))
    holdfast.backup("library")
    path = holdfast.home / "state" / "library" / "history.jsonl"
    path.write_text(path.read_text(encoding="utf-8") + '{"verb": "backup", "res', encoding="utf-8")
    holdfast("verify")
    assert json.loads(path.read_text(encoding="utf-8").splitlines()[-1])["verb"] == "verify"
    assert holdfast("list").status == 0
