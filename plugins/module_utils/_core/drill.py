# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``holdfast drill``: restore a backup where it harms nobody, compare it with its proof, and keep the evidence."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from . import beside, complete, drill_report, evidence, history, load_failed, prove, scratchpad, verify
from .difference import Difference
from .errors import HoldfastError, NotProved, Refused, UnknownBackup, UsageError
from .places import Places
from .plan import plan
from .postgresql import catalog
from .postgresql.server import Server
from .priority import low_priority
from .progress import Progress
from .repository import lock
from .repository.local import Entry
from .repository.manifest import Artifact, Manifest
from .request import RestoreRequest
from .units import count, duration
from .which import Choice

REPLACE = "Do not rely on it: take another backup (holdfast backup), drill that, and find out what changed this one."
COMPUTE = "The backup is whole; what computes it needs a privilege that its owner lost, or rows that are there no more."
WHERE = ("auto", "container", "cluster", "database")


@dataclass
class Recovery:
    """How long it took to get from nothing to a proved database: seconds of each part."""

    parts: dict[str, float] = field(default_factory=dict)

    @contextlib.contextmanager
    def part(self, name: str) -> Iterator[None]:
        start = time.monotonic()
        try:
            yield
        finally:
            self.parts[name] = round(self.parts.get(name, 0) + time.monotonic() - start, 3)

    def as_data(self) -> dict[str, Any]:
        return {"seconds": round(sum(self.parts.values()), 3), "parts": self.parts}


def drill(
    choice: Choice, places: Places, progress: Progress, where: str = "auto", dry_run: bool = False
) -> dict[str, Any]:
    """Restore every database of a backup into a scratch server, and prove them; the report, which is the evidence too.

    where: container, cluster, database (beside the live ones), or auto for what the job's connection allows. The report
    is described in :mod:`.drill_report`; its result is proved, or not proved for a backup that has no proof. Raises
    :class:`NotProved` for one that differs from its proof, and whatever else keeps it from being restored; the evidence
    is written all the same. Backups of the job go on meanwhile, unless where is database.

    dry_run: check what can be checked beforehand, the checksums of the backup included; the outcome says what would be
    restored, and into what.
    """
    entry, manifest = _backup(choice, where)
    job = choice.job
    if dry_run:
        chosen, target = scratchpad.look(job, manifest, places, where, progress)
        verify.raise_problems(entry.id, verify.check(entry.directory, manifest, None, progress))
        databases = [artifact.database for artifact in manifest.databases()]
        return {
            "backup": entry.id,
            "databases": databases,
            "proof": all(manifest.proof_of(artifact) for artifact in manifest.databases()),
            "where": chosen,
            "target": target,
            "dry_run": True,
        }
    with history.record(places, job.name, "drill") as line:
        line["backup"] = entry.id
        with contextlib.ExitStack() as stack:
            stack.enter_context(lock.hold(places, job.name, "drill", entry.id))
            # Several at once would be in each other's way, and measure that.
            waiting = "waiting for the drill of another job to end"
            stack.enter_context(lock.queue(places, lambda: progress.step(waiting)))
            if where == "database":
                # Whoever works on the live server ends the sessions of the one before. Not before it is our turn:
                # backups of the job go on until then.
                stack.enter_context(lock.hold(places, job.name, "drill"))
            stack.enter_context(low_priority())
            report = drill_report.begin(job.name, manifest)
            try:
                _carry_out(choice, entry, manifest, places, progress, where, report)
            except HoldfastError as error:
                report["error"] = {"thing": error.thing, "cause": error.cause, "next_step": error.next_step}
                report["result"] = "differs" if isinstance(error, NotProved) else "failed"
                # What went wrong before matters more than a disk without room for the evidence.
                with contextlib.suppress(HoldfastError):
                    path = _conclude(places, report, line, progress)
                    error.next_step = f"{error.next_step}\nThe evidence is in {path}.".lstrip()
                raise
            _conclude(places, report, line, progress)
            return report


def _backup(choice: Choice, where: str) -> tuple[Entry, Manifest]:
    if where not in WHERE:
        raise UsageError(f"where {where!r}", f"it is none of {', '.join(WHERE)}")
    if choice.entry is None or choice.entry.manifest is None:
        raise UnknownBackup(
            f"file {choice.file}",
            "it has no manifest, so it is no backup",
            f"holdfast adopt {choice.file} gives it one.",
        )
    return choice.entry, choice.entry.manifest


