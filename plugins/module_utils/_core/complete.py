# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Proving a database that is still alone with us, so that what was proved is what is taken into use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import proof, seclusion
from . import prove as proving
from .plan import Plan
from .postgresql import objects, properties
from .postgresql.server import Server
from .progress import Progress


def prove(
    server: Server,
    working: str,
    plan: Plan,
    progress: Progress,
    wanted: Mapping[str, Any] | None = None,
    whole: bool = False,
) -> tuple[dict[str, Any], dict[str, Any], seclusion.Closed]:
    """(verdict, proof of what is there, the database, which takes no connections from now on).

    wanted: what belongs to the database itself, when that should be what the backup had; it is only tried. whole: as in
    :func:`.prove.prove`.
    """
    watched = seclusion.watch(server, working)
    workers = plan.job.parallel - 1
    verdict, found = proving.prove(server, working, plan.proof, workers, progress, itself=False, whole=whole)
    if plan.proof is not None and wanted is not None:
        _itself(server, working, plan.proof, wanted, verdict, found)
    return verdict, found, seclusion.close(server, watched, progress)


def _itself(
    server: Server,
    working: str,
    expected: Mapping[str, Any],
    wanted: Mapping[str, Any],
    verdict: dict[str, Any],
    found: dict[str, Any],
) -> None:
    """Add how the database itself would differ. It gets what belongs to it for as long as it takes to look."""
    # Roles are named by the server: a database of another encoding reads other names.
    with server.session() as session, session.transaction(force_rollback=True):
        properties.apply(session, working, wanted)
        properties.comment_on(session, working, wanted.get("comment"))
        found["objects"]["database"] = objects.database(session, working)
    differences = [one.as_data() for one in proof.compare(_only(expected), _only(found)) if not one.harmless]
    verdict["differences"] += [one for one in differences if one not in verdict["differences"]]
    if differences:
        verdict["result"] = "differs"


def _only(whole: Mapping[str, Any]) -> dict[str, Any]:
    """A proof that speaks of the database itself alone."""
    nothing: dict[str, Any] = {"tables": {}, "sequences": {}, "large_objects": {"problem": ""}}
    return {**whole, **nothing, "objects": {"database": whole["objects"]["database"]}}
