# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is read from the disk is checked at the edge: whatever it says, it is either what it should be or an error."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.holdfast.postgres.plugins.module_utils._core import health, history, kept, proof, runs, which
from ansible_collections.holdfast.postgres.plugins.module_utils._core.definition import load
from ansible_collections.holdfast.postgres.plugins.module_utils._core.errors import Damaged, HoldfastError
from ansible_collections.holdfast.postgres.plugins.module_utils._core.health import Check
from ansible_collections.holdfast.postgres.plugins.module_utils._core.places import Places
from ansible_collections.holdfast.postgres.plugins.module_utils._core.repository import lock, manifest
from ansible_collections.holdfast.postgres.plugins.module_utils._core.runs import Run
from ansible_collections.holdfast.postgres.tests.unit import mutations
from ansible_collections.holdfast.postgres.tests.unit.test_health import NOW

BACKUP = "app_20250816_155503"
SHA256 = "0123456789abcdef" * 4
DETAILS = {
    "locale_provider": "c",
    "collate": "C.UTF-8",
    "ctype": "C.UTF-8",
    "connection_limit": -1,
    "encoding": "UTF8",
    "owner": "app",
    "tablespace": "pg_default",
    "size": 7_000_000,
    "privileges": [["", "CONNECT", False], ["app", "CREATE", True]],
    "settings": [["", "search_path", "a, b"]],
    "comment": None,
    "roles": ["app"],
    "user_data": 9000,
    "largest_tables": [{"schema": "public", "table": "items", "size": 8192}],
    "dumped_with": 15,
    "seconds": 1.5,
}
MANIFEST = {
    "id": BACKUP,
    "job": "app",
    "created": "2025-08-16T15:55:03Z",
    "finished": "2025-08-16T15:55:04Z",
    "purpose": "backup",
    "host": "db1",
    "program": "1.0.0",
    "server": {"title": "container app-db", "version": "15.18", "major": 15},
    "artifacts": [
        {
            "file": "app_20250816_155503.sql.gz",
            "source": "app",
            "kind": "database",
            "format": "plain",
            "compression": "gzip",
            "size": 1234,
            "sha256": SHA256,
            "database": "app",
            "by_hand": ["createdb app", "gunzip -c app_20250816_155503.sql.gz | psql app"],
            "details": DETAILS,
        },
        {
            "file": "app_20250816_155503.proof.json",
            "source": "app",
            "kind": "proof",
            "format": "json",
            "compression": "none",
            "size": 999,
            "sha256": SHA256,
            "database": "app",
            "by_hand": [],
            "details": {"mode": "full", "tables": 1, "rows": 100},
        },
    ],
    "verified": {"at": "2025-08-16T15:55:04Z"},
    "manifest": manifest.VERSION,
    "imported": None,
}
PROOF = {
    "proof": proof.VERSION,
    "mode": "full",
    "database": "app",
    "major": 15,
    "tables": {"public.items": {"kind": "r", "rows": 100, "content": "0123456789abcdef"}},
    "sequences": {
        "public.items_id_seq": {"increment": 1, "cycle": False, "position": [100, True], "until": [100, True]}
    },
    "large_objects": {"count": 1, "content": "0123456789abcdef", "facts": "0123456789abcdef"},
    "objects": {
        "schema": {"public": {"owner": "app", "privileges": ["=U"]}},
        "extension": {"plpgsql": {"version": "1.0"}},
        "table": {"public.items": {"columns": {"id": {"type": "integer"}, "name": {"type": "text"}}}},
    },
}
LINE = {
    "time": "2025-08-16T15:55:03Z",
    "verb": "drill",
    "result": "failed",
    "backup": BACKUP,
    "verdict": "differs",
    "damaged": "it is not what was backed up",
    "error": "backup app: it is not what was backed up",
    "where": "cluster",
    "recovery": 1.5,
    "evidence": "/var/lib/holdfast/app/evidence/x.txt",
    "seconds": 2.5,
}
DEFINITION = {
    "name": "app",
    "connection": {"host": "db", "port": 5432, "user": "app", "password_file": "/etc/p", "sslmode": "require"},
    "databases": [{"database": "app", "name": "app"}],
    "globals": True,
    "format": "custom",
    "compression": "zstd",
    "compression_level": 3,
    "parallel": 2,
    "proof": "full",
    "schedule": "0 2 * * *",
    "keep": {"daily": 7},
}
REQUEST = {"digest": SHA256, "since": "2025-08-16T15:55:03Z"}
STEP = {"time": "2025-08-16T15:55:03Z", "text": "dumping database app (7 MB)"}
RESULT = {"changed": True, "backup": {"id": BACKUP}, "steps": ["a step"], "summary": [], "failed": False}
HOLDER = {"pid": 1, "verb": "drill", "since": "2025-08-16T15:55:03Z", "backup": BACKUP}


def altered(document: dict[str, Any]) -> list[tuple[str, bytes]]:
    changed = [(title, text) for title, text, _path in mutations.values(document)]
    return [*mutations.texts(document), *changed]