def _conclude(places: Places, report: dict[str, Any], line: dict[str, Any], progress: Progress) -> str:
    """Finish the report and write it; where it is. A drill that leaves no evidence proves nothing to anybody."""
    drill_report.finish(report)
    line.update(
        verdict=report["result"] if report["error"] else "failed",
        where=report["where"],
        databases=[database["database"] for database in report["databases"]],
        recovery=report["recovery"]["seconds"],
    )
    path = evidence.write(places, report)
    line.update(verdict=report["result"], evidence=str(path))
    told = {"proved": "proved", "not proved": "restored, but not proved, for it has no proof"}
    seconds = duration(report["recovery"]["seconds"])
    progress.step(f"backup {report['backup']}: {told.get(report['result'], 'the drill failed')} after {seconds}")
    progress.step(f"the evidence is in {path}")
    return str(path)


def _carry_out(
    choice: Choice,
    entry: Entry,
    manifest: Manifest,
    places: Places,
    progress: Progress,
    where: str,
    report: dict[str, Any],
) -> None:
    errors: list[HoldfastError] = []
    with contextlib.ExitStack() as stack:
        recovery = Recovery()
        stack.callback(lambda: report.update(recovery=recovery.as_data()))
        with recovery.part("check"):
            # What is about to be executed and read must be what was written.
            small = tuple(artifact for artifact in manifest.artifacts if artifact.kind in ("globals", "proof"))
            verify.raise_problems(entry.id, verify.check(entry.directory, manifest.only(small), None, progress))
            report["verified"] += [artifact.file for artifact in small]
        with recovery.part("server"):
            server = stack.enter_context(
                scratchpad.scratchpad(choice.job, entry, manifest, places, where, report, progress)
            )
            stack.enter_context(server.claim(choice.job.name))
            with server.session() as session:
                report["server"].update(version=catalog.version(session), major=server.major)
        for artifact in manifest.databases():
            try:
                # The last one goes with its server, which is faster.
                drop = report["where"] == "database" or artifact is not manifest.databases()[-1]
                done = _one(choice, server, artifact, places, recovery, drop, report, progress)
            except HoldfastError as error:
                errors.append(error)
                done = drill_report.failed(artifact, error)
            report["databases"].append(done)
    _judge(entry.id, report, errors)


def _one(
    choice: Choice,
    server: Server,
    artifact: Artifact,
    places: Places,
    recovery: Recovery,
    drop: bool,
    report: dict[str, Any],
    progress: Progress,
) -> dict[str, Any]:
    """Restore one database and prove it, and drop it if that is wanted; its part of the report."""
    with recovery.part("check"):
        into = scratchpad.into(artifact.database or "")
        planned = plan(choice, server, progress, RestoreRequest("new", into=into, database=artifact.database))
        report["verified"].append(artifact.file)
    if planned.roles.create:
        raise Refused(
            server.title,
            f"roles that the backup needs are missing: {', '.join(planned.roles.create)}",
            "A drill creates no roles on a live server: create them, or choose another --where.",
        )
    progress.step(f"restoring database {artifact.database} into the {server.title}")
    with contextlib.ExitStack() as stack:
        with recovery.part("restore"):
            # A scratch server goes away itself, whatever is in it.
            noted = places if report["where"] == "database" else None
            loading = beside.loaded(server, noted, planned, planned.details, progress, keep=not drop)
            working = stack.enter_context(load_failed.explained(choice, server, planned, places, loading))
        with recovery.part("prove"):
            verdict, found, _closed = complete.prove(server, working, planned, progress, planned.details)
    progress.step(f"database {artifact.database}: {verdict['result']}, {count(verdict['tables'], 'table')}")
    return drill_report.database(artifact, verdict, planned.proof, found)


def _judge(backup: str, report: dict[str, Any], errors: list[HoldfastError]) -> None:
    """Set the result, or raise what is worst."""
    lines: list[str] = []
    found: list[Difference] = []
    for database in report["databases"]:
        where = "" if len(report["databases"]) == 1 else f"database {database['database']}, "
        differences = [Difference(**one) for one in database["differences"]]
        lines += [f"{where}{one}" for one in differences]
        found += differences
    if found:
        lines += [f"{error.thing}: {error.first_line}" for error in errors]
        cause = f"it is not what was backed up: {prove.told(lines)}"
        raise prove.not_proved(f"backup {backup}", cause, REPLACE if prove.damaged(found) else COMPUTE, found)
    if errors:
        raise errors[0]
    proved = all(database["result"] == "proved" for database in report["databases"])
    report["result"] = "proved" if proved else "not proved"
