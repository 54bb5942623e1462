# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The safety backup: of exactly the database that a restore replaces, whatever the job backs up otherwise."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from . import backup, history, proof, prove, reading
from .definition.model import Database, Job
from .difference import Difference
from .errors import Refused, Unrecorded
from .places import Places
from .progress import Progress
from .repository.manifest import Artifact, Manifest


def make(job: Job, database: str, places: Places, progress: Progress, proved: bool) -> Manifest:
    """Make a safety backup of a database, under the job's lock. proved: with a full proof, even if the job has none.

    Raises :class:`Refused` when the backup does not hold the database.
    """
    progress.step(f"making a safety backup of {database} first")
    found: list[Manifest] = []
    try:
        with history.record(places, job.name, "backup") as line:
            found.append(backup.make(of_one(job, database, proved), "safety", line, progress))
    except Unrecorded as error:
        # It is there, which is what counts.
        progress.warn(f"{error.thing}: {error.cause}")
    held(found[0], database)
    return found[0]


def of_one(job: Job, database: str, proved: bool) -> Job:
    """The job as if it had only that database, which it need not list."""
    listed = [source for source in job.databases if source.database == database]
    sources = (listed or [Database(database, _source_name(database))])[:1]
    return replace(job, databases=tuple(sources), proof="full" if proved else job.proof)


def held(made: Manifest, database: str) -> Artifact:
    """The artifact of the database that is going to be replaced."""
    found = [artifact for artifact in made.databases() if artifact.database == database]
    if not found:
        there = ", ".join(artifact.database or "" for artifact in made.databases())
        raise Refused(
            f"database {database}",
            f"the safety backup {made.id} does not hold it, but {there or 'nothing'}",
            "Nothing was replaced. Restore beside it instead: --into NAME.",
        )
    return found[0]


def proof_of(made: Manifest, database: str, repository: Path) -> dict[str, Any]:
    """The proof of the database that is going to be replaced."""
    found = made.proof_of(held(made, database))
    if found is None:
        raise Refused(f"database {database}", f"the safety backup {made.id} has no proof of it", "Report this.")
    path = repository / found.file
    return proof.read(path, reading.read(path))


def require_unchanged(made: Manifest, database: str, verdict: Mapping[str, Any]) -> None:
    """Raise :class:`Refused` when the database is no longer what the safety backup holds; verdict: of its proof."""
    if verdict["result"] != "differs":
        return
    told = [str(Difference(**one)) for one in verdict["differences"]]
    changes = prove.told(one.replace("the backup", "the safety backup") for one in told)
    raise Refused(
        f"database {database}",
        f"it was written to since the safety backup {made.id}, and that would be lost: {changes}",
        "Nothing was replaced. Stop the application, then restore again.",
    )


def _source_name(database: str) -> str:
    """A name for the files of a database that the job does not list; "globals" is taken."""
    name = re.sub(r"[^A-Za-z0-9_.-]", "_", database)
    return name if re.match(r"[A-Za-z0-9_]", name) and name != "globals" else f"database_{name}"
