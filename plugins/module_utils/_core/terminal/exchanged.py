# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a restored database has from the live one, and not from the backup."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..units import count
from .blocks import Block, Line

SHOWN = 10


def itself(result: Mapping[str, Any]) -> list[Block]:
    """How the properties of the database itself differ between the live one and the backup, and which are taken."""
    found = result["itself"]
    if not found["differences"]:
        return []
    if found["taken_from"] == "backup":
        told = "The live database is empty, so what belongs to the database itself is taken from the backup:"
    else:
        told = "What belongs to the database itself stays that of the live one, which is not what the backup has:"
    return [Line(told, "warning"), *(Line(f"  {one}") for one in found["differences"])]


def sequences(raised: Sequence[Mapping[str, Any]]) -> list[Block]:
    if not raised:
        return []
    lines = [Line(f"  {one['sequence']}: {one['from']:,} -> {one['to']:,}") for one in raised[:SHOWN]]
    if len(raised) > SHOWN:
        lines.append(Line(f"  ... and {len(raised) - SHOWN:,} more"))
    return [
        Line(f"{count(len(raised), 'sequence')} raised to where the live database was, so no id comes twice:"),
        *lines,
    ]
