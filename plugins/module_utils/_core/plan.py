# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a restore is going to do, and everything that can be known to be in its way."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import globals_dump, legacy, proof, reading, room, space, verify
from .codec import Codec
from .definition.model import Job
from .errors import Damaged, Refused, ServerError, UsageError
from .postgresql import catalog, compression, globals_grammar, roles, standby
from .postgresql.quote import typed
from .postgresql.server import NAME_LIMIT, Server
from .progress import Progress
from .repository.manifest import Artifact, Manifest
from .request import RestoreRequest
from .which import Choice


@dataclass(frozen=True)
class Plan:
    """What a restore is going to do.

    mode:    swap, new, in_place or tables
    into:    the database that will hold the content
    live:    whether it exists, and is replaced
    source:  what the backup calls the database
    details: what its manifest knows of it
    proof:   the proof that was taken with it, or None
    """

    job: Job
    title: str
    path: Path
    codec: Codec
    source: str
    into: str
    mode: str
    live: bool
    details: dict[str, Any]
    roles: roles.Creation
    proof: dict[str, Any] | None


def plan(choice: Choice, server: Server, progress: Progress, request: RestoreRequest) -> Plan:
    """Check all that can be known beforehand; a dry run also reads the archive to its end, as the restore will.

    A damaged proof is no hindrance where differences are accepted.
    """
    into = request.into
    server.check()
    with server.session() as session:
        databases, existing = catalog.databases(session), catalog.roles(session)
        guarded = catalog.powerful_roles(session)
        standby.require_primary(session, server.title)
    if choice.entry is None or choice.entry.manifest is None:
        request.check_file()
        source, _none = source_of(choice, request)
        path = choice.file or Path()
        progress.step(f"reading {path} to its end")
        dump = legacy.inspect(path, server)
        _require_major(path.name, dump.major, server)
        title, codec, details = path.name, dump.codec, {}
        found = roles.Globals()
        missing: list[str] = []
        proved = None
    else:
        manifest = choice.entry.manifest
        artifact = _pick(manifest, request.database)
        # An older pg_restore would call the archive of a newer one unreadable.
        _require_major(manifest.id, manifest.server["major"], server)
        compression.require(manifest.id, verify.codec_of(artifact), server)
        _verify(choice.entry.directory, manifest, artifact, server if request.dry_run else None, progress)
        path, codec = choice.entry.directory / artifact.file, verify.codec_of(artifact)
        source, details, title = artifact.database or "", artifact.details, manifest.id
        missing = [role for role in details.get("roles", []) if role not in existing]
        found = globals_grammar.read_globals(globals_dump.text(choice.entry.directory, manifest))
        if missing:
            globals_dump.require_understood(manifest.id, found)
        proved = _read_proof(choice.entry.directory, manifest, artifact, request.accept_differences, progress)
    creation = roles.to_create(found, missing, existing, guarded)
    lost = [role for role in missing if role not in creation.create]
    if lost:
        raise ServerError(
            server.title,
            f"the backup needs roles that neither the server nor the backup's globals have: {', '.join(lost)}",
            "Create them first, for example: " + "; ".join(f"CREATE ROLE {typed(role)}" for role in lost) + ";",
        )
    target = source if into is None else into
    if into is not None and into in databases:
        raise Refused(
            f"database {into} on {server.title}",
            "it exists, and a restore into it would mix two databases",
            "Choose another name, or replace the live database: holdfast restore without --into.",
        )
    with server.session() as session:
        if request.mode == "swap" and catalog.is_template(session, target):
            raise Refused(
                f"database {target} on {server.title}",
                "it is a template, and the one that takes its place would be none",
                f"Run ALTER DATABASE {typed(target)} IS_TEMPLATE false, restore, and make it one again; or restore"
                " with --into or --in-place.",
            )
    if len(target.encode()) > NAME_LIMIT:
        raise UsageError(f"database name {target!r}", f"it is longer than {NAME_LIMIT} octets")
    # Of some tables more is known when it is known which.
    if request.mode != "tables":
        require_room(server, room.for_database(details), "the restored database")
    for note in creation.notes():
        progress.warn(note)
    return Plan(
        choice.job,
        title,
        path,
        codec,
        source,
        target,
        request.mode,
        target in databases,
        details,
        creation,
        proved,
    )


def source_of(choice: Choice, request: RestoreRequest) -> tuple[str, Artifact | None]:
    """What the backup, or the job, calls the database that is restored, and its artifact; a file has none."""
    if choice.entry is None or choice.entry.manifest is None:
        return request.database or _only_database(choice.job, request.into), None
    artifact = _pick(choice.entry.manifest, request.database)
    return artifact.database or "", artifact


def _require_major(title: str, major: int | None, server: Server) -> None:
    if major is not None and major > server.major:
        raise Refused(
            title,
            f"it was taken from PostgreSQL {major}, and {server.title} runs {server.major}",
            f"Restore it into a server of version {major} or newer.",
        )


def _pick(manifest: Manifest, database: str | None) -> Artifact:
    found = [
        artifact
        for artifact in manifest.databases()
        if database is None or database in (artifact.database, artifact.source)
    ]
    if len(found) == 1:
        return found[0]
    there = ", ".join(artifact.database or "" for artifact in manifest.databases())
    if database is None:
        raise UsageError(manifest.id, f"it holds several databases: {there}", "Say which one with --database.")
    raise UsageError(manifest.id, f"it holds no database {database!r}", f"It holds: {there}.")


def _only_database(job: Job, into: str | None) -> str:
    """What a file without a manifest is a dump of: where it goes, when the job cannot tell."""
    if len(job.databases) > 1 and into is not None:
        return into
    if len(job.databases) > 1:
        there = ", ".join(source.database for source in job.databases)
        raise UsageError(f"job {job.name}", f"it has several databases: {there}", "Say which one with --database.")
    return job.databases[0].database


def _verify(directory: Path, manifest: Manifest, artifact: Artifact, server: Server | None, progress: Progress) -> None:
    """Only what this restore reads: another database's damage is no reason not to restore this one."""
    wanted = tuple(found for found in manifest.artifacts if found in (artifact, manifest.globals()))
    verdicts = verify.check(directory, manifest.only(wanted), server, progress)
    verify.raise_problems(manifest.id, verdicts)


def require_room(server: Server, needed: int | None, purpose: str) -> None:
    """Raise :class:`.NoSpace` unless there are so many octets free for it; None: that is not known."""
    directory = server.data_directory()
    if directory is not None and needed is not None:
        step = "Free space on the server's disk."
        space.require(directory, needed, purpose, step, f"the data directory of {server.title}")


def _read_proof(
    directory: Path, manifest: Manifest, artifact: Artifact, unproved: bool, progress: Progress
) -> dict[str, Any] | None:
    """The proof of an artifact, or None when it has none, or a damaged one that the operator can do without."""
    found = manifest.proof_of(artifact)
    if found is None:
        return None
    try:
        verify.raise_problems(manifest.id, verify.check(directory, manifest.only((found,)), None, progress))
        path = directory / found.file
        return proof.read(path, reading.read(path))
    except Damaged as error:
        if unproved:
            progress.warn(f"{error.cause}: going on without the proof")
            return None
        next_step = "Only the proof is damaged. To restore without it: --accept-differences."
        raise Damaged(error.thing, error.cause, next_step) from error
