# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A host that loses its power: what was said to be written is on the disk, and names come after what they name."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.holdfast.postgres.plugins.module_utils._core import evidence, kept, ours
from ansible_collections.holdfast.postgres.plugins.module_utils._core.places import Places
from ansible_collections.holdfast.postgres.plugins.module_utils._core.repository.artifact import Writer
from ansible_collections.holdfast.postgres.plugins.module_utils._core.repository.local import PUBLISHING, Repository
from ansible_collections.holdfast.postgres.tests.unit.test_churn import publish
from ansible_collections.holdfast.postgres.tests.unit.test_drill_report import whole

Calls = list[tuple[str, str]]


@contextmanager
def recorded(monkeypatch: pytest.MonkeyPatch, below: Path) -> Iterator[Calls]:
    """What is synchronised and renamed below a directory, in its order, by names from there on."""
    calls: Calls = []

    def name(path: Any) -> str:
        return os.path.relpath(path, below)

    def recording(what: str, act: Callable[..., None], tell: Callable[..., str]) -> Callable[..., None]:
        def call(*args: Any) -> None:
            calls.append((what, tell(*args)))
            act(*args)

        return call

    with monkeypatch.context() as patched:
        patched.setattr(
            os, "fsync", recording("sync", os.fsync, lambda fd: name(Path(f"/proc/self/fd/{fd}").readlink()))
        )
        for each in ("rename", "replace"):
            patched.setattr(os, each, recording("name", getattr(os, each), lambda _old, new: name(new)))
        yield calls


def test_a_file_is_synchronised_when_it_is_said_to_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with recorded(monkeypatch, tmp_path) as calls, Writer(tmp_path / "app.dump") as writer:
        writer.write(b"rows")
        assert calls == []
    assert calls == [("sync", "app.dump")]


def test_a_manifest_gets_its_name_after_everything_that_it_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = Repository(tmp_path, "app")
    with recorded(monkeypatch, tmp_path) as calls:
        made = publish(repository, 0)
    hidden, manifest, sums = f".{made.id}.partial", f"{made.id}.manifest.json", f"{made.id}.sha256"
    files = [artifact.file for artifact in made.artifacts]
    assert calls == [
        *(("sync", f"{hidden}/{file}") for file in (PUBLISHING, sums, manifest)),
        ("sync", hidden),
        *(("name", file) for file in [*files, sums]),
        ("sync", "."),
        ("name", manifest),
        ("sync", "."),
    ]
    with recorded(monkeypatch, tmp_path) as calls:
        repository.delete(repository.entries()[0])
    assert calls == [("name", f".{made.id}.deleting"), ("sync", "."), ("sync", ".")]


def test_what_a_rollback_needs_is_there_before_the_exchange(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    places, directory = Places(state=tmp_path), tmp_path / "app"
    with recorded(monkeypatch, directory) as calls:
        kept.keep(places, "app", "app_before", {"tables": {}})
        ours.note(directory / "aside", ours.Record("app_before", "1", 16384, "mark"))
    file, noted = "swapped/app_before.proof.json", "aside/app_before.json"
    assert calls == [
        ("sync", file),
        ("sync", "swapped"),
        ("sync", "aside/.unfinished"),
        ("name", noted),
        ("sync", "aside"),
    ]


def test_evidence_is_there_when_its_drill_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with recorded(monkeypatch, tmp_path) as calls:
        path = evidence.write(Places(state=tmp_path), whole("proved")).relative_to(tmp_path)
    assert calls == [("sync", str(one)) for one in (path.with_suffix(".json"), path, path.parent)]
