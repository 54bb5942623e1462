# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whatever is written in a manifest, a proof, a history, a definition or a state file: an error that names it, never a
crash, and never a success."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.holdfast.postgres.plugins.module_utils._core import cli
from ansible_collections.holdfast.postgres.tests.integration import files
from ansible_collections.holdfast.postgres.tests.integration.program import Holdfast
from ansible_collections.holdfast.postgres.tests.integration.sample import small
from ansible_collections.holdfast.postgres.tests.integration.servers import Server
from ansible_collections.holdfast.postgres.tests.unit import mutations

LOOKING = (["list"], ["prune", "--dry-run"], ["show", "latest"], ["show", "ID"])
ALL = (*LOOKING, ["verify", "ID"], ["restore", "ID", "--into", "never", "--dry-run"], ["status"])
# Where nobody can tell that another value was meant; what is restored is compared with the proof.
FREE = ("host", "program", "title", "version", "by_hand", "details", "verified", "finished", "imported", "database")


@dataclass
class Place:
    """A job with one backup. run: a command in this very process, (exit status, what it printed)."""

    holdfast: Holdfast
    repository: Path
    made: dict[str, Any]

    def run(self, *args: str) -> tuple[int, str]:
        out, error = io.StringIO(), io.StringIO()
        argv = [self.made["id"] if word == "ID" else word for word in args]
        status = cli.main([*argv, "--json"], out, error)
        return status, out.getvalue() + error.getvalue()

    def run_all(self, title: str, commands: Any = ALL) -> dict[str, tuple[int, str]]:
        results = {}
        for command in commands:
            results[" ".join(command[:2])] = status, told = self.run(*command)
            assert status in (0, 1, 2) and "defect" not in told, f"{title}: {command} ended with {status}\n{told}"
        return results


