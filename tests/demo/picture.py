# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A recorded terminal session, from ``script`` on standard input to an SVG for docs/terminal.svg."""

from __future__ import annotations

import re
import sys
from html import escape

WIDTH, HEIGHT = 12.2, 24.4
CLASSES = {(): "n", ("1",): "b", ("1", "32"): "p", ("2",): "d", ("32",): "g", ("33",): "w", ("1", "31"): "e"}
HEAD = """\
<svg viewBox="0 0 {width} {height}" role="img" aria-label="{title}" xmlns="http://www.w3.org/2000/svg">
<style>
text {{ font-family: ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; font-size: 20px }}
.n {{ fill: #d6dae0 }} .b {{ fill: #d6dae0; font-weight: bold }} .d {{ fill: #8a8d92 }}
.g {{ fill: #7ec970 }} .p {{ fill: #7ec970; font-weight: bold }}
.w {{ fill: #e5c07b }} .e {{ fill: #e06c75; font-weight: bold }}
</style>
<rect fill="#181a1f" stroke="#5c6370" x="1" y="1" width="{inner_width}" height="{inner_height}" rx="8"/>
<g transform="translate(14, 4)">
"""


def main() -> None:
    """The title is the only argument."""
    recorded = sys.stdin.read().replace("\r", "").splitlines()
    lines = [line for line in recorded if line and not line.startswith("Script ")]
    drawn: list[str] = []
    longest = 0
    style: tuple[str, ...] = ()
    for number, line in enumerate(lines, 1):
        column = 0
        for text, codes in re.findall(r"([^\x1b]+)|\x1b\[([0-9;]*)m", line):
            if not text:
                style = tuple(code for code in codes.split(";") if code.strip("0"))
                continue
            place = f'x="{column * WIDTH:g}" y="{number * HEIGHT - 4.4:g}" textLength="{len(text) * WIDTH:g}"'
            if text.strip():
                words = escape(text).replace(" ", "&#160;")
                drawn.append(f'<text class="{CLASSES[style]}" {place}>{words}</text>\n')
            column += len(text)
        longest = max(longest, column)
    width, height = round(longest * WIDTH + 28), round(len(lines) * HEIGHT + 14)
    head = HEAD.format(
        title=escape(sys.argv[1]), width=width, height=height, inner_width=width - 2, inner_height=height - 2
    )
    sys.stdout.write(head + "".join(drawn) + "</g>\n</svg>\n")


if __name__ == "__main__":
    main()
