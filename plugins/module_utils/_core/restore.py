# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``holdfast restore``: a backup into a new database, or in place of a live one."""

from __future__ import annotations

import shlex
import time
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from . import backup, history, legacy, space, verify
from .codec import Codec, decompressor
from .definition.model import Job
from .errors import Refused, ServerError, UsageError
from .places import Places
from .postgresql import archive, catalog, load, properties, roles, workspace
from .postgresql.quote import identifier
from .postgresql.reach import reach
from .postgresql.server import Server
from .progress import Progress
from .repository import lock, names
from .repository.manifest import Artifact, Manifest
from .units import duration
from .which import Choice

NAME_LIMIT = 63


@dataclass(frozen=True)
class Plan:
    """What a restore is going to do. into: the database that will hold the content; in_place: it is replaced.

    source is what the backup calls the database, details what its manifest knows of it.
    """

    job: Job
    title: str
    path: Path
    codec: Codec
    source: str
    into: str
    in_place: bool
    details: dict[str, Any]
    create_roles: tuple[str, ...]
    role_script: tuple[str, ...]

    @property
    def mode(self) -> str:
        return "in_place" if self.in_place else "new"


def restore(
    choice: Choice,
    places: Places,
    progress: Progress,
    into: str | None = None,
    in_place: bool = False,
    database: str | None = None,
    dry_run: bool = False,
) -> dict[str, Any]:
    """Restore one database of a backup. database says which, when there are several.

    The backup is verified first. A new database gets its name only when it is complete. In place, a safety backup of
    the live database is made first, and everything is replaced in one transaction. Raises before anything is
    touched when the backup, the server, the space or the roles do not fit.
    """
    if (into is None) != in_place:
        raise UsageError("restore", "it must be said where to", "Say either --into NEW_DATABASE or --in-place.")
    job = choice.job
    with history.record(places, job.name, "restore") as line, lock.hold(places, job.name, "restore"):
        start = time.monotonic()
        line["backup"] = choice.entry.id if choice.entry else str(choice.file)
        server = reach(job.connection, to_restore=True)
        plan = _plan(choice, server, progress, into, in_place, database, thorough=dry_run)
        line.update(database=plan.into, mode=plan.mode, dry_run=dry_run)
        outcome = _describe(plan, choice)
        if dry_run:
            return {**outcome, "dry_run": True}
        safety = _safety(plan, places, progress) if plan.in_place else None
        line["safety"] = safety
        _create_roles(server, plan, progress)
        workspace.clear(server, job.name)
        progress.step(f"restoring {plan.title} {'in place of' if plan.in_place else 'into'} {plan.into}")
        with server.claim(job.name):
            if plan.in_place:
                load.load_in_place(server, plan.into, plan.path, plan.codec, job.name)
                _analyze(server, plan.into)
            else:
                _load_beside(server, plan)
        rows = _rows(server, plan.into)
        seconds = round(time.monotonic() - start, 3)
        progress.step(f"restored {plan.into}: {len(rows)} tables in {duration(seconds)}")
        return {
            **outcome,
            "dry_run": False,
            "safety": safety,
            "tables": rows,
            "seconds": seconds,
            "undo": _undo(plan, safety),
        }


def _plan(
    choice: Choice,
    server: Server,
    progress: Progress,
    into: str | None,
    in_place: bool,
    database: str | None,
    thorough: bool,
) -> Plan:
    """Check all that can be known beforehand. thorough: also read the archive to its end, as the restore will."""
    server.check()
    with server.session() as session:
        databases, existing = catalog.databases(session), catalog.roles(session)
    if choice.entry is None or choice.entry.manifest is None:
        path = choice.file or Path()
        progress.step(f"reading {path} to its end")
        dump = legacy.inspect(path, server)
        source = database or _only_database(choice.job)
        _require_major(path.name, dump.major, server)
        title, codec, details = path.name, dump.codec, {}
        statements: list[roles.Statement] = []
        missing: list[str] = []
    else:
        manifest = choice.entry.manifest
        artifact = _pick(manifest, database)
        # An older pg_restore would call the archive of a newer one unreadable.
        _require_major(manifest.id, manifest.server["major"], server)
        _verify(choice.entry.directory, manifest, artifact, server if thorough else None, progress)
        path, codec = choice.entry.directory / artifact.file, verify.codec_of(artifact)
        source, details, title = artifact.database or "", artifact.details, manifest.id
        statements = _role_statements(choice.entry.directory, manifest)
        missing = [role for role in details.get("roles", []) if role not in existing]
    create = roles.to_create(statements, missing, existing)
    lost = [role for role in missing if role not in create]
    if lost:
        raise ServerError(
            server.title,
            f"the backup needs roles that neither the server nor the backup's globals have: {', '.join(lost)}",
            "Create them first, for example: " + "; ".join(f"CREATE ROLE {identifier(role)}" for role in lost) + ";",
        )
    target = source if into is None else into
    if into is not None and into in databases:
        raise Refused(
            f"database {into} on {server.title}",
            "it exists, and a restore into it would mix two databases",
            "Choose another name, or replace the live database with --in-place.",
        )
    if len(target.encode()) > NAME_LIMIT:
        raise UsageError(f"database name {target!r}", f"it is longer than {NAME_LIMIT} octets")
    _require_space(server, details)
    return Plan(
        choice.job,
        title,
        path,
        codec,
        source,
        target,
        in_place and target in databases,
        details,
        tuple(create),
        tuple(roles.script(statements, create, existing)),
    )


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


