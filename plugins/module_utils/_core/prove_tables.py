# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Are single tables, restored beside what is there, what was dumped?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .difference import Difference
from .plan import Plan
from .postgresql import rows
from .postgresql.server import Server
from .progress import Progress
from .proof import compare_rows, serious, uncompared

THERE = """
    SELECT t FROM unnest(%s::text[]) t JOIN pg_class c ON c.oid = to_regclass(t) WHERE c.relkind IN ('r', 'p')
"""


def prove(
    server: Server, plan: Plan, now: Mapping[str, str], progress: Progress
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """(verdict, table and rows of each) of the tables as they are in the live database.

    now: what each is called there, by its name in the backup. One that is not there differs, with and without a proof.
    """
    mode = plan.proof["mode"] if plan.proof else "counts"
    progress.step("proving their rows and content" if plan.proof else "counting their rows")
    targets = {*now.values()}
    with server.session(plan.into) as session:
        rows.pin(session, plan.job.parallel - 1)
        there = {name for (name,) in session.execute(THERE, [sorted(targets)])}
        found = {
            table.name: {"kind": table.kind, **rows.count(session, table, hashes=mode == "full")}
            for table in rows.tables(session)
            if table.name in targets
        }
    counted = [{"table": name, "rows": table["rows"]} for name, table in found.items()]
    missing = [Difference("table", name, "it is missing") for name in sorted(targets - there)]
    differences = missing + (list(_compared(plan.proof, now, found)) if plan.proof else [])
    told = {(one.kind, one.name, one.what): one for one in differences}.values()
    result = "differs" if serious(told) else "proved" if plan.proof else "no proof"
    verdict = {
        "result": result,
        "mode": mode,
        "tables": len(counted),
        "rows": sum(one["rows"] for one in counted),
        "differences": [one.as_data() for one in told if not one.harmless],
        "notes": [one.as_data() for one in told if one.harmless],
    }
    return verdict, counted


def _compared(
    proof: Mapping[str, Any], now: Mapping[str, str], found: Mapping[str, dict[str, Any]]
) -> Iterator[Difference]:
    proved, objects = proof["tables"], proof["objects"]["table"]
    expected = {target: proved[source] for source, target in now.items() if source in proved}
    known = {name: table for name, table in found.items() if name in expected}
    yield from compare_rows(expected, known)
    yield from uncompared({"mode": proof["mode"], "tables": expected}, {"mode": proof["mode"], "tables": found})
    for source, target in now.items():
        # A standby reads nothing of an unlogged table.
        if source not in proved and target in found and not objects.get(source, {}).get("unlogged"):
            yield Difference("table", target, "its rows cannot be compared: the proof does not know them")
