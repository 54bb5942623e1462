# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How an imported backup is told of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..units import size
from .blocks import Block, Line


def imported(result: Mapping[str, Any]) -> list[Block]:
    where = f"in {result['directory']}, {size(result['size'])}"
    if result["already"]:
        return [Line(f"Backup {result['backup']} is {where}, already.", "good")]
    return [
        Line(f"Backup {result['backup']} is {where}. It stays until you delete it.", "good"),
        Line(f"To restore it: holdfast restore {result['backup']}"),
    ]
