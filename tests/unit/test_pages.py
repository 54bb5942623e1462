# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the pages promise to list, they list."""

from __future__ import annotations

from pathlib import Path

from ansible_collections.holdfast.postgres.plugins.module_utils import _core

CORE = Path(_core.__file__).parent
PAGES = Path(__file__).parents[2] / "docs"


def test_every_file_of_the_core_is_told_of() -> None:
    page = (PAGES / "development.md").read_text(encoding="utf-8")
    files = [path.relative_to(CORE) for path in CORE.rglob("*.py") if path.name != "__init__.py"]
    assert [str(file) for file in files if f"`{file}`" not in page] == []
