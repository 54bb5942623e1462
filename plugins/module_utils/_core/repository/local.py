# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A job's repository on this host: what is in it, adding a backup, deleting one."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ..codec import recognise
from ..errors import Damaged, HoldfastError
from . import names
from .artifact import sync_directory, write_file
from .manifest import Manifest, read

PUBLISHING = "publishing.json"


@dataclass(frozen=True)
class Entry:
    """A backup in a repository. problem: what a look at its manifest and files already shows, or empty."""

    id: str
    directory: Path
    manifest: Manifest | None
    problem: str = ""


class Repository:
    """A directory of mode 0700. Methods that change it must be called under the job's lock."""

    def __init__(self, directory: Path, job: str) -> None:
        self.directory = directory
        self.job = job

    def create(self) -> None:
        try:
            self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            if self.directory.stat().st_mode & 0o077:
                self.directory.chmod(0o700)
        except OSError as error:
            raise self._unusable(error) from error

    def entries(self) -> list[Entry]:
        """The job's backups, the oldest first, with those that are damaged at first sight."""
        files = self.files()
        backups = [name[: -len(names.MANIFEST)] for name in files if name.endswith(names.MANIFEST)]
        ours = [backup for backup in backups if self.owns(backup)]
        return [self._entry(backup, files) for backup in sorted(ours)]

    def unmanaged(self) -> list[Path]:
        """Dumps without a manifest: an older script's, or a person's. They are never deleted."""
        files = self.files()
        managed = {name for marker in self.directory.glob(f".*.partial/{PUBLISHING}") for name in read_list(marker)}
        for name in files:
            # What is left of a backup that was being deleted goes with the next run.
            tombstone = names.deleted(name)
            if tombstone or name.endswith(names.MANIFEST):
                try:
                    managed.update(artifact.file for artifact in read(self.directory / name, tombstone).artifacts)
                except Damaged:
                    # Whatever it spoke of counts as a file of its own now, which can be restored by path.
                    continue
        return [
            self.directory / name
            for name in sorted(files)
            if name not in managed and not name.startswith(".") and recognise(name) is not None
        ]

    def begin(self, backup: str) -> Path:
        """The hidden directory in which to make a new backup."""
        directory = self.directory / names.partial(backup)
        try:
            directory.mkdir(mode=0o700)
        except OSError as error:
            raise self._unusable(error) from error
        return directory

    def publish(self, manifest: Manifest) -> None:
        """Turn a finished hidden directory into a backup: artifacts, checksums, and last of all the manifest."""
        hidden = self.directory / names.partial(manifest.id)
        files = [artifact.file for artifact in manifest.artifacts] + [manifest.id + names.CHECKSUMS]
        for file in files:
            if (self.directory / file).exists():
                raise HoldfastError(str(self.directory / file), "a file of that name exists", "Move it away.")
        write_file(hidden / PUBLISHING, json.dumps(files))
        write_file(hidden / (manifest.id + names.CHECKSUMS), manifest.checksums())
        write_file(hidden / (manifest.id + names.MANIFEST), manifest.to_json())
        sync_directory(hidden)
        for file in files:
            (hidden / file).rename(self.directory / file)
        sync_directory(self.directory)
        (hidden / (manifest.id + names.MANIFEST)).rename(self.directory / (manifest.id + names.MANIFEST))
        sync_directory(self.directory)
        shutil.rmtree(hidden)

    def adopt(self, manifest: Manifest) -> None:
        """Make a backup of artifacts that are here already."""
        hidden = self.begin(manifest.id)
        for ending, text in ((names.CHECKSUMS, manifest.checksums()), (names.MANIFEST, manifest.to_json())):
            write_file(hidden / (manifest.id + ending), text)
            (hidden / (manifest.id + ending)).rename(self.directory / (manifest.id + ending))
        sync_directory(self.directory)
        shutil.rmtree(hidden)

    def delete(self, entry: Entry) -> None:
        """Delete a backup whole: from the first step on it is no backup any more, even if we are killed."""
        tombstone = self.directory / names.deleting(entry.id)
        (self.directory / (entry.id + names.MANIFEST)).rename(tombstone)
        sync_directory(self.directory)
        self.bury(tombstone, entry.manifest)

    def bury(self, tombstone: Path, manifest: Manifest | None) -> None:
        """Delete the artifacts of a backup that is none any more, then its tombstone."""
        if manifest is not None:
            for artifact in manifest.artifacts:
                (self.directory / artifact.file).unlink(missing_ok=True)
            (self.directory / (manifest.id + names.CHECKSUMS)).unlink(missing_ok=True)
        tombstone.unlink(missing_ok=True)
        sync_directory(self.directory)

    def owns(self, backup: str) -> bool:
        parts = names.split(backup)
        return parts is not None and parts[0] == self.job and parts[2] == "" and not backup.startswith(".")

    def files(self) -> dict[str, os.stat_result]:
        """Everything in the directory, hidden files too; nothing when the directory is not there."""
        try:
            with os.scandir(self.directory) as entries:
                return {entry.name: entry.stat(follow_symlinks=False) for entry in entries}
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise self._unusable(error) from error

    def _entry(self, backup: str, files: Mapping[str, os.stat_result]) -> Entry:
        try:
            manifest = read(self.directory / (backup + names.MANIFEST))
        except Damaged as error:
            return Entry(backup, self.directory, None, error.cause)
        for artifact in manifest.artifacts:
            found = files.get(artifact.file)
            if found is None:
                return Entry(backup, self.directory, manifest, f"{artifact.file} is missing")
            if found.st_size != artifact.size:
                problem = f"{artifact.file} has {found.st_size} octets, not {artifact.size}"
                return Entry(backup, self.directory, manifest, problem)
        return Entry(backup, self.directory, manifest)

    def _unusable(self, error: OSError) -> HoldfastError:
        next_step = "Run this as root." if isinstance(error, PermissionError) else ""
        return HoldfastError(f"repository {self.directory}", error.strerror or str(error), next_step)


def read_list(marker: Path) -> list[str]:
    """The files that a run was about to publish; none when it did not get that far."""
    try:
        listed = json.loads(marker.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    return [name for name in listed if name == Path(name).name]
