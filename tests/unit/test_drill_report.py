# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report of a drill has a verdict on everything, and its text says what it shows and what it does not."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.holdfast.postgres.plugins.module_utils._core import drill_report, evidence, proof
from ansible_collections.holdfast.postgres.plugins.module_utils._core.errors import ServerError
from ansible_collections.holdfast.postgres.plugins.module_utils._core.places import Places
from ansible_collections.holdfast.postgres.plugins.module_utils._core.repository.manifest import Artifact, Manifest

LONG = "public." + "a_very_long_table_name_" * 4
DUMP = Artifact("app_x.dump", "app", "database", "custom", "zstd", 4711, "ab" * 32, "app")
MANIFEST = Manifest(
    id="app_20250816_155503",
    job="app",
    created="2025-08-16T15:55:03Z",
    finished="2025-08-16T15:55:09Z",
    purpose="backup",
    host="db1",
    program="0.1.0",
    server={"title": "container app-db", "version": "17.6", "major": 17},
    artifacts=(DUMP,),
    verified={},
)


def taken(**tables: Any) -> dict[str, Any]:
    """A proof of tables with these rows."""
    return {
        "proof": 2,
        "mode": "full",
        "database": "app",
        "major": 17,
        "tables": {
            name.replace("__", "."): {"kind": "r", "rows": rows, "content": f"{rows:016x}"}
            for name, rows in tables.items()
        },
        "sequences": {},
        "large_objects": {"count": 0},
        "objects": {"table": {name.replace("__", "."): {"owner": "app"} for name in tables}, "view": {}},
    }


def part(expected: dict[str, Any] | None, found: dict[str, Any]) -> dict[str, Any]:
    differences = [] if expected is None else proof.compare(expected, found)
    verdict = {
        "result": "differs" if differences else "proved",
        **proof.summary(found),
        "differences": [one.as_data() for one in differences],
        "notes": [],
    }
    return drill_report.database(DUMP, verdict, expected, found)


def whole(result: str, *databases: dict[str, Any], **rest: Any) -> dict[str, Any]:
    report = drill_report.begin("app", MANIFEST)
    report["verified"].append(DUMP.file)
    report.update(result=result, where="container", databases=list(databases), **rest)
    drill_report.finish(report)
    return report


def test_every_table_of_either_side_has_a_verdict() -> None:
    found = part(taken(s__a=1, s__b=2, s__c=3), taken(s__a=1, s__b=5, s__d=4))
    assert [(table["table"], table["rows"], table["expected"], table["verdict"]) for table in found["tables"]] == [
        ("s.a", 1, 1, "ok"),
        ("s.b", 5, 2, "5 rows, and the backup has 2"),
        ("s.c", None, 3, "it is missing"),
        ("s.d", 4, None, "it is not in the backup"),
    ]
    assert found["objects"] == [{"kind": "table", "count": 3, "differences": 3, "not_compared": 0}]


def test_an_owner_shows_at_its_table() -> None:
    expected, found = taken(s__a=1), taken(s__a=1)
    found["objects"]["table"]["s.a"]["owner"] = "eve"
    assert part(expected, found)["tables"][0]["verdict"] == "its owner is eve, and was app"


def test_without_a_proof_tables_are_only_counted() -> None:
    found = part(None, taken(s__a=1))
    assert (found["result"], found["tables"][0]["verdict"], found["objects"]) == ("not proved", "counted", [])


@pytest.mark.parametrize("result", list(evidence.VERDICTS))
def test_the_text_is_as_wide_as_a_page(result: str) -> None:
    expected, found = taken(s__a=1, **{LONG: 2}), taken(s__a=1234567, **{LONG: 3})
    found["objects"]["table"]["s.a"]["owner"] = "somebody else whose name takes some room in the line of a table"
    error = {"thing": "backup", "cause": "it is not what was backed up\n  " + "word " * 50, "next_step": "look"}
    report = whole(result, part(expected, found), error=error, placeholders=[f"role {number}" for number in range(40)])
    text = evidence.text(report)
    assert evidence.VERDICTS[result].split(":")[0] in text
    assert [line for line in text.splitlines() if len(line) > 100 and LONG not in line] == []
    assert f"sha256 {DUMP.sha256}" in text and "has this checksum" in text
    assert "role 39" in " ".join(text.split())


def test_a_drill_that_restored_nothing_does_not_say_what_it_showed() -> None:
    failed = drill_report.failed(DUMP, ServerError("container x", "it is not running"))
    text = evidence.text(whole("failed", failed))
    assert "container x: it is not running" in text
    assert "Nothing was restored" in text and "live server" not in text


def test_two_drills_in_a_second_keep_two_pieces_of_evidence(tmp_path: Any) -> None:
    report = whole("proved", part(taken(s__a=1), taken(s__a=1)))
    places = Places(state=tmp_path)
    first, second = evidence.write(places, report), evidence.write(places, report)
    assert first != second
    assert sorted(path.suffix for path in first.parent.iterdir()) == [".json", ".json", ".txt", ".txt"]
    assert first.stat().st_mode & 0o777 == 0o600 and first.parent.stat().st_mode & 0o777 == 0o700
