# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The table of mutants keeps up with the code: each can be applied, and its tests are there."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.holdfast.postgres.tests.mutants.table import Mutant, read, unfit

TOP = Path(__file__).parents[2]


def test_each_can_be_applied() -> None:
    assert [f"{mutant.title}: {problem}" for mutant in read() if (problem := unfit(mutant, TOP))] == []


def test_no_two_are_the_same() -> None:
    mutants = [(mutant.file, mutant.replace, mutant.by) for mutant in read()]
    assert len(set(mutants)) == len(mutants)


SOUND = {
    "table": "copies",
    "promise": "a copy is whole",
    "file": "copy.py",
    "replace": "return 1",
    "by": "return 2",
    "noticed_by": ("tests/unit/test_mutants.py::test_each_can_be_applied",),
}


@pytest.mark.parametrize(
    ("text", "altered", "problem"),
    [
        ("def copy():\n    return 1\n", {}, ""),
        ("def copy():\n    return 3\n", {}, "0 times"),
        ("def copy():\n    return 1\n    return 1\n", {}, "2 times"),
        ("def copy():\n    return 1\n", {"by": "return 1"}, "changes nothing"),
        ("def copy():\n    return 1\n", {"by": "return ("}, "no Python"),
        ("def copy():\n    return 1\n", {"file": "gone.py"}, "not there"),
        ("def copy():\n    return 1\n", {"noticed_by": ("tests/unit/test_mutants.py::test_gone",)}, "no test"),
        ("def copy():\n    return 1\n", {"noticed_by": ("tests/unit/test_gone.py",)}, "no test"),
    ],
)
def test_one_that_does_not_fit_is_an_error(tmp_path: Path, text: str, altered: dict[str, object], problem: str) -> None:
    (tmp_path / "copy.py").write_text(text, encoding="utf-8")
    (tmp_path / "tests/unit").mkdir(parents=True)
    (tmp_path / "tests/unit/test_mutants.py").write_bytes(Path(__file__).read_bytes())
    found = unfit(Mutant(**{**SOUND, **altered}), tmp_path)  # type: ignore[arg-type]
    assert problem in found and bool(found) == bool(problem)


@pytest.mark.parametrize("entry", ["[]", "- {promise: none}", "- [1]"])
def test_an_entry_that_is_not_whole_is_an_error(tmp_path: Path, entry: str) -> None:
    (tmp_path / "table.yml").write_text(entry + "\n", encoding="utf-8")
    if entry == "[]":
        assert read(tmp_path) == []
        return
    with pytest.raises(ValueError, match="a mutant has the keys"):
        read(tmp_path)
