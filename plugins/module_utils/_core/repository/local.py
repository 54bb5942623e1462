# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A job's repository on this host: what is in it, adding a backup, deleting one."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import shutil
import stat
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from .. import reading, shape
from ..codec import recognise
from ..errors import Damaged, HoldfastError
from . import names
from .artifact import sync_directory, write_file
from .manifest import Manifest, read

PUBLISHING = "publishing.json"
# How often what has no manifest is looked for, before it is said to have none
LOOKS = 3


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
        with self.changing():
            self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            if self.directory.stat().st_mode & 0o077:
                self.directory.chmod(0o700)

    def entries(self) -> list[Entry]:
        """The job's backups, the oldest first, with those that are damaged at first sight."""
        files = self.files()
        backups = [name[: -len(names.MANIFEST)] for name in files if name.endswith(names.MANIFEST)]
        ours = [backup for backup in backups if self.owns(backup)]
        found = [self._entry(backup, files) for backup in sorted(ours)]
        return [entry for entry in found if entry is not None]

    def unmanaged(self) -> list[tuple[Path, os.stat_result]]:
        """Dumps without a manifest: an older script's, or a person's. They are never deleted."""
        # A backup that is published or deleted while we look is whole, or gone, at one of the next looks. And no
        # directory is read in one moment: what is renamed meanwhile may be in it under neither name.
        found = self._unmanaged()
        for _look in range(LOOKS - 1):
            again = self._unmanaged() if found else {}
            found = {name: status for name, status in again.items() if name in found}
        return [(self.directory / name, found[name]) for name in sorted(found)]

    def _unmanaged(self) -> dict[str, os.stat_result]:
        # Before, too: the list of a backup goes away when its manifest is in place.
        managed = self._about_to_be()
        files = self.files()
        managed |= self._about_to_be()
        for name in files:
            # What is left of a backup that was being deleted goes with the next run.
            tombstone = names.deleted(name)
            if tombstone or name.endswith(names.MANIFEST):
                try:
                    managed.update(artifact.file for artifact in read(self.directory / name, tombstone).artifacts)
                except Damaged:
                    # Whatever a damaged one spoke of counts as a file of its own now, which can be restored by path.
                    # One that is gone took its files along.
                    if not os.path.lexists(self.directory / name):
                        stamp = (tombstone or name[: -len(names.MANIFEST)])[-names.STAMP_LENGTH :]
                        managed.update(file for file in files if file.partition(".")[0].endswith(stamp))
        return {
            name: status
            for name, status in files.items()
            if name not in managed
            and not name.startswith(".")
            and recognise(name) is not None
            and (stat.S_ISREG(status.st_mode) or stat.S_ISLNK(status.st_mode))
        }

    def _about_to_be(self) -> set[str]:
        """The files of backups that are being published."""
        return {name for marker in self.directory.glob(f".*.partial/{PUBLISHING}") for name in read_list(marker)}

    @contextlib.contextmanager
    def changing(self) -> Iterator[None]:
        """What goes wrong in the block is told as an error of the repository."""
        try:
            yield
        except OSError as error:
            raise self._unusable(error) from error

    def begin(self, backup: str) -> Path:
        """The hidden directory in which to make a new backup."""
        directory = self.directory / names.partial(backup)
        with self.changing():
            directory.mkdir(mode=0o700)
        return directory

    def publish(self, manifest: Manifest) -> None:
        """Turn a finished hidden directory into a backup: artifacts, checksums, and last of all the manifest."""
        hidden = self.directory / names.partial(manifest.id)
        files = [artifact.file for artifact in manifest.artifacts] + [manifest.id + names.CHECKSUMS]
        for file in files:
            if (self.directory / file).exists():
                raise HoldfastError(str(self.directory / file), "a file of that name exists", "Move it away.")
        with self.changing():
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
        with self.changing():
            for ending, text in ((names.CHECKSUMS, manifest.checksums()), (names.MANIFEST, manifest.to_json())):
                write_file(hidden / (manifest.id + ending), text)
                (hidden / (manifest.id + ending)).rename(self.directory / (manifest.id + ending))
            sync_directory(self.directory)
            shutil.rmtree(hidden)

    def delete(self, entry: Entry, shared: Collection[str] = ()) -> None:
        """Delete a backup whole: from the first step on it is no backup any more, even if we are killed.

        shared: those of its files that other backups list, too, and that stay.
        """
        tombstone = self.directory / names.deleting(entry.id)
        with self.changing():
            (self.directory / (entry.id + names.MANIFEST)).rename(tombstone)
            sync_directory(self.directory)
        self.bury(tombstone, entry.manifest, shared)

    def bury(self, tombstone: Path, manifest: Manifest | None, shared: Collection[str] = ()) -> None:
        """Delete the artifacts of a backup that is none any more, but the shared ones, then its tombstone."""
        with self.changing():
            if manifest is not None:
                listed = [artifact.file for artifact in manifest.artifacts if artifact.file not in shared]
                for file in self.unclaimed(manifest.id, listed):
                    (self.directory / file).unlink(missing_ok=True)
                (self.directory / (manifest.id + names.CHECKSUMS)).unlink(missing_ok=True)
            tombstone.unlink(missing_ok=True)
            sync_directory(self.directory)

    def unclaimed(self, backup: str, files: Sequence[str]) -> list[str]:
        """Those of a backup's files that are not another one's, too: an altered list must not take those along.

        Manifests are read only for files that do not bear the backup's time.
        """
        stamp = backup[-names.STAMP_LENGTH :]
        if all(file.partition(".")[0].endswith(stamp) for file in files):
            return list(files)
        claimed: set[str] = set()
        for name in self.files():
            if name.endswith(names.MANIFEST) and not name.startswith("."):
                claimed |= {name, name[: -len(names.MANIFEST)] + names.CHECKSUMS}
                with contextlib.suppress(Damaged):
                    claimed.update(artifact.file for artifact in read(self.directory / name).artifacts)
        return [file for file in files if file not in claimed]

    def owns(self, backup: str) -> bool:
        parts = names.split(backup)
        return parts is not None and parts[0] == self.job and parts[2] == "" and not backup.startswith(".")

    def files(self) -> dict[str, os.stat_result]:
        """Everything in the directory, hidden files too; nothing when the directory is not there.

        Others may write meanwhile: a file that vanishes while we look is not there, and that is all.
        """
        found = {}
        try:
            with os.scandir(self.directory) as entries:
                for entry in entries:
                    with contextlib.suppress(FileNotFoundError):
                        found[entry.name] = entry.stat(follow_symlinks=False)
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise self._unusable(error) from error
        return found

    def _entry(self, backup: str, files: Mapping[str, os.stat_result]) -> Entry | None:
        """A backup, or None when it was deleted since the files were listed."""
        path = self.directory / (backup + names.MANIFEST)
        try:
            manifest = read(path)
        except Damaged as error:
            return Entry(backup, self.directory, None, error.cause) if os.path.lexists(path) else None
        for artifact in manifest.artifacts:
            # One that was published while the files were listed may be missing in the list alone.
            found = files.get(artifact.file) or self._look(artifact.file)
            if found is None:
                missing = Entry(backup, self.directory, manifest, f"{artifact.file} is missing")
                return missing if os.path.lexists(path) else None
            if found.st_size != artifact.size:
                problem = f"{artifact.file} has {found.st_size} octets, not {artifact.size}"
                return Entry(backup, self.directory, manifest, problem)
        return Entry(backup, self.directory, manifest)

    def _look(self, name: str) -> os.stat_result | None:
        try:
            return (self.directory / name).lstat()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._unusable(error) from error

    def _unusable(self, error: OSError) -> HoldfastError:
        next_step = "Run this as root." if isinstance(error, PermissionError) else ""
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EROFS):
            next_step = "Free space there, or make it writable. The backups in it are as they were."
        return HoldfastError(f"repository {self.directory}", error.strerror or str(error), next_step)


def read_list(marker: Path) -> list[str]:
    """The files that a run was about to publish; none when it did not get that far."""
    try:
        listed = shape.loads(reading.read(marker))
        shape.sequence(shape.words)(listed, "it")
    except (OSError, shape.Misshapen):
        return []
    return [name for name in listed if name == Path(name).name and not name.startswith(".")]
