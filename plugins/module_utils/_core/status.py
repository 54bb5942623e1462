# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``holdfast status``: eight points of health, the largest tables, and how everything grew."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from . import health, history, listing, scheduler, space
from .aside import Aside, put_aside
from .definition.model import Job
from .errors import DefinitionError, HoldfastError
from .health import Check
from .places import Places
from .postgresql import catalog
from .postgresql.container import ContainerServer
from .postgresql.reach import reach
from .postgresql.server import Server
from .repository import leftovers, lock
from .repository.local import Repository
from .repository.manifest import Manifest, moment
from .units import size

TABLES = 10


def status(job: Job, places: Places) -> dict[str, Any]:
    """The report on one job: level, checks, databases and tables with their size and growth, empty: whether none of its
    databases holds a table (False when the server does not answer), put_aside: the databases that swaps and rollbacks
    kept, with what each was, since when, and its size.

    growth compares with the oldest regular backup that knew the size, since says which that is. Never raises for a
    server that is down: that is what it reports.
    """
    server = reach(job.connection)
    manifests = [
        entry.manifest
        for entry in Repository(job.repository, job.name).entries()
        if entry.manifest is not None and entry.manifest.purpose != "adopted" and entry.manifest.imported is None
    ]
    listed = listing.backups(job, places)["backups"]
    at_work = lock.at_work(places, job.name)
    # A safety backup is of what was replaced, perhaps of another database than the one that is live now.
    regular = [manifest for manifest in manifests if manifest.purpose == "backup"]
    checks, databases, tables, asides = _ask_server(job, places, server, regular)
    now = datetime.now().astimezone()
    sizes = sum(database["size"] for database in databases)
    last_size = manifests[-1].size if manifests else 0
    recent = health.backups(
        listed,
        _last_backup_run(places, job.name),
        None if at_work else _killed(job),
        moment(at_work["since"]) if at_work and at_work["verb"] == "backup" else None,
        job.schedule,
        now,
    )
    empty = not tables and any(check.point == "Connectivity" and check.level == health.OK for check in checks)
    if empty:
        good = [backup["id"] for backup in listed if not backup["problem"] and not backup["future"]]
        recent = health.to_be_filled(recent, good[0] if good else None)
    future = [backup["id"] for backup in listed if backup["future"]]
    recent = health.known(recent, history.unreadable(places, job.name), str(places.history(job.name)))
    recent = health.dated(recent, future, history.newest(places, job.name), now)
    oldest = min((manifest.moment for manifest in manifests), default=None)
    checks += [
        health.drilled(recent, history.last_drill(places, job.name), oldest, job.drill_schedule, now),
        health.disk(
            str(job.repository),
            space.free(job.repository),
            space.total(job.repository),
            space.for_backup(last_size, sizes),
            {str(place): space.obstacle(place) for place in (job.repository, places.state)},
        ),
        _scheduled(job, now),
    ]
    level = health.worst(checks)
    return {
        "job": job.name,
        "level": level,
        "checks": [asdict(check) for check in checks],
        "databases": databases,
        "tables": tables,
        "empty": empty,
        "since": regular[0].id if regular else None,
        "put_aside": [
            {"database": aside.name, "was": aside.mark.was, "at": aside.mark.at, "size": aside.size} for aside in asides
        ],
        "exit_status": health.EXIT_STATUS[level],
    }


def without_an_answer(job: str, error: HoldfastError) -> dict[str, Any]:
    """The report on a job that could not be asked, such as one whose definition is wrong."""
    point = "Definition" if isinstance(error, DefinitionError) else "Report"
    check = Check(point, health.CRITICAL, f"{error.thing}: {error.first_line}", error.next_step)
    return {
        "job": job,
        "level": check.level,
        "checks": [asdict(check)],
        "databases": [],
        "tables": [],
        "empty": False,
        "since": None,
        "put_aside": [],
        "exit_status": health.EXIT_STATUS[check.level],
    }


def _scheduled(job: Job, now: datetime) -> Check:
    check = health.scheduled(job.schedule, *scheduler.find(job.name, "backup"), now)
    if job.schedule is None:
        return check
    return health.drills_scheduled(check, job.drill_schedule, *scheduler.find(job.name, "drill"), now)


