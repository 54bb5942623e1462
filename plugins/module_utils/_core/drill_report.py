# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report of a drill: what was tested, where, how long it took, and the verdict on every table and kind of object.

evidence      1, the version of this shape
program       the version of holdfast
job backup created purpose taken_on source
              what was tested: created is when it was made, taken_on the host, source the server
host user started finished
              who tested it, and when
result        proved, not proved (there is no proof), differs, or failed
where server  container, cluster or database; title, version and major of the server that it was restored into, and its
              isolation: what kept it apart from everything live, a sentence
artifacts     file, kind, size, sha256, and verified: whether the file had that checksum
placeholders  roles that the backup needs and does not hold, made up for the drill
recovery      seconds until everything was proved, and its parts: check, server, restore, prove
databases     database, result, mode, rows, tables, objects, differences, notes, error; see :func:`database`
error         thing, cause and next_step of what made it fail, or None
"""

from __future__ import annotations

import os
import pwd
import socket
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

from . import VERSION, proof
from .difference import Difference
from .errors import HoldfastError
from .repository.manifest import Artifact, Manifest, timestamp

SHAPE = 1
# What proof.compare() calls a table.
TABLES = ("table", "materialized view")


def begin(job: str, manifest: Manifest) -> dict[str, Any]:
    """The report of a drill that begins now. verified collects the artifacts whose checksum was right."""
    return {
        "evidence": SHAPE,
        "program": VERSION,
        "job": job,
        "backup": manifest.id,
        "created": manifest.created,
        "purpose": manifest.purpose,
        "taken_on": manifest.host,
        "source": manifest.server,
        "host": socket.gethostname(),
        "user": _user(),
        "started": timestamp(datetime.now(timezone.utc)),
        "finished": None,
        "result": "failed",
        "where": None,
        "server": {"title": "", "version": None, "major": None, "isolation": ""},
        "artifacts": [
            {"file": artifact.file, "kind": artifact.kind, "size": artifact.size, "sha256": artifact.sha256}
            for artifact in manifest.artifacts
        ],
        "placeholders": [],
        "recovery": {"seconds": 0, "parts": {}},
        "databases": [],
        "error": None,
        "verified": [],
    }


def finish(report: dict[str, Any]) -> None:
    report["finished"] = timestamp(datetime.now(timezone.utc))
    verified = report.pop("verified")
    for artifact in report["artifacts"]:
        artifact["verified"] = artifact["file"] in verified


def database(
    artifact: Artifact, verdict: Mapping[str, Any], expected: Mapping[str, Any] | None, found: Mapping[str, Any]
) -> dict[str, Any]:
    """The part of one database that was restored.

    verdict, found: of :func:`.prove.prove`. tables: table, kind, rows, expected (rows in the backup, or None), verdict
    (ok, counted, or how it differs). objects: kind, count (in the backup), differences and not_compared (how many).
    """
    told = [Difference(**one) for one in [*verdict["differences"], *verdict["notes"]]]
    return {
        "database": artifact.database,
        "result": "not proved" if expected is None else verdict["result"],
        "mode": verdict["mode"] if expected is not None else "none",
        "rows": verdict["rows"],
        "tables": tables(expected, found, told),
        "objects": [] if expected is None else objects(expected, found, told),
        "differences": verdict["differences"],
        "notes": verdict["notes"],
        "unread": None if expected is None else expected["large_objects"].get("problem"),
        "error": None,
    }


def failed(artifact: Artifact, error: HoldfastError) -> dict[str, Any]:
    """The part of a database that could not be restored."""
    return {
        "database": artifact.database,
        "result": "failed",
        "mode": "none",
        "rows": 0,
        "tables": [],
        "objects": [],
        "differences": [],
        "notes": [],
        "unread": None,
        "error": f"{error.thing}: {error.cause}",
    }


def tables(
    expected: Mapping[str, Any] | None, found: Mapping[str, Any], told: Sequence[Difference]
) -> list[dict[str, Any]]:
    """Every table of the backup and of what was restored, by name."""
    backed_up = {} if expected is None else expected["tables"]
    differing: dict[str, list[str]] = {}
    for one in told:
        if one.kind in TABLES:
            differing.setdefault(one.name, []).append(one.what)
    listed = []
    for name in sorted({*backed_up, *found["tables"]}):
        there, here = backed_up.get(name), found["tables"].get(name)
        kind = (here or there or {}).get("kind")
        listed.append(
            {
                "table": name,
                "kind": "materialized view" if kind == "m" else "table",
                "rows": here["rows"] if here else None,
                "expected": there["rows"] if there else None,
                "verdict": "; ".join(differing.get(name, ["counted" if expected is None else "ok"])),
            }
        )
    return listed


def objects(expected: Mapping[str, Any], found: Mapping[str, Any], told: Sequence[Difference]) -> list[dict[str, Any]]:
    """Every kind of object that was compared, with the number of its differences."""
    counts = {kind: len(names) for kind, names in expected["objects"].items()}
    counts["sequence"] = len(expected["sequences"])
    counts["large objects"] = expected["large_objects"]["count"]
    differing: dict[str, int] = {}
    for one in proof.serious(told):
        differing[one.kind] = differing.get(one.kind, 0) + 1
    uncompared = [one.kind for one in told if not one.compared]
    for kind, names in found["objects"].items():
        if names:
            counts.setdefault(kind, 0)
    return [
        {
            "kind": kind,
            "count": counts.get(kind, 0),
            "differences": differing.get(kind, 0),
            "not_compared": uncompared.count(kind),
        }
        for kind in sorted({*counts, *differing})
        if counts.get(kind) or differing.get(kind)
    ]


def _user() -> str:
    try:
        name = pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        name = str(os.geteuid())
    behind = os.environ.get("SUDO_USER")
    return f"{name} (sudo by {behind})" if behind else name
