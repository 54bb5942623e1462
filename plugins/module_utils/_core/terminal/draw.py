# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Blocks onto a stream: with rich on a terminal, plainly elsewhere and where rich is not installed.

Whatever they say, a line stays one line, and none of it is a command to the terminal.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TextIO

from ..visible import visible
from .blocks import Block, Line, Table

STYLES = {
    "plain": "",
    "good": "green",
    "warning": "yellow",
    "bad": "bold red",
    "dim": "dim",
    "title": "bold",
}


def draw(blocks: Iterable[Block], stream: TextIO) -> None:
    console = _console(stream)
    for block in blocks:
        if console is None:
            stream.write(_plain(block))
        elif isinstance(block, Line):
            console.print(visible(block.text), style=STYLES[block.tone], markup=False, highlight=False, soft_wrap=True)
        else:
            console.print(_rich_table(block))


def lines(blocks: Iterable[Block]) -> list[str]:
    """The blocks as plain lines of text."""
    return [line for block in blocks for line in _plain(block)[:-1].split("\n")]


def _console(stream: TextIO) -> Any | None:
    if not stream.isatty():
        return None
    try:
        from rich.console import Console
    except ImportError:
        return None
    return Console(file=stream, highlight=False)


def _rich_table(table: Table) -> Any:
    from rich.table import Table as RichTable
    from rich.text import Text

    drawn = RichTable(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for number, header in enumerate(table.headers):
        # Names and words of a table are looked for and copied: they are folded, never cut.
        drawn.add_column(header, justify="right" if number in table.right else "left", overflow="fold")
    for number, row in enumerate(table.rows):
        style = STYLES[table.tones[number]] if table.tones else ""
        drawn.add_row(*(Text(visible(cell)) for cell in row), style=style)
    return drawn


def _plain(block: Block) -> str:
    if isinstance(block, Line):
        return visible(block.text) + "\n"
    rows = [list(block.headers), *([visible(cell) for cell in row] for row in block.rows)]
    widths = [max(len(row[number]) for row in rows) for number in range(len(block.headers))]
    return "".join(
        "  ".join(
            cell.rjust(width) if number in block.right else cell.ljust(width)
            for number, (cell, width) in enumerate(zip(row, widths))
        ).rstrip()
        + "\n"
        for row in rows
    )
