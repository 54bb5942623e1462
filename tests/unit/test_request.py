# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which wishes of a restore go together: every mode with every option, from both fronts."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import pytest

from ansible_collections.holdfast.postgres.plugins.module_utils._core.arguments import parse
from ansible_collections.holdfast.postgres.plugins.module_utils._core.errors import UsageError
from ansible_collections.holdfast.postgres.plugins.module_utils._core.request import (
    MODES,
    MODULE,
    PROGRAM,
    RestoreRequest,
)
from ansible_collections.holdfast.postgres.plugins.module_utils._core.verbs import request_of

OPTIONS: dict[str, dict[str, Any]] = {
    "into": {"into": "library_yesterday"},
    "tables": {"tables": ("public.items",)},
    "to": {"to": "back"},
    "safety": {"safety": False},
    "database": {"database": "library"},
    "accept_differences": {"accept_differences": True},
    "dry_run": {"dry_run": True},
}
# What a mode cannot do without, and which of the options above it takes besides those that all of them take.
NEEDS = {"swap": set(), "new": {"into"}, "in_place": set(), "tables": {"tables"}}
TAKES = {"swap": {"safety"}, "new": {"into"}, "in_place": set(), "tables": {"tables", "to"}}
ALL_TAKE = {"database", "accept_differences", "dry_run"}
CASES = [
    (mode, set(chosen) | more)
    for mode in MODES
    for more in (set(), NEEDS[mode])
    for number in (0, 1, 2)
    for chosen in combinations(OPTIONS, number)
]


def made(mode: str, chosen: set[str], **rest: Any) -> RestoreRequest:
    return RestoreRequest(mode, **{key: value for name in chosen for key, value in OPTIONS[name].items()}, **rest)


@pytest.mark.parametrize("words", [PROGRAM, MODULE])
@pytest.mark.parametrize(("mode", "chosen"), CASES)
def test_what_contradicts_is_refused_by_name_with_the_way_out(mode: str, chosen: set[str], words: Any) -> None:
    request = made(mode, chosen, words=words)
    wrong = chosen - TAKES[mode] - ALL_TAKE
    missing = NEEDS[mode] - chosen
    if not wrong and not missing:
        request.check()
        return
    with pytest.raises(UsageError) as refused:
        request.check()
    assert refused.value.next_step
    assert any(words[name] in str(refused.value) for name in wrong | missing)


@pytest.mark.parametrize("empty", [{"into": ""}, {"to": ""}, {"database": ""}, {"tables": ("",)}])
@pytest.mark.parametrize("mode", MODES)
def test_an_empty_name_is_not_taken_for_none(mode: str, empty: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        made(mode, NEEDS[mode] - {*empty}, **empty).check()


def test_a_file_that_goes_into_a_new_database_comes_out_of_none() -> None:
    with pytest.raises(UsageError, match="--database"):
        made("new", {"into", "database"}).check_file()
    for mode in ("swap", "in_place", "tables"):
        made(mode, NEEDS[mode] | {"database"}).check_file()


@pytest.mark.parametrize(
    ("given", "mode"),
    [
        (["latest"], "swap"),
        (["latest", "--swap"], "swap"),
        (["latest", "--in-place"], "in_place"),
        (["latest", "--into", "x"], "new"),
        (["latest", "--table", "x"], "tables"),
        # What a script's empty variable makes of an option must never become a swap.
        (["latest", "--into", ""], "new"),
        (["latest", "--table", ""], "tables"),
    ],
)
def test_what_the_program_is_told_becomes_a_request(given: list[str], mode: str) -> None:
    assert request_of(parse(["restore", *given])).mode == mode


@pytest.mark.parametrize("given", [["--to", "x"], ["--to", ""], ["--in-place", "--no-safety-backup"], ["--into", ""]])
def test_the_program_refuses_what_contradicts(given: list[str]) -> None:
    with pytest.raises(UsageError):
        request_of(parse(["restore", "latest", *given])).check()


@pytest.mark.parametrize("given", [[], ["--dry-run"], ["--swap"], ["--in-place"], ["--to", "x"], ["--yes"]])
def test_what_replaces_a_database_needs_a_named_backup(given: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parse(["restore", *given])
    assert ended.value.code == 2
    told = capsys.readouterr().err
    assert "usage: holdfast restore" in told and "BACKUP" in told and "holdfast list" in told


@pytest.mark.parametrize("given", [["--into", "x"], ["--table", "x"]])
def test_what_replaces_nothing_takes_the_latest(given: list[str]) -> None:
    assert parse(["restore", *given]).backup == "latest"
