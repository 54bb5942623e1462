# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""When the result of a run that nobody waited for answers the same request."""

from __future__ import annotations

import os
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from ansible_collections.holdfast.postgres.plugins.module_utils._core import runs
from ansible_collections.holdfast.postgres.plugins.module_utils._core.places import Places

ENDED = datetime(2026, 11, 21, 12, 0, 0, tzinfo=timezone.utc)
OWN = {"time": "2026-11-21T11:58:00Z", "verb": "restore", "result": "ok"}
SOON = ENDED + timedelta(minutes=59)


def test_it_does_when_it_succeeded_and_nothing_has_happened_since() -> None:
    assert runs.counts({"changed": True}, ENDED, SOON, [OWN])


@pytest.mark.parametrize(
    ("result", "now", "later"),
    [
        (None, SOON, []),
        ({"failed": True, "msg": "no"}, SOON, []),
        ({"changed": True}, ENDED + timedelta(minutes=61), []),
        ({"changed": True}, ENDED - timedelta(seconds=1), []),
        ({"changed": True}, SOON, [{"time": "2026-11-21T12:10:00Z", "verb": "backup", "result": "ok"}]),
    ],
    ids=["killed", "failed", "long ago", "in the future", "something happened since"],
)
def test_otherwise_it_does_not(result: dict | None, now: datetime, later: list[dict]) -> None:
    assert not runs.counts(result, ENDED, now, [OWN, *later])


def test_a_run_is_begun_once_however_often_its_id_asks_for_it(tmp_path: Path) -> None:
    places, asked = Places(run=tmp_path), {"verb": "backup"}
    child = os.fork()
    if not child:
        os._exit(0 if runs.claim(places, "0123456789abcdef", asked, [], False).new else 1)
    assert os.waitpid(child, 0)[1] == 0
    again = runs.claim(places, "0123456789abcdef", asked, [], False)
    assert not again.new and again.run.id == "0123456789abcdef" and not again.run.at_work()
    other = runs.claim(places, "fedcba9876543210", asked, [], False)
    assert other.new and other.run.at_work() and "and killed" in other.earlier
    assert not runs.claim(places, "0000000000000000", asked, [], False).new


def test_an_id_is_no_path(tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir()
    (tmp_path / "0123456789abcdef").mkdir()
    places = Places(run=tmp_path)
    assert runs.find(places, "../0123456789abcdef") is None
    assert runs.find(places, "..") is None


def test_what_is_left_of_a_run_goes_after_an_hour_but_not_while_the_clock_is_wrong(tmp_path: Path) -> None:
    places = Places(run=tmp_path)
    old, future = ("0000000000000000", "1111111111111111")
    for run_id in (old, future):
        runs.claim(places, run_id, {"verb": run_id}, [], False)
    # The lock of a run goes with its process, which here is this one.
    _age(places, old, -7200)
    _age(places, future, 7200)
    assert runs.claim(places, "2222222222222222", {"verb": "2"}, [], False).new and runs.find(places, old)
    _age(places, future, 0)
    assert runs.claim(places, "3333333333333333", {"verb": "3"}, [], False).new and not runs.find(places, old)


def _age(places: Places, run_id: str, seconds: int) -> None:
    """Make a run one that ended so many seconds after now, and whose process is gone."""
    run = runs.find(places, run_id)
    assert run is not None
    at = datetime.now(timezone.utc).timestamp() + seconds
    request = run.directory / "request"
    text = request.read_bytes()
    request.unlink()
    request.write_bytes(text)
    for path in (request, run.directory):
        os.utime(path, (at, at))
