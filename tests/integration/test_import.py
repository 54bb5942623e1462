# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A backup that was brought from elsewhere is published whole, or not at all."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any, Callable

import pytest

from ansible_collections.holdfast.postgres.tests.integration import files
from ansible_collections.holdfast.postgres.tests.integration.content import rows
from ansible_collections.holdfast.postgres.tests.integration.crashes import crash
from ansible_collections.holdfast.postgres.tests.integration.program import Holdfast
from ansible_collections.holdfast.postgres.tests.integration.sample import small
from ansible_collections.holdfast.postgres.tests.integration.servers import Server


@pytest.fixture
def brought(holdfast: Holdfast, cluster15: Server, tmp_path: Path) -> tuple[Path, dict[str, Any], Path]:
    """A directory with a backup of thirty days ago, its manifest, and the repository, which has only today's."""
    repository = holdfast.define("library", cluster15, small(cluster15, cluster15.unique()), keep={"daily": 1})
    old = files.age(repository, holdfast.backup("library"), 30)
    manifest = json.loads(files.manifest_file(repository, old).read_text(encoding="utf-8"))
    directory = tmp_path / "brought"
    directory.mkdir()
    for name in files.files_of(manifest):
        shutil.move(repository / name, directory)
        (directory / name).chmod(0o644)
    holdfast.backup("library")
    return directory, manifest, repository


def test_an_imported_backup_is_a_backup_and_in_nobody_s_way(
    holdfast: Holdfast, cluster15: Server, brought: tuple[Path, dict[str, Any], Path]
) -> None:
    directory, manifest, repository = brought
    (today,) = holdfast.json("list")["jobs"][0]["backups"]
    there = files.snapshot(directory)
    result = holdfast.json("import", directory)
    assert (result["backup"], result["already"]) == (manifest["id"], False)
    assert files.snapshot(directory) == there
    for name in files.files_of(manifest):
        assert (repository / name).stat().st_mode & 0o777 == 0o600
        if not name.endswith(".manifest.json"):
            assert (repository / name).read_bytes() == (directory / name).read_bytes()
    holdfast("verify", manifest["id"])
    into = cluster15.unique()
    assert holdfast.json("restore", manifest["id"], "--into", into)["backup"] == manifest["id"]
    assert len(rows(cluster15, into)) == 100

    # It does not count, and does not go.
    holdfast("prune")
    kept = {one["id"]: one["kept_for"] for one in holdfast.json("list")["jobs"][0]["backups"]}
    assert kept == {today["id"]: "newest good, day 1 of 1", manifest["id"]: "imported, until you delete it"}
    assert holdfast.json("import", directory)["already"]
    assert manifest["id"] in holdfast("import", directory).out


def cut_short(directory: Path, manifest: dict[str, Any]) -> None:
    path = files.artifact(directory, manifest)
    path.write_bytes(path.read_bytes()[:-1])


def grown(directory: Path, manifest: dict[str, Any]) -> None:
    path = files.artifact(directory, manifest)
    path.write_bytes(path.read_bytes() + b"x")


def altered(directory: Path, manifest: dict[str, Any]) -> None:
    files.flip_bit(files.artifact(directory, manifest, 1))


def missing(directory: Path, manifest: dict[str, Any]) -> None:
    files.artifact(directory, manifest).unlink()


def a_link(directory: Path, manifest: dict[str, Any]) -> None:
    path = files.artifact(directory, manifest)
    path.rename(directory / "elsewhere")
    path.symlink_to(directory / "elsewhere")


def other_sums(directory: Path, manifest: dict[str, Any]) -> None:
    (directory / f"{manifest['id']}.sha256").write_text("0" * 64 + "  x\n", encoding="utf-8")


def without_a_manifest(directory: Path, manifest: dict[str, Any]) -> None:
    files.manifest_file(directory, manifest["id"]).unlink()


def two_backups(directory: Path, manifest: dict[str, Any]) -> None:
    shutil.copy(files.manifest_file(directory, manifest["id"]), directory / "library_20250101_000000.manifest.json")


def of_another_job(directory: Path, manifest: dict[str, Any]) -> None:
    backup = files.manifest_file(directory, manifest["id"])
    text = backup.read_text(encoding="utf-8").replace('"library', '"archive')
    backup.unlink()
    files.manifest_file(directory, manifest["id"].replace("library", "archive")).write_text(text, encoding="utf-8")


def of_the_future(directory: Path, manifest: dict[str, Any]) -> None:
    files.age(directory, manifest, -900)


def a_file_in_its_way(directory: Path, manifest: dict[str, Any]) -> None:
    # The repository is beside it.
    (directory.parent / "host/backups/library" / manifest["artifacts"][0]["file"]).write_text("mine", encoding="utf-8")


@pytest.mark.parametrize(
    ("spoil", "told", "status"),
    [
        (cut_short, "octets that its manifest tells", 1),
        (grown, "octets that its manifest tells", 1),
        (altered, "its checksum is not", 1),
        (missing, "it is missing", 1),
        (a_link, "cannot be read", 1),
        (other_sums, "does not agree", 1),
        (without_a_manifest, "there is no manifest in it", 2),
        (two_backups, "several backups", 2),
        (of_another_job, "archive", 2),
        (of_the_future, "dated in the future", 1),
        (a_file_in_its_way, "a file of that name exists", 1),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_what_is_not_a_whole_backup_is_not_imported(
    holdfast: Holdfast,
    brought: tuple[Path, dict[str, Any], Path],
    spoil: Callable[[Path, dict[str, Any]], None],
    told: str,
    status: int,
) -> None:
    directory, manifest, repository = brought
    spoil(directory, manifest)
    before = files.snapshot(repository)
    assert told in holdfast("import", directory, status=status).err
    assert files.snapshot(repository) == before
    assert files.hidden(repository) == []


def test_another_job_and_another_backup_of_its_name_are_refused(
    holdfast: Holdfast, cluster15: Server, brought: tuple[Path, dict[str, Any], Path]
) -> None:
    directory, manifest, repository = brought
    holdfast.define("archive", cluster15, "any")
    assert "not of archive" in holdfast("import", directory, "--job", "archive", status=1).err
    holdfast("import", directory)
    before = files.snapshot(repository)
    files.edit_manifest(directory, manifest["id"], artifacts__sha256="0" * 64)
    assert "another backup of that name" in holdfast("import", directory, status=1).err
    assert files.snapshot(repository) == before


def test_an_import_that_is_killed_leaves_no_half(
    holdfast: Holdfast, brought: tuple[Path, dict[str, Any], Path]
) -> None:
    directory, manifest, repository = brought
    step = 1
    while crash(holdfast, step, "import", str(directory), under=repository):
        ids = [one["id"] for one in holdfast.json("list")["jobs"][0]["backups"]]
        if manifest["id"] in ids:
            assert files.files_of(manifest) <= set(files.visible(repository))
        step += 3
    assert step > 9
    holdfast("verify", manifest["id"])
    assert files.hidden(repository) == []