def _ask_server(
    job: Job, places: Places, server: Server, manifests: Sequence[Manifest]
) -> tuple[list[Check], list[dict[str, Any]], list[dict[str, Any]], list[Aside]]:
    mounts: Sequence[Mapping[str, Any]] = []
    try:
        if isinstance(server, ContainerServer):
            container = server.inspect()
            mounts = container.get("Mounts", [])
            carrier = Check("Container", health.OK, f"{job.connection.container} runs {_image(container)}")
        else:
            carrier = Check("Server", health.OK, server.title)
    except HoldfastError as error:
        return _down(error, "Container", "it does not run"), [], [], []
    start = time.monotonic()
    try:
        with server.session() as session:
            version, there = catalog.version(session), catalog.databases(session)
            directory = catalog.data_directory(session)
            asides = put_aside(session, places, job.name)
            described = {source.database: catalog.describe(session, source.database) for source in job.databases}
        answered = f"PostgreSQL {version} answers in {(time.monotonic() - start) * 1000:.0f} ms"
        databases, tables = _sizes(job, server, there, described, manifests)
    except HoldfastError as error:
        return [carrier, *_down(error, "Connectivity", "no answer")[1:]], [], [], []
    lost = [source.database for source in job.databases if source.database not in there]
    total = sum(database["size"] for database in databases)
    text = ", ".join(f"{found['database']} {size(found['size'])}" for found in databases)
    if lost:
        step = "Restore it, or correct the job."
        databases_check = Check("Database size", health.CRITICAL, f"{', '.join(lost)} does not exist", step)
    else:
        databases_check = Check("Database size", health.OK, text if len(databases) < 4 else size(total))
    checks = [
        carrier,
        health.storage(job.connection.kind, directory, mounts),
        _data_directory(server, directory),
        Check("Connectivity", health.OK, answered),
        databases_check,
    ]
    return checks, databases, tables, asides


def _down(error: HoldfastError, point: str, elsewhere: str) -> list[Check]:
    """The points of a server that cannot be asked: one says why, the others that it was so."""
    points = [point if point == "Container" else "Server", "Volume mount", "Data directory"]
    points += ["Connectivity", "Database size"]
    failed = Check(point, health.CRITICAL, error.first_line, error.next_step)
    return [failed if name == point else Check(name, health.UNKNOWN, elsewhere) for name in points]


def _data_directory(server: Server, inside: str | None) -> Check:
    seen = server.data_directory()
    if seen is None or not seen.is_dir():
        return Check("Data directory", health.UNKNOWN, inside or "not visible from here")
    return Check("Data directory", health.OK, f"{inside}, {size(_disk_usage(seen))}")


def _sizes(
    job: Job,
    server: Server,
    there: Sequence[str],
    described: Mapping[str, Mapping[str, Any]],
    manifests: Sequence[Manifest],
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    databases, tables = [], []
    for source in job.databases:
        if source.database not in there:
            continue
        earlier = _earlier(manifests, source.database)
        now_size = described[source.database]["size"]
        databases.append(
            {
                "database": source.database,
                "size": now_size,
                "growth": health.growth(now_size, earlier.get("size")),
            }
        )
        before = {(table["schema"], table["table"]): table["size"] for table in earlier.get("largest_tables", [])}
        with server.session(source.database) as session:
            for table in catalog.largest_tables(session, TABLES):
                grown = health.growth(table["size"], before.get((table["schema"], table["table"])))
                tables.append({"database": source.database, **table, "growth": grown})
    tables.sort(key=lambda table: -table["size"])
    return databases, tables[:TABLES]


def _earlier(manifests: Sequence[Manifest], database: str) -> Mapping[str, Any]:
    for manifest in manifests:
        for artifact in manifest.databases():
            if artifact.database == database:
                return artifact.details
    return {}


def _killed(job: Job) -> str | None:
    """The backup that a run was making when it was killed, which the history cannot tell."""
    left = leftovers.unfinished(Repository(job.repository, job.name))
    return left[-1] if left else None


def _last_backup_run(places: Places, job: str) -> dict[str, Any] | None:
    """The last run that was to make a regular backup. What a restore makes of what it replaces is another thing."""
    runs = [
        line
        for line in history.read(places, job)
        if line["verb"] == "backup" and line["result"] != "locked" and line.get("purpose") != "safety"
    ]
    return runs[-1] if runs else None


def _image(container: Mapping[str, Any]) -> str:
    return str(container.get("Config", {}).get("Image") or container.get("ImageName") or "an unknown image")


def _disk_usage(directory: Path) -> int:
    """Octets that a tree takes on the disk. Files that go away meanwhile do not count."""
    total = 0
    # What is seen through a descriptor is a link, which os.fwalk does not follow.
    for _root, _directories, files, descriptor in os.fwalk(f"{directory}/."):
        for name in files:
            with contextlib.suppress(FileNotFoundError):
                total += os.stat(name, dir_fd=descriptor, follow_symlinks=False).st_blocks * 512
    return total
