# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where a drill restores: the choice among the scratch servers, and what killed drills left in any of them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from . import working
from .definition.model import Job
from .errors import HoldfastError, UsageError
from .furnish import furnish
from .places import Places
from .postgresql import catalog, scratch, scratch_cluster, scratch_container, workspace
from .postgresql.reach import reach
from .postgresql.scratch import Need
from .postgresql.server import NAME_LIMIT, Server
from .progress import Progress
from .repository.local import Entry
from .repository.manifest import Manifest

ENDING = "_holdfast_drill"


@contextlib.contextmanager
def scratchpad(
    job: Job, entry: Entry, manifest: Manifest, places: Places, where: str, report: dict[str, Any], progress: Progress
) -> Iterator[Server]:
    """The server in which a drill of the backup may restore, with its roles and tablespaces. The report is told of it.

    The backup's globals and proofs must have been verified. Must be called under the lock of the job's drills: what a
    killed drill of the job left is removed first.
    """
    need = _need(job, manifest, places, progress)
    chosen = report["where"] = _choose(job, where, need.major)
    report["server"] = {"title": "", "version": None, "major": None, "isolation": ""}
    _clear(job, places, need, chosen, progress)
    with contextlib.ExitStack() as stack:
        if chosen == "container":
            server: Server = stack.enter_context(scratch_container.container(job.connection, need, progress))
            report["server"]["isolation"] = scratch_container.ALONE
        elif chosen == "cluster":
            scratch_server = stack.enter_context(scratch_cluster.cluster(job.connection, need, progress))
            server = scratch_server
            report["server"]["isolation"] = scratch_server.isolation
        else:
            server = reach(job.connection, to_restore=True)
            server.check()
            workspace.clear(server)
        report["server"]["title"] = server.title
        if chosen != "database":
            report["placeholders"] = furnish(server, entry.directory, manifest, need.roles)
        yield server


def look(job: Job, manifest: Manifest, places: Places, where: str, progress: Progress) -> tuple[str, str]:
    """(where, with what) a drill would restore, for people. What can be known to keep it from that is raised."""
    need = _need(job, manifest, places, progress)
    chosen = _choose(job, where, need.major)
    if chosen == "container":
        return chosen, f"a scratch container of image {scratch_container.look(job.connection, need).name}"
    if chosen == "cluster":
        return chosen, f"a scratch cluster made with {scratch_cluster.look(job.connection, need)}"
    server = reach(job.connection, to_restore=True)
    server.check()
    return chosen, f"databases beside the live ones, on {server.title}"


def into(database: str) -> str:
    """The name for which a database is restored. It is the same each time: what a killed drill left is found by it."""
    return database.encode()[: NAME_LIMIT - len(ENDING)].decode(errors="ignore") + ENDING


def _choose(job: Job, where: str, major: int) -> str:
    contained = job.connection.kind == "container"
    if where == "container" and not contained:
        raise UsageError(
            f"job {job.name}", "its server is in no container", "Leave --where out, or choose cluster or database."
        )
    if where != "auto":
        return where
    if contained:
        return "container"
    if scratch_cluster.find_programs(major) is None:
        raise scratch_cluster.missing(major)
    return "cluster"


def _need(job: Job, manifest: Manifest, places: Places, progress: Progress) -> Need:
    superuser, libraries, major = "postgres", "", int(manifest.server.get("major") or 0)
    roles: list[str] = []
    data = None
    try:
        with reach(job.connection).session() as session:
            superuser, libraries = scratch.like(session)
            roles = catalog.roles(session)
            data = None if job.connection.kind == "container" else catalog.data_directory(session)
            major = major or session.info.server_version // 10000
    except HoldfastError as error:
        progress.warn(f"the source cannot be asked how it is set up, and is not needed: {error.cause}")
    # Rows take more room than their compressed dump.
    size = max(artifact.details.get("size") or artifact.size * 10 for artifact in manifest.databases())
    owner, where = scratch.owner(places, job.name), Path(data) if data else None
    return Need(job.name, owner, major, superuser, libraries, tuple(roles), size, where)


def _clear(job: Job, places: Places, need: Need, chosen: str, progress: Progress) -> None:
    """Remove what killed drills left, also where this one will not be."""
    removed = scratch_cluster.clear(job.connection, need.owner)
    if job.connection.kind == "container":
        with contextlib.ExitStack() as stack:
            if chosen != "container":
                # Without an engine no drill left anything in it.
                stack.enter_context(contextlib.suppress(HoldfastError))
            removed += scratch_container.clear(job.connection, need.owner)
    if removed:
        progress.step(f"removed the scratch server of {removed} killed drill{'s' * (removed > 1)}")
    live = reach(job.connection, to_restore=True)
    with contextlib.ExitStack() as stack:
        if chosen != "database":
            stack.enter_context(contextlib.suppress(HoldfastError))
        for source in job.databases:
            if working.drop_left(live, places, job.name, progress, into(source.database)):
                progress.step(f"dropped the scratch database that a killed drill left of {source.database}")
