# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a restore is going to replace, and the question whether that is wanted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TextIO

from ..units import count, duration, size
from .blocks import Block, Line
from .draw import draw

YES = "yes"


def replacing(facts: Mapping[str, Any]) -> list[Block]:
    """facts: as :func:`.replaced.look` finds them."""
    now = size(facts["size"])
    if facts["rows"] is not None:
        now = f"{count(facts['tables'], 'table')}, about {count(facts['rows'], 'row')}, {now}"
    proved = facts["proved"]
    inside = f": {count(proved['tables'], 'table')}, {count(proved['rows'], 'row')}" if proved else ""
    age = f"made {duration(facts['age'])} ago" if facts["age"] >= 0 else "dated in the future"
    return [
        Line(f"This replaces the live database {facts['database']} on {facts['server']}.", "warning"),
        Line(f"  It holds now    {now}; {count(facts['sessions'], 'session')} of clients"),
        Line(f"  Comes instead   {facts['backup']}, {age} ({facts['created']}){inside}"),
        Line(f"  Out of use      what was written since then; {_kept(facts)}"),
    ]


def ask(facts: Mapping[str, Any], stdin: TextIO, stdout: TextIO) -> bool:
    """Show what is going to be replaced, and ask; whether the answer was yes."""
    draw(replacing(facts), stdout)
    stdout.write(f"Type {YES} to replace it: ")
    stdout.flush()
    answer = stdin.readline()
    if not answer.endswith("\n"):
        stdout.write("\n")
    return answer.strip().lower() == YES


def _kept(facts: Mapping[str, Any]) -> str:
    if facts["mode"] == "in_place":
        return "only a safety backup keeps it"
    kept = f"it is kept as {facts['database']}_before_<time>"
    return f"{kept} and in a safety backup" if facts["safety"] else f"{kept}, without a safety backup"
