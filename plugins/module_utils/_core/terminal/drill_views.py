# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The result of a drill as blocks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..evidence import PARTS
from ..units import count, duration
from .blocks import Block, Line, Table

SHOWN = 20


def drilled(report: Mapping[str, Any]) -> list[Block]:
    if report.get("dry_run"):
        databases = ", ".join(report["databases"])
        proof = "and compare it with its proof" if report["proof"] else "without a proof to compare it with"
        return [
            Line(f"Would restore {report['backup']} ({databases}) into {report['target']}, {proof}."),
            Line("Everything that can be checked beforehand is in order. Nothing was changed.", "good"),
        ]
    blocks: list[Block] = []
    for database in report["databases"]:
        blocks += [Line(f"Database {database['database']}", "title"), *_tables(database), *_objects(database)]
        blocks += [Line(f"{one['kind']} {one['name']}: {one['what']} (no loss)", "dim") for one in database["notes"]]
    if report["placeholders"]:
        roles = ", ".join(report["placeholders"])
        blocks.append(Line(f"Roles that the backup needs and does not hold: {roles}", "warning"))
    recovery = report["recovery"]
    parts = ", ".join(f"{PARTS[name]} {duration(seconds)}" for name, seconds in recovery["parts"].items())
    blocks.append(Line(f"Recovery time: {duration(recovery['seconds'])} ({parts})."))
    if report["result"] == "proved":
        return [*blocks, Line(f"Backup {report['backup']} is proved: it can be restored.", "good")]
    told = f"Backup {report['backup']} was restored, but not proved: it has no proof to compare it with."
    return [*blocks, Line(told, "warning")]


def _tables(database: Mapping[str, Any]) -> list[Block]:
    """The largest tables, in the order of their names."""
    largest = sorted(database["tables"], key=lambda table: -(table["rows"] or 0))[:SHOWN]
    rows = [
        (table["table"], f"{table['rows']:,}", table["verdict"]) for table in database["tables"] if table in largest
    ]
    others = len(database["tables"]) - len(rows)
    more = [Line(f"... and {count(others, 'smaller table')}", "dim")] if others else []
    return [Table(("TABLE", "ROWS", "VERDICT"), rows, right=(1,)), *more]


def _objects(database: Mapping[str, Any]) -> list[Block]:
    if not database["objects"]:
        return []
    counted = ", ".join(f"{kind['kind']} ({kind['count']:,})" for kind in database["objects"])
    return [Line(f"Compared as well: {counted}.", "dim")]