def test_what_is_right_is_read(tmp_path: Path) -> None:
    assert manifest.parse(json.dumps(MANIFEST).encode(), Path("m"), BACKUP).id == BACKUP
    assert proof.read(Path("p"), json.dumps(PROOF).encode()) == PROOF


def test_a_manifest() -> None:
    free = ("host", "program", "server", "by_hand", "details", "verified", "finished", "imported", "database")
    # A backup may be without a proof, and says so.
    free = (*free, "artifacts.1: left out")
    for title, text in altered(MANIFEST):
        try:
            found = manifest.parse(text, Path("m"), BACKUP)
        except Damaged:
            continue
        assert any(word in title for word in free), title
        # What is accepted can be written down again, and is the same.
        assert manifest.parse(found.to_json().encode(), Path("m"), BACKUP) == found, title


def test_a_manifest_of_a_newer_version_says_so() -> None:
    for change in ({"of_tomorrow": 1}, {"manifest": manifest.VERSION + 1}):
        with pytest.raises(Damaged, match="or a newer one"):
            manifest.parse(json.dumps({**MANIFEST, **change}).encode(), Path("m"), BACKUP)


def test_a_proof() -> None:
    read = 0
    for title, text in altered(PROOF):
        try:
            found = proof.read(Path("p"), text)
        except Damaged:
            continue
        read += 1
        differences = proof.compare(found, PROOF) + proof.compare(PROOF, found)
        # An increment is a fact of the sequence, too.
        harmless = ("unknown key", "database:", "extension.plpgsql", "until", "increment", "cycle")
        assert proof.serious(differences) or any(word in title for word in harmless), title
    assert read > 50


def test_a_history(tmp_path: Path) -> None:
    places = Places(state=tmp_path)
    path = places.history("app")
    path.parent.mkdir()
    whole = json.dumps(LINE).encode() + b"\n"
    for title, text in altered(LINE):
        path.write_bytes(whole + text + b"\n" + whole)
        lines = history.read(places, "app")
        assert len(lines) + len(history.unreadable(places, "app")) == 3 - (not text.strip()), title
        assert lines[0] == LINE == lines[-1], title
        for line in lines:
            health.drilled(Check("", "ok", ""), line, None, None, NOW)
        for question in (history.last_checks, history.last_drills, history.proved, history.newest, which.failures):
            question(places, "app")


def test_a_definition(tmp_path: Path) -> None:
    places = Places(config=tmp_path)
    (tmp_path / "jobs").mkdir()
    for title, text in altered(DEFINITION):
        places.definition("app").write_bytes(text)
        try:
            job = load.load(places, "app")
        except HoldfastError as error:
            assert "app" in error.thing or "job" in error.thing, title
            continue
        assert job.name == "app" and job.databases, title


def test_a_lock(tmp_path: Path) -> None:
    places = Places(run=tmp_path)
    for _title, text in altered(HOLDER):
        places.lock("app").write_bytes(text)
        places.drill_lock("app").write_bytes(text)
        lock.at_work(places, "app")
        lock.being_drilled(places, "app")


def test_a_run(tmp_path: Path) -> None:
    run = Run(tmp_path)
    succeeded = 0
    for title, text in altered(RESULT):
        run.output.write_bytes(text)
        result = run.result()
        # What it did not change, or says nothing about, is for whoever reads it.
        assert result is None or result["changed"] is True, title
        succeeded += result is not None
    assert 0 < succeeded < len(altered(RESULT)) - 40
    for failed in ({"failed": True}, {"failed": True, "msg": None}, {"changed": True, "failed": "no"}, {}):
        run.output.write_text(json.dumps(failed), encoding="utf-8")
        assert run.result() is None
    whole = json.dumps(STEP).encode() + b"\n"
    for title, text in altered(STEP):
        (tmp_path / "steps").write_bytes(whole + text + b"\n" + whole)
        found = run.steps()
        assert found[0] == STEP == found[-1] and len(found) in (2, 3), title
        assert all(isinstance(step["text"], str) for step in found), title
    for title, text in altered(REQUEST):
        (tmp_path / "request").write_bytes(text)
        assert run.request() == {} or set(run.request()) == {"digest", "since"}, title
    asked = {"verb": "backup"}
    (tmp_path / "runs").mkdir()
    for number, (_title, text) in enumerate(altered(REQUEST)):
        other = tmp_path / "runs" / f"{number:016x}"
        other.mkdir()
        (other / "request").write_bytes(text)
        (other / "output").write_bytes(text)
    assert runs.look(Places(run=tmp_path), asked, [], True) is None
    assert runs.claim(Places(run=tmp_path), "f" * 16, asked, [], True).new


def test_a_note_of_what_was_swapped_in(tmp_path: Path) -> None:
    places = Places(state=tmp_path)
    path = kept._path(places, "app", "app_before")
    path.parent.mkdir(parents=True)
    known = 0
    for title, text in altered(PROOF):
        path.write_bytes(text)
        found = kept.read(places, "app", "app_before")
        # What is read is a proof as any other.
        assert found is None or found == proof.read(path, text), title
        known += found is not None
    assert known < len(altered(PROOF)) / 2
