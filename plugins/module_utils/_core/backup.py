# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``holdfast backup``: dump every source of a job, verify what was written, and only then call it a backup."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Iterable
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from . import VERSION, history, prune, sources, space
from .definition.model import Job
from .errors import HoldfastError, ServerError
from .places import Places
from .postgresql import catalog, dump_locks, untaken, workspace
from .postgresql.reach import reach
from .postgresql.server import Server
from .progress import Progress
from .repository import leftovers, lock, names
from .repository.local import Repository
from .repository.manifest import Artifact, Manifest, timestamp
from .units import size as in_units
from .verify import check, raise_problems

# These come with every server.
OWN = ("template0", "template1")


def backup(job: Job, places: Places, progress: Progress) -> tuple[Manifest, list[dict[str, Any]]]:
    """Make a backup now, then prune. The manifest, and what pruning decided.

    Raises :class:`Locked` while another run works on the job. On any error nothing of the new backup stays, and the
    earlier ones are as they were.
    """
    with contextlib.ExitStack() as stack:
        with history.record(places, job.name, "backup") as line:
            stack.enter_context(lock.hold(places, job.name, "backup"))
            manifest = make(job, "backup", line, progress)
        return manifest, prune.after_backup(job, places, progress)


def rehearse(job: Job, progress: Progress) -> None:
    """Make the checks that precede a backup, and write nothing."""
    preflight(job, Repository(job.repository, job.name), reach(job.connection), progress)


def make(job: Job, purpose: str, line: dict[str, Any], progress: Progress) -> Manifest:
    """Make one backup, under the job's lock. purpose is backup, or safety before a restore replaces something.

    line, of the history, is told the backup's id and size as they become known.
    """
    line["purpose"] = purpose
    repository = Repository(job.repository, job.name)
    repository.create()
    for done in leftovers.clear(repository):
        progress.step(done)
    server = reach(job.connection)
    facts = preflight(job, repository, server, progress)
    workspace.clear(server)
    moment = _free_moment(job.name, repository)
    line["backup"] = names.backup_id(job.name, moment)
    hidden = repository.begin(line["backup"])
    try:
        with server.claim(job.name):
            manifest = _fill(job, server, hidden, moment, purpose, facts, progress)
        repository.publish(manifest)
    except BaseException:
        # The next run clears up what cannot be now.
        with contextlib.suppress(HoldfastError):
            leftovers.clear(repository)
        raise
    line["size"] = manifest.size
    progress.step(f"backup {manifest.id} is complete: {in_units(manifest.size)}")
    return manifest


def preflight(job: Job, repository: Repository, server: Server, progress: Progress) -> dict[str, dict[str, Any]]:
    """Everything that can be known to fail before a dump begins; what was learnt about each database."""
    progress.step(f"checking {server.title}, its databases, the programs and the disk")
    server.check()
    with server.session() as session:
        there = catalog.databases(session)
        facts = {}
        for source in job.databases:
            if source.database not in there:
                others = ", ".join(name for name in there if name not in OWN)
                raise ServerError(
                    f"database {source.database} on {server.title}",
                    "it does not exist",
                    f"Correct its name in job {job.name}; there are: {others}.",
                )
            facts[source.database] = catalog.describe(session, source.database)
    last = _last_alike(repository, facts)
    for source in job.databases:
        with server.session(source.database) as session:
            dump_locks.require(source.database, dump_locks.count(session), _tables_of(last, source.database))
    server.client("pg_dump", at_least=server.major)
    sizes = sum(found["size"] for found in facts.values())
    space.require(
        job.repository,
        space.for_backup(last.size if last else 0, sizes),
        f"a backup of job {job.name}",
        "Free space there, keep fewer backups, or move the repository to a larger disk.",
    )
    return facts


def _tables_of(backup: Manifest | None, database: str) -> int:
    """How many tables of a database a backup holds, as far as its proof tells."""
    proofs = [] if backup is None else [backup.proof_of(artifact) for artifact in backup.databases()]
    return sum(proof.details.get("tables", 0) for proof in proofs if proof and proof.database == database)


def _last_alike(repository: Repository, databases: Iterable[str]) -> Manifest | None:
    """The newest backup that holds these databases and no others: a safety backup holds one of several."""
    for entry in reversed(repository.entries()):
        if entry.manifest and {artifact.database for artifact in entry.manifest.databases()} == {*databases}:
            return entry.manifest
    return None


def _fill(
    job: Job,
    server: Server,
    hidden: Path,
    moment: datetime,
    purpose: str,
    facts: dict[str, dict[str, Any]],
    progress: Progress,
) -> Manifest:
    artifacts: list[Artifact] = []
    for source in job.databases:
        artifacts += sources.database(job, server, source, hidden, moment, facts[source.database], progress)
    if job.globals:
        artifacts.append(sources.roles(job, server, hidden, moment, progress))
    with server.session() as session:
        version = catalog.version(session)
        for sentence in untaken.of_server(session):
            progress.warn(sentence)
    manifest = Manifest(
        id=names.backup_id(job.name, moment),
        job=job.name,
        created=timestamp(moment),
        finished=timestamp(datetime.now(timezone.utc)),
        purpose=purpose,
        host=socket.gethostname(),
        program=VERSION,
        server={"title": server.title, "version": version, "major": server.major},
        artifacts=tuple(artifacts),
        verified={},
    )
    verdicts = check(hidden, manifest, server, progress)
    raise_problems(manifest.id, verdicts)
    return manifest.with_verification(timestamp(datetime.now(timezone.utc)))


def _free_moment(job: str, repository: Repository) -> datetime:
    """Now, to the second; a second later when a backup of this very second is there."""
    while True:
        moment = datetime.now(timezone.utc).replace(microsecond=0)
        name = names.backup_id(job, moment)
        if not any((repository.directory / (name + end)).exists() for end in (names.MANIFEST, names.CHECKSUMS)):
            return moment
        time.sleep(1 - datetime.now(timezone.utc).microsecond / 1e6)
