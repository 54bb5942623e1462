# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The results of restores and rollbacks as blocks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..postgresql.quote import typed
from ..units import count, duration
from .blocks import Block, Line, Table
from .exchanged import itself, sequences
from .replacing import replacing

IN_DIFFERENT_WAYS = "the two major versions of PostgreSQL write them in different ways"
NAMED = 20
TABLES_SHOWN = 20


def restored(result: Mapping[str, Any]) -> list[Block]:
    where = f"{'in place of' if result['replaces'] else 'into the new'} database {result['database']}"
    blocks: list[Block] = [Line(f"Passed over: {other}", "warning") for other in result["passed_over"]]
    if result["roles_created"]:
        roles = ", ".join(result["roles_created"])
        blocks.append(Line(f"Roles that the server lacks and the backup has: {roles}"))
    if result["dry_run"]:
        blocks += replacing(result["replacing"]) if result["replacing"] else []
        blocks += itself(result)
        blocks.append(Line(f"Would restore {result['backup']} ({result['source']}) {where}:"))
        blocks += [Line(f"  {number}. {step}") for number, step in enumerate(result["steps"], 1)]
        return [*blocks, Line("Everything that can be checked beforehand is in order. Nothing was changed.", "good")]
    blocks += [*_tables(result["tables"]), *_proved(result["proof"]), *itself(result)]
    blocks += sequences(result["sequences_raised"])
    if result["before"]:
        where = f"which is now the live database {result['database']}"
    told = f"Restored {result['backup']} ({result['source']}), {where}, in {duration(result['seconds'])}."
    blocks.append(Line(told, "good" if result["proof"]["result"] != "differs" else "warning"))
    if result["before"]:
        outage = f"The live database was out of reach for {result['outage']:.2f} s"
        blocks.append(Line(f"{outage}; what it held until then is kept as {result['before']}."))
    return [*blocks, Line(f"To undo: {result['undo']}")]


def restored_tables(result: Mapping[str, Any]) -> list[Block]:
    blocks: list[Block] = [Line(f"Passed over: {other}", "warning") for other in result["passed_over"]]
    renamed = [f"{one['table']} as {one['now']}" for one in result["renamed"]]
    if result["dry_run"]:
        told = f"Would restore from {result['backup']} into database {result['database']}:"
        return [
            *blocks,
            Line(told),
            *(Line(f"  {one}") for one in renamed),
            Line("Everything that can be checked beforehand is in order. Nothing was changed.", "good"),
        ]
    blocks += [*_tables(result["tables"]), *_proved(result["proof"], "rows and content are what was backed up")]
    told = f"Restored from {result['backup']} into database {result['database']} in {duration(result['seconds'])}:"
    return [
        *blocks,
        Line(told, "good" if result["proof"]["result"] != "differs" else "warning"),
        *(Line(f"  {one}") for one in renamed),
        Line(f"To undo: {result['undo']}"),
    ]


def rolled_back(result: Mapping[str, Any]) -> list[Block]:
    changes = result["changes"]
    blocks: list[Block] = []
    if changes is None:
        blocks.append(Line("What was written since the swap is not known.", "warning"))
    elif changes:
        blocks.append(Line("Written since the swap, and put aside:", "warning"))
        blocks += [Line(f"  {change}") for change in changes]
    if result["dry_run"]:
        told = f"Would put {result['before']} back as {result['database']}, and keep what is there now."
        return [*replacing(result["replacing"]), *blocks, Line(told), Line("Nothing was changed.", "good")]
    told = f"{result['database']} is again what it was before the restore of {result['backup']}."
    return [
        *blocks,
        Line(told, "good"),
        Line(f"It was out of reach for {result['outage']:.2f} s. What it held until now is kept as {result['aside']}."),
        Line(f"To delete that: DROP DATABASE {typed(result['aside'])}"),
    ]


def _tables(tables: Sequence[Mapping[str, Any]]) -> list[Block]:
    """The rows of the largest tables, in the order of their names."""
    largest = sorted(tables, key=lambda table: -table["rows"])[:TABLES_SHOWN]
    rows = [(table["table"], f"{table['rows']:,}") for table in tables if table in largest]
    others = len(tables) - len(rows)
    return [
        Table(("TABLE", "ROWS"), rows, right=(1,)),
        *([Line(f"... and {count(others, 'table')} with fewer rows", "dim")] if others else []),
    ]


def _proved(verdict: Mapping[str, Any], told: str = "") -> list[Block]:
    counted = f"{count(verdict['tables'], 'table')}, {count(verdict['rows'], 'row')}"
    if verdict["result"] == "no proof":
        return [Line(f"Not proved: the backup has no proof. Counted: {counted}.", "warning")]
    blocks: list[Block] = [Line(f"{one['kind']} {one['name']}: {one['what']}", "bad") for one in verdict["differences"]]
    if verdict["result"] == "differs":
        return [
            *blocks,
            Line(f"NOT what was backed up: {count(len(blocks), 'difference')}. Counted: {counted}.", "bad"),
        ]
    what = "rows and content" if verdict["mode"] == "full" else "rows"
    unknown = [f"{one['kind']} {one['name']}" for one in verdict["notes"] if not one["compared"]]
    objects = "every object that was compared" if unknown else "every object that a dump holds"
    lines = [Line(f"Proved: {counted}; {told or f'{what}, and {objects}, are what was backed up'}.", "good")]
    if unknown:
        more = f" ... and {len(unknown) - NAMED:,} more" if len(unknown) > NAMED else ""
        lines.append(Line(f"Not compared, because {IN_DIFFERENT_WAYS}: {', '.join(unknown[:NAMED])}{more}.", "warning"))
    return [*lines]
