# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A repository is read while others write into it: what comes and goes meanwhile changes nothing about the rest."""

from __future__ import annotations

import copy
import json
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from ansible_collections.holdfast.postgres.plugins.module_utils._core.repository import leftovers, manifest, names
from ansible_collections.holdfast.postgres.plugins.module_utils._core.repository.local import Repository
from ansible_collections.holdfast.postgres.plugins.module_utils._core.repository.manifest import Manifest
from ansible_collections.holdfast.postgres.tests.unit.test_altered_files import BACKUP, MANIFEST

START = datetime(2025, 8, 16, 15, 55, 3, tzinfo=timezone.utc)
READS = 300


def publish(repository: Repository, number: int) -> Manifest:
    """A backup with files of their right sizes."""
    moment = START + timedelta(seconds=number)
    raw = copy.deepcopy(MANIFEST)
    raw.update(id=names.backup_id("app", moment), created=manifest.timestamp(moment))
    for artifact in raw["artifacts"]:
        artifact.update(file=artifact["file"].replace(BACKUP[-15:], names.stamp(moment)), size=3)
    backup = manifest.parse(json.dumps(raw).encode(), Path("m"), raw["id"])
    hidden = repository.begin(backup.id)
    for one in backup.artifacts:
        (hidden / one.file).write_bytes(b"abc")
    repository.publish(backup)
    return backup


@pytest.fixture
def churning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Repository]:
    """A repository with one backup, and two threads: one makes and deletes others, one whatever else lies about."""
    monkeypatch.setattr("os.fsync", lambda _descriptor: None)
    repository = Repository(tmp_path / "app", "app")
    repository.create()
    publish(repository, 0)
    ended = threading.Event()

    def backups() -> None:
        number = 0
        while not ended.is_set():
            number += 1
            made = publish(repository, number)
            entry = next(entry for entry in repository.entries() if entry.id == made.id)
            repository.delete(entry)

    def others() -> None:
        while not ended.is_set():
            for number in range(20):
                (repository.directory / f"other{number}").touch()
            for number in range(20):
                (repository.directory / f"other{number}").unlink()

    threads = [threading.Thread(target=backups), threading.Thread(target=others)]
    for thread in threads:
        thread.start()
    yield repository
    ended.set()
    for thread in threads:
        thread.join()


def test_it_is_never_empty_and_nothing_is_damaged(churning: Repository) -> None:
    others = 0
    for _number in range(READS):
        entries = churning.entries()
        assert [entry.problem for entry in entries] == [""] * len(entries)
        assert entries[0].id == BACKUP
        others += len(entries) - 1
        assert churning.unmanaged() == []
        leftovers.unfinished(churning)
    assert others > 0, "nothing came and went"


def test_one_that_is_deleted_between_two_looks_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Deleting(Repository):
        """Somebody deletes what it looks at: the artifacts before their names are read, the manifest after it is."""

        def files(self):
            return {name: status for name, status in super().files().items() if name.endswith(names.MANIFEST)}

        def _look(self, name):
            for path in self.directory.iterdir():
                path.unlink()
            return super()._look(name)

    repository = Repository(tmp_path, "app")
    publish(repository, 0)
    assert Deleting(tmp_path, "app").entries() == []


def test_what_a_killed_run_was_about_to_publish_goes_and_nothing_else(tmp_path: Path) -> None:
    repository = Repository(tmp_path, "app")
    other = publish(repository, 0)
    moment = manifest.timestamp(START + timedelta(seconds=1))
    backup = names.backup_id("app", START + timedelta(seconds=1))
    moved, there = f"{backup}.dump", f"{backup}.globals.sql"
    hidden = repository.begin(backup)
    for path in (hidden / there, tmp_path / there, tmp_path / moved):
        path.write_text(moment, encoding="utf-8")
    listed = [moved, there, *(artifact.file for artifact in other.artifacts)]
    (hidden / "publishing.json").write_text(json.dumps(listed), encoding="utf-8")
    leftovers.clear(repository)
    assert sorted(path.name for path in tmp_path.iterdir() if backup in path.name) == [there]
    assert [(entry.id, entry.problem) for entry in repository.entries()] == [(other.id, "")]


def test_a_directory_may_have_backups_of_several_jobs(tmp_path: Path) -> None:
    made = publish(Repository(tmp_path, "app"), 0)
    for job in ("ap", "app_", "app2", "other"):
        assert Repository(tmp_path, job).entries() == []
    assert [entry.id for entry in Repository(tmp_path, "app").entries()] == [made.id]
