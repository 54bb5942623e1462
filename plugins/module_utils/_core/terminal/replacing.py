# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a restore is going to replace, and the question whether that is wanted."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TextIO

from ..errors import Refused
from ..units import count, duration, size
from .blocks import Block, Line
from .draw import draw

YES = "yes"


def replacing(facts: Mapping[str, Any]) -> list[Block]:
    """facts: as :func:`.replaced.look` or :func:`.rollback.look` finds them."""
    return [
        Line(f"This replaces the live database {facts['database']} on {facts['server']}.", "warning"),
        Line(f"  It holds now    {_holds(facts)}; {count(facts['sessions'], 'session')} of clients"),
        Line(f"  Comes instead   {_comes(facts)}"),
        Line(f"  Out of use      what was written since then; {_kept(facts)}"),
    ]


def confirm(facts: Mapping[str, Any], stdin: TextIO, stdout: TextIO) -> None:
    """Show what is going to be replaced, and ask whether it is; :class:`Refused` unless the answer is yes.

    stdin is a terminal. Where stdout is none, as in a pipe to ``tee``, the question is asked on that terminal.
    """
    if stdout.isatty():
        agreed = _ask(facts, stdin, stdout)
    else:
        with Path(os.ttyname(stdin.fileno())).open("w", encoding="utf-8") as terminal:
            agreed = _ask(facts, stdin, terminal)
    if not agreed:
        look = "at what would come back" if facts["mode"] == "rollback" else "at the backup"
        how = "--dry-run" if facts["mode"] == "rollback" else "--into NAME"
        raise Refused(
            f"database {facts['database']}",
            "it was not replaced, because the answer was not yes",
            f"To look {look} first: {how}. To be asked nothing: --yes.",
        )


def _ask(facts: Mapping[str, Any], stdin: TextIO, stdout: TextIO) -> bool:
    draw(replacing(facts), stdout)
    stdout.write(f"Type {YES} to replace it: ")
    stdout.flush()
    answer = stdin.readline()
    if not answer.endswith("\n"):
        stdout.write("\n")
    return answer.strip().lower() == YES


def _holds(found: Mapping[str, Any]) -> str:
    if found["rows"] is None:
        return size(found["size"])
    return f"{count(found['tables'], 'table')}, about {count(found['rows'], 'row')}, {size(found['size'])}"


def _comes(facts: Mapping[str, Any]) -> str:
    if facts["age"] is None:
        ago = "nobody knows when"
    else:
        ago = f"{duration(facts['age'])} ago" if facts["age"] >= 0 else "in the future"
    if facts["mode"] == "rollback":
        there = f": {_holds(facts['there'])}" if facts["there"] else ""
        return f"{facts['before']}, which went out of use {ago} ({facts['created']}){there}"
    proved = facts["proved"]
    inside = f": {count(proved['tables'], 'table')}, {count(proved['rows'], 'row')}" if proved else ""
    return f"{facts['backup']}, made {ago} ({facts['created']}){inside}"


def _kept(facts: Mapping[str, Any]) -> str:
    if facts["mode"] == "rollback":
        return f"it is kept as {facts['database']}_undone_<time>"
    if facts["mode"] == "in_place":
        return "only a safety backup keeps it"
    kept = f"it is kept as {facts['database']}_before_<time>"
    return f"{kept} and in a safety backup" if facts["safety"] else f"{kept}, without a safety backup"