def _only_database(job: Job) -> str:
    if len(job.databases) > 1:
        there = ", ".join(source.database for source in job.databases)
        raise UsageError(f"job {job.name}", f"it has several databases: {there}", "Say which one with --database.")
    return job.databases[0].database


def _verify(directory: Path, manifest: Manifest, artifact: Artifact, server: Server | None, progress: Progress) -> None:
    """Only what this restore reads: another database's damage is no reason not to restore this one."""
    wanted = tuple(found for found in manifest.artifacts if found in (artifact, manifest.globals()))
    verdicts = verify.check(directory, manifest.only(wanted), server, progress)
    verify.raise_problems(manifest.id, verdicts)


def _role_statements(directory: Path, manifest: Manifest) -> list[roles.Statement]:
    artifact = manifest.globals()
    if artifact is None:
        return []
    parts: list[bytes] = []
    codec = verify.codec_of(artifact)
    with (directory / artifact.file).open("rb") as stream:
        archive.through(decompressor(codec.outer), stream, parts.append)
    return roles.read_globals(b"".join(parts).decode("utf-8"))


def _require_space(server: Server, details: dict[str, Any]) -> None:
    directory = server.data_directory()
    if directory is not None and details.get("size"):
        space.require(
            directory, round(details["size"] * 1.05), "the restored database", "Free space on the server's disk."
        )


def _safety(plan: Plan, places: Places, progress: Progress) -> str:
    progress.step(f"making a safety backup of {plan.into} first")
    with history.record(places, plan.job.name, "backup") as line:
        return backup.make(plan.job, "safety", line, progress).id


def _create_roles(server: Server, plan: Plan, progress: Progress) -> None:
    if not plan.create_roles:
        return
    progress.step(f"creating the missing roles {', '.join(plan.create_roles)}")
    with server.session() as session, session.transaction():
        for statement in plan.role_script:
            session.execute(statement)


def _load_beside(server: Server, plan: Plan) -> None:
    """Load under a working name, and give the database its own only when it is complete."""
    from psycopg import sql

    comment = f"holdfast, job {plan.job.name}: unfinished restore into {plan.into}"
    _drop_unfinished(server, comment)
    ending = f"_restore_{names.stamp(datetime.now(timezone.utc))}"
    working = plan.into.encode()[: NAME_LIMIT - len(ending)].decode(errors="ignore") + ending
    load.create_database(server, working, plan.details, comment)
    try:
        load.load(server, working, plan.path, plan.codec, plan.job.parallel, plan.job.name)
        _analyze(server, working)
        properties.apply(server, working, plan.details)
        # At once: without its mark an unfinished database would stay for ever.
        with server.session() as session, session.transaction():
            old, new = sql.Identifier(working), sql.Identifier(plan.into)
            comment_on = sql.SQL("COMMENT ON DATABASE {} IS {}")
            session.execute(comment_on.format(old, sql.Literal(plan.details.get("comment"))))
            session.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(old, new))
    except BaseException:
        _drop(server, working)
        raise


def _analyze(server: Server, database: str) -> None:
    with server.session(database) as session:
        session.execute("ANALYZE")


def _drop_unfinished(server: Server, comment: str) -> None:
    with server.session() as session:
        left = session.execute(
            "SELECT datname FROM pg_database WHERE shobj_description(oid, 'pg_database') = %s", [comment]
        ).fetchall()
    for (name,) in left:
        _drop(server, name)


def _drop(server: Server, name: str) -> None:
    from psycopg import sql

    with server.session() as session:
        session.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _rows(server: Server, database: str) -> list[dict[str, Any]]:
    with server.session(database) as session:
        return catalog.count_rows(session)


def _describe(plan: Plan, choice: Choice) -> dict[str, Any]:
    return {
        "backup": plan.title,
        "job": plan.job.name,
        "source": plan.source,
        "database": plan.into,
        "mode": plan.mode,
        "roles_created": list(plan.create_roles),
        "passed_over": list(choice.passed_over),
    }


def _undo(plan: Plan, safety: str | None) -> str:
    if safety is not None:
        return f"holdfast restore {safety} --in-place --database {shlex.quote(plan.into)}"
    return f"DROP DATABASE {identifier(plan.into)}"
