# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Something else in the place of a file: a pipe would keep whoever opens it waiting for ever, a device has no end."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

import pytest

from ansible_collections.holdfast.postgres.plugins.module_utils._core import history, kept, verify
from ansible_collections.holdfast.postgres.plugins.module_utils._core.definition import load
from ansible_collections.holdfast.postgres.plugins.module_utils._core.definition.model import Connection
from ansible_collections.holdfast.postgres.plugins.module_utils._core.errors import HoldfastError
from ansible_collections.holdfast.postgres.plugins.module_utils._core.places import Places
from ansible_collections.holdfast.postgres.plugins.module_utils._core.postgresql.reach import reach
from ansible_collections.holdfast.postgres.plugins.module_utils._core.repository import leftovers, lock, manifest, names
from ansible_collections.holdfast.postgres.plugins.module_utils._core.repository.local import Entry, Repository
from ansible_collections.holdfast.postgres.plugins.module_utils._core.runs import Run
from ansible_collections.holdfast.postgres.tests.unit.test_altered_files import BACKUP, MANIFEST

NOWHERE = Path("/nowhere/at/all")
INSTEAD: dict[str, Callable[[Path], object]] = {
    "directory": Path.mkdir,
    "pipe": os.mkfifo,
    "device": lambda path: path.symlink_to("/dev/null"),
    "link to nothing": lambda path: path.symlink_to(NOWHERE),
    "link to itself": lambda path: path.symlink_to(path),
}


@pytest.fixture(params=INSTEAD)
def instead(request: pytest.FixtureRequest) -> Callable[[Path], Path]:
    """Puts something else in the place of a file; the path."""

    def put(path: Path) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        INSTEAD[request.param](path)
        return path

    return put


@pytest.fixture(autouse=True)
def _nobody_waits() -> Iterator[None]:
    """Whoever waits for a pipe is woken with an error that is none of ours."""

    def wake(_signal: int, _frame: FrameType | None) -> None:
        raise AssertionError("it waits for ever")

    before = signal.signal(signal.SIGALRM, wake)
    signal.alarm(10)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def test_a_manifest_is_damaged_and_its_neighbours_are_not(instead: Callable[[Path], Path], tmp_path: Path) -> None:
    repository = Repository(tmp_path, "app")
    sound = manifest.parse(json.dumps(MANIFEST).encode(), Path("m"), BACKUP)
    (tmp_path / (BACKUP + names.MANIFEST)).write_text(sound.to_json(), encoding="utf-8")
    for artifact in sound.artifacts:
        with (tmp_path / artifact.file).open("wb") as file:
            file.truncate(artifact.size)
    instead(tmp_path / f"app_20250817_000000{names.MANIFEST}")
    whole, other = repository.entries()
    assert (whole.problem, other.manifest) == ("", None) and "cannot be read" in other.problem
    (tmp_path / (BACKUP + names.CHECKSUMS)).unlink(missing_ok=True)
    instead(tmp_path / (BACKUP + names.CHECKSUMS))
    assert verify._check_sums(Entry(BACKUP, tmp_path, sound))[0].problem
    # What bears the name of a dump is none.
    instead(tmp_path / "odd_20250101_000000.sql.gz")
    listed = [path.name for path, _status in repository.unmanaged()]
    assert listed == (["odd_20250101_000000.sql.gz"] if (tmp_path / "odd_20250101_000000.sql.gz").is_symlink() else [])


def test_what_bears_the_name_of_something_unfinished_stays(instead: Callable[[Path], Path], tmp_path: Path) -> None:
    repository = Repository(tmp_path, "app")
    deleting = instead(tmp_path / names.deleting(BACKUP))
    partial = tmp_path / names.partial(BACKUP)
    partial.mkdir()
    instead(partial / "publishing.json")
    assert len(leftovers.clear(repository)) == 1 and not partial.exists()
    assert os.path.lexists(deleting)
    instead(partial)
    before = partial.is_dir() and not partial.is_symlink()
    assert len(leftovers.clear(repository)) == before


def test_a_history_is_an_error_that_names_it(instead: Callable[[Path], Path], tmp_path: Path) -> None:
    places = Places(state=tmp_path)
    path = instead(places.history("app"))
    if path.is_symlink() and path.readlink() == NOWHERE:
        assert history.read(places, "app") == []
    else:
        with pytest.raises(HoldfastError, match=str(path)):
            history.read(places, "app")
    with pytest.raises(HoldfastError, match="history"), history.record(places, "app", "verify") as line:
        line["backup"] = BACKUP


def test_a_lock_is_an_error_that_names_it(instead: Callable[[Path], Path], tmp_path: Path) -> None:
    places = Places(run=tmp_path)
    for path, held in (
        (places.lock("app"), lambda: lock.hold(places, "app", "backup")),
        (places.drill_lock("app"), lambda: lock.hold(places, "app", "drill", BACKUP)),
        (places.drills_lock(), lambda: lock.queue(places, lambda: None)),
    ):
        instead(path)
        assert lock.at_work(places, "app") is None and lock.being_drilled(places, "app") is None
        with pytest.raises(HoldfastError, match="lock"), held():
            pass
        if path.is_dir():
            path.rmdir()
        else:
            path.unlink()


def test_a_definition_or_a_password_is_an_error_that_names_it(instead: Callable[[Path], Path], tmp_path: Path) -> None:
    places = Places(config=tmp_path)
    path = instead(places.definition("app"))
    with pytest.raises(HoldfastError) as error:
        load.load(places, "app")
    assert str(path) in error.value.thing
    secret = instead(tmp_path / "password")
    with pytest.raises(HoldfastError) as error:
        reach(Connection(host="db", password_file=secret))
    assert str(secret) in error.value.thing


def test_a_note_of_what_was_swapped_in_is_not_known(instead: Callable[[Path], Path], tmp_path: Path) -> None:
    places = Places(state=tmp_path)
    instead(kept._path(places, "app", "before"))
    assert kept.read(places, "app", "before") is None
    kept.forget(places, "app", "before")
    kept.tidy(places, "app", [])


def test_a_run_is_over_and_says_nothing(instead: Callable[[Path], Path], tmp_path: Path) -> None:
    run = Run(tmp_path)
    for name in ("request", "steps", "output", "errors"):
        instead(tmp_path / name)
    assert (run.request(), run.steps(), run.result(), run.complaints()) == ({}, [], None, "")
    assert not run.at_work() and run.age() >= 0 and run.ended()
    run.tell("a step")
