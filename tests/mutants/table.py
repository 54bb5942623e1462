# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The mutants, each a change that breaks a promise in silence, and the tests that must notice it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

TABLES = Path(__file__).parent
KEYS = {"promise", "file", "replace", "by", "noticed_by"}


@dataclass(frozen=True)
class Mutant:
    """promise: what is true no more; noticed_by: paths of tests, as pytest takes them."""

    table: str
    promise: str
    file: str
    replace: str
    by: str
    noticed_by: tuple[str, ...]

    @property
    def title(self) -> str:
        return f"{self.table}: {self.promise} ({self.file})"

    def applied(self, text: str) -> str:
        return text.replace(self.replace, self.by)


def read(tables: Path = TABLES) -> list[Mutant]:
    """Return the mutants of every table. :class:`ValueError` for one that is not whole."""
    return [_mutant(path.stem, entry) for path in sorted(tables.glob("*.yml")) for entry in _entries(path)]


def unfit(mutant: Mutant, top: Path) -> str:
    """Return why a mutant cannot be applied to the checkout, or nothing: its text or its tests have gone, or it
    changes nothing."""
    file = top / mutant.file
    if not file.is_file():
        return "its file is not there"
    text = file.read_text(encoding="utf-8")
    times = text.count(mutant.replace)
    if times != 1:
        return f"what it replaces is there {times} times, not once"
    if mutant.applied(text) == text:
        return "it changes nothing"
    if file.suffix == ".py":
        try:
            compile(mutant.applied(text), mutant.file, "exec")
        except SyntaxError as error:
            return f"what comes of it is no Python: {error}"
    missing = [test for test in mutant.noticed_by if not _there(test, top)]
    return f"there is no test {missing[0]}" if missing else ""


def _there(test: str, top: Path) -> bool:
    file, *names = test.split("::", 1)
    path = top / file
    name = "".join(names).partition("[")[0]
    return path.is_file() and (
        not name or re.search(rf"^def {name}\(", path.read_text(encoding="utf-8"), re.M) is not None
    )


def _entries(path: Path) -> list[Any]:
    return list(yaml.safe_load(path.read_text(encoding="utf-8")))


def _mutant(table: str, entry: Any) -> Mutant:
    if not isinstance(entry, dict) or set(entry) != KEYS or not entry["noticed_by"]:
        raise ValueError(f"{table}: a mutant has the keys {', '.join(sorted(KEYS))}, and a test: {entry}")
    return Mutant(table, entry["promise"], entry["file"], entry["replace"], entry["by"], tuple(entry["noticed_by"]))