@pytest.fixture
def place(holdfast: Holdfast, cluster15: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    database = small(cluster15, cluster15.unique())
    repository = holdfast.define("library", cluster15, database, format="plain", compression="gzip")
    made = holdfast.backup("library")
    for name, value in holdfast.environment.items():
        if name.startswith("HOLDFAST_"):
            monkeypatch.setenv(name, value)
    handler = signal.getsignal(signal.SIGTERM)
    yield Place(holdfast, repository, made)
    signal.signal(signal.SIGTERM, handler)


def test_whatever_a_manifest_says(place: Place) -> None:
    path = files.manifest_file(place.repository, place.made["id"])
    whole = path.read_bytes()
    document = json.loads(whole)
    refused = accepted = 0
    for title, text in mutations.texts(document):
        path.write_bytes(text)
        results = place.run_all(title, (*LOOKING, ["verify", "ID"]))
        assert results["list"][0] == 0 and results["verify ID"][0] != 0 != results["show ID"][0], title
        assert path.name in results["show ID"][1] or place.made["id"] in results["show ID"][1], title
        refused += 1
    for title, text, where in mutations.values(document, 17):
        path.write_bytes(text)
        results = place.run_all(title, LOOKING)
        assert results["list"][0] == 0 == results["prune --dry-run"][0], title
        assert path.exists(), title
        if results["show ID"][0] != 0:
            refused += 1
            assert results["show latest"][0] != 0, title
            continue
        accepted += 1
        if not set(where) & set(FREE):
            assert place.run("verify", "ID")[0] != 0, f"{title}: accepted, and called whole"
        elif accepted % 4 == 0:
            place.run_all(title)
    assert refused > 60 and accepted > 4
    path.write_bytes(whole)
    assert place.run("verify", "ID")[0] == 0


def test_a_key_of_a_newer_version_costs_nothing(place: Place) -> None:
    files.edit_manifest(place.repository, place.made["id"], of_tomorrow=1)
    there = files.snapshot(place.repository)
    for command in (["show", "ID"], ["verify", "ID"], ["restore", "ID", "--into", "never"]):
        status, told = place.run(*command)
        assert status == 1 and "a newer" in told and "by hand" not in told
    assert "by hand" not in place.run("prune")[1]
    assert files.snapshot(place.repository) == there


def test_whatever_a_proof_says(place: Place) -> None:
    path = files.artifact(place.repository, place.made, 1)
    assert path.name.endswith(".proof.json")
    document = json.loads(path.read_bytes())
    refused, proved = 0, []
    every = [*mutations.texts(document), *((title, text) for title, text, _path in mutations.values(document, 37))]
    for number, (title, text) in enumerate(every):
        path.write_bytes(text)
        manifest = json.loads(json.dumps(place.made))
        manifest["artifacts"][1].update(size=len(text), sha256=hashlib.sha256(text).hexdigest())
        for key in ("size", "pruned"):
            manifest.pop(key, None)
        files.manifest_file(place.repository, place.made["id"]).write_text(json.dumps(manifest), encoding="utf-8")
        sums = "".join(f"{one['sha256']}  {one['file']}\n" for one in manifest["artifacts"])
        (place.repository / f"{place.made['id']}.sha256").write_text(sums, encoding="utf-8")
        status, told = place.run("verify", "ID")
        assert status in (0, 1) and "defect" not in told, f"{title}: {told}"
        if status == 1:
            refused += 1
            assert path.name in told, title
            if number % 29:
                continue
        # What the proof says is compared: one that was altered must not be proved.
        status, told = place.run("drill", "ID", "--where", "database")
        assert status in (0, 1) and "defect" not in told, f"{title}: {told}"
        proved += [title] * (status == 0)
    assert refused > 30
    # This version knows nothing of it, and a newer one that compares more has another version of the proof.
    empty = [f"objects.{kind}: left out" for kind, names in document["objects"].items() if not names]
    assert set(proved) <= {"an unknown key", *empty}


def test_whatever_a_list_of_checksums_says(place: Place) -> None:
    path = place.repository / f"{place.made['id']}.sha256"
    whole = path.read_bytes()
    for octets in (b"", b"\xff\xfe\x80\n", whole[:-1], whole + b"\n", whole.replace(b"  ", b" ", 1), b"\0" * 80):
        path.write_bytes(octets)
        results = place.run_all(repr(octets[:20]), (*LOOKING, ["verify", "ID"]))
        assert results["verify ID"][0] == 1 and path.name in results["verify ID"][1]
    for put in (path.mkdir, lambda: os.mkfifo(path)):
        path.unlink()
        put()
        assert place.run("verify", "ID")[0] == 1
        if path.is_dir():
            path.rmdir()
        else:
            path.unlink()
        path.touch()


def test_whatever_the_history_says(place: Place) -> None:
    path = place.holdfast.home / "state" / "library" / "history.jsonl"
    place.run("verify", "ID")
    place.run("drill", "ID", "--where", "database")
    whole = path.read_bytes()
    lines = whole.splitlines(keepends=True)
    for octets in (b"\xff\xfe\x80\n", b'{"verb": "bac'):
        path.write_bytes(whole + octets)
        results = place.run_all(repr(octets), ALL)
        assert results["status"][0] == 1
        assert f"line {len(lines) + 1} of {path}" in results["status"][1]
        assert results["restore ID"][0] == 0


def test_whatever_a_definition_says(place: Place) -> None:
    path = place.holdfast.jobs / "library.json"
    whole = path.read_bytes()
    document = json.loads(whole)
    document["keep"] = {"daily": 7}
    altered = [*mutations.texts(document), *((title, text) for title, text, _where in mutations.values(document))]
    for title, text in altered:
        path.write_bytes(text)
        place.run_all(title, (["list"], ["show", "latest"]))
    path.write_bytes(whole)
    # One that is wrong hides no other.
    (place.holdfast.jobs / "archive.json").write_text('{"name": "archive"', encoding="utf-8")
    (place.holdfast.jobs / ".ansible_tmp_library.json").write_text("{", encoding="utf-8")
    status, told = place.run("list")
    assert status == 2 and place.made["id"] in told and "archive.json" in told and "ansible_tmp" not in told
    status, told = place.run("status")
    jobs = json.loads(told)["jobs"]
    assert status == 2 and [(job["job"], job["level"]) for job in jobs] == [("library", "ok"), ("archive", "critical")]
    assert "archive.json" in jobs[1]["checks"][0]["text"]
    dump = files.artifact(place.repository, place.made)
    assert place.run("restore", str(dump), "--into", "never", "--dry-run")[0] == 0


def test_whatever_the_state_files_say(place: Place) -> None:
    run = place.holdfast.home / "run"
    holder = {"pid": 1, "verb": "backup", "since": "2025-08-16T15:55:03Z", "backup": place.made["id"]}
    altered = [*mutations.texts(holder), *((title, text) for title, text, _where in mutations.values(holder))]
    for title, text in altered:
        for name in ("library.lock", ".library.drill.lock"):
            (run / name).write_bytes(text)
        place.run_all(title, (["prune", "--dry-run"],))
    for name in ("library.lock", ".library.drill.lock"):
        (run / name).write_bytes(altered[5][1])
    place.run_all("lock", (["status"], ["verify", "ID"]))
    partial = place.repository / ".library_20250101_000000.partial"
    listed = [path.name for path in place.repository.iterdir()]
    for title, text in [*mutations.texts({"a": listed}), ("a list of what is whole", json.dumps(listed).encode())]:
        partial.mkdir()
        (partial / "publishing.json").write_bytes(text)
        results = place.run_all(title, (["list"], ["prune"]))
        assert results["prune"][0] == 0 and not partial.exists(), title
        assert sorted(path.name for path in place.repository.iterdir()) == sorted(listed), title
    assert place.run("verify", "ID")[0] == 0


def test_what_is_no_backup_takes_no_backup_along(place: Place) -> None:
    """A manifest that lists another backup's files is deleted by retention, and those files are not."""
    listed = {path.name for path in place.repository.iterdir()}
    old = "library_20250101_000000"
    manifest = {key: value for key, value in place.made.items() if key not in ("size", "pruned")}
    manifest.update(id=old, created="2025-01-01T00:00:00Z", purpose="adopted")
    files.manifest_file(place.repository, old).write_text(json.dumps(manifest), encoding="utf-8")
    assert place.run("prune")[0] == 0
    place.holdfast.define(
        "library", json.loads((place.holdfast.jobs / "library.json").read_text())["connection"], "x", keep={"daily": 1}
    )
    assert place.run("prune")[0] == 0
    assert {path.name for path in place.repository.iterdir()} == listed


def test_two_manifests_of_one_artifact(place: Place) -> None:
    """The one that goes leaves the files to the one that stays."""
    connection = json.loads((place.holdfast.jobs / "library.json").read_text(encoding="utf-8"))["connection"]
    place.holdfast.define("library", connection, "x", keep={"daily": 1})
    old = files.age(place.repository, place.made, 30)
    manifest = json.loads(files.manifest_file(place.repository, old).read_text(encoding="utf-8"))
    created = datetime.now(timezone.utc) - timedelta(days=1)
    other = f"library_{created:%Y%m%d_%H%M%S}"
    manifest.update(id=other, created=f"{created:%Y-%m-%dT%H:%M:%SZ}", purpose="adopted")
    files.manifest_file(place.repository, other).write_text(json.dumps(manifest), encoding="utf-8")
    assert place.run("prune")[0] == 0
    assert [path.name for path in place.repository.glob("*.manifest.json")] == [f"{other}.manifest.json"]
    assert {artifact["file"] for artifact in manifest["artifacts"]} <= set(files.visible(place.repository))


def test_a_name_that_is_no_utf_8(place: Place) -> None:
    odd = bytes(place.repository) + b"/odd_\xff_\x1b[31m.sql.gz"
    shutil.copy(files.artifact(place.repository, place.made), odd)
    listed = place.holdfast.json("list")["jobs"][0]["unmanaged"]
    assert len(listed) == 1
