# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the pages promise to list, they list; and the tests that they name are there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from ansible_collections.holdfast.postgres.plugins.module_utils import _core

CORE = Path(_core.__file__).parent
PAGES = Path(__file__).parents[2] / "docs"
TESTS = Path(__file__).parents[1]

# `tests/unit/test_a.py`, `test_a.py::test_b`, and `::test_c` for another one of the file named before it
NAMED_TEST = re.compile(r"`(?:tests/)?(?:unit/|integration/)?(?P<file>test_\w+\.py)?(?:::(?P<test>test_\w+))?`")


def test_every_file_of_the_core_is_told_of() -> None:
    page = (PAGES / "development.md").read_text(encoding="utf-8")
    files = [path.relative_to(CORE) for path in CORE.rglob("*.py") if path.name != "__init__.py"]
    assert [str(file) for file in files if f"`{file}`" not in page] == []


def test_every_test_that_a_page_names_is_there() -> None:
    there = names_by_file()
    missing = [
        f"{page.name}: {file}::{test or ''}"
        for page in sorted(PAGES.glob("*.md"))
        for file, test in named_in(page.read_text(encoding="utf-8"))
        if file not in there or (test and test not in there[file])
    ]
    assert missing == []


def names_by_file() -> dict[str, set[str]]:
    """Return the names of the tests of each file; unit and integration tests of one file name together."""
    there: dict[str, set[str]] = {}
    for path in TESTS.glob("*/test_*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                there.setdefault(path.name, set()).add(node.name)
    return there


def named_in(page: str) -> list[tuple[str, str | None]]:
    """Return file and name of each test that a page names, of the whole file with None."""
    named = []
    for line in page.splitlines():
        file = ""
        for found in NAMED_TEST.finditer(line):
            if found["file"] or found["test"]:
                file = found["file"] or file
                named.append((file, found["test"]))
    return named
