# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``holdfast adopt``: give a dump that another tool left in a repository the manifest that makes it a backup."""

from __future__ import annotations

import socket
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from . import VERSION, by_hand, clock, history, legacy
from .definition.model import Database, Job
from .errors import HoldfastError, Refused, UsageError
from .places import Places
from .postgresql.reach import reach
from .progress import Progress
from .repository import lock, names
from .repository.local import Repository
from .repository.manifest import Artifact, Manifest, timestamp


def adopt(job: Job, places: Places, file: Path, database: str | None, progress: Progress) -> dict[str, Any]:
    """Read the file to its end, and write a manifest and checksums beside it. The file itself stays as it is.

    The time of the backup is the one in the file's name, taken as UTC, or else the file's own (time_of_file).
    """
    with history.record(places, job.name, "adopt") as line, lock.hold(places, job.name, "adopt"):
        line["file"] = str(file)
        repository = Repository(job.repository, job.name)
        source = _source(job, file, database)
        _require_unmanaged(repository, file)
        progress.step(f"reading {file} to its end")
        dump = legacy.inspect(file, reach(job.connection))
        parts = names.split(file.name)
        moment = parts[1] if parts else clock.from_seconds(int(file.stat().st_mtime))
        if clock.in_future(moment, datetime.now(timezone.utc)):
            raise Refused(
                f"file {file}",
                f"its time, {clock.told(moment)}, is in the future",
                "Give the file a name with the time at which it was made, such as NAME_20250816_155503.sql.gz.",
            )
        backup = names.backup_id(job.name, moment)
        if any(entry.id == backup for entry in repository.entries()):
            raise Refused(
                f"file {file}",
                f"its time is that of the backup {backup}, which exists",
                "Give the file a name with another time, such as NAME_20250816_155503.sql.gz.",
            )
        manifest = Manifest(
            id=backup,
            job=job.name,
            created=timestamp(moment),
            finished=timestamp(clock.from_seconds(file.stat().st_mtime)),
            purpose="adopted",
            host=socket.gethostname(),
            program=VERSION,
            server={"title": None, "version": None, "major": dump.major},
            artifacts=(
                Artifact(
                    file.name,
                    source.name,
                    "database",
                    dump.codec.format,
                    dump.codec.compression,
                    dump.size,
                    dump.sha256,
                    source.database,
                    by_hand.database(file.name, dump.codec, source.database),
                ),
            ),
            verified={"at": timestamp(datetime.now(timezone.utc))},
        )
        file.chmod(0o600)
        repository.adopt(manifest)
        line.update(backup=backup, size=dump.size)
        made = {"backup": backup, "job": job.name, "file": str(file), "size": dump.size}
        return {**made, "time_of_file": None if parts else timestamp(moment)}


def _require_unmanaged(repository: Repository, file: Path) -> None:
    if not file.is_file():
        raise UsageError(f"file {file}", "there is no such file")
    if file.resolve().parent != repository.directory.resolve():
        raise Refused(
            f"file {file}",
            f"it is not in the repository of job {repository.job}",
            f"Copy it there with its time (cp --preserve=timestamps), then adopt it there: {repository.directory}",
        )
    for entry in repository.entries():
        if entry.manifest and file.name in {artifact.file for artifact in entry.manifest.artifacts}:
            raise Refused(f"file {file}", f"it belongs to the backup {entry.id} already")


def _source(job: Job, file: Path, database: str | None) -> Database:
    """The source that a file is a dump of: the one named, the one whose name it begins with, or the only one."""
    for source in job.databases:
        if database in (source.database, source.name):
            return source
    if database is not None:
        raise UsageError(f"job {job.name}", f"it has no database {database!r}")
    parts = names.split(file.name)
    for source in job.databases:
        if parts is not None and parts[0] == source.name:
            return source
    if len(job.databases) == 1:
        return job.databases[0]
    there = ", ".join(source.database for source in job.databases)
    raise HoldfastError(
        f"file {file}", "its name does not tell which database it is of", f"Say --database, one of: {there}."
    )
