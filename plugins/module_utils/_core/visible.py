# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Text that shows what is in it. A name may hold line breaks, and what a terminal takes for a command. All pure."""

from __future__ import annotations

import json
import shlex
from typing import Any

# Control characters of both kinds, what Unicode calls a line break, and what turns the direction of writing.
HIDDEN = (
    *range(0x20),
    *range(0x7F, 0xA0),
    0x061C,
    *range(0x200E, 0x2010),
    *range(0x2028, 0x202F),
    *range(0x2066, 0x206A),
)
NAMED = {0x09: "\\t", 0x0A: "\\n", 0x0D: "\\r"}
SHOWN = {code: NAMED.get(code, f"\\x{code:02x}" if code < 0x80 else f"\\u{code:04x}") for code in HIDDEN}
IN_JSON = {code: f"\\u{code:04x}" for code in HIDDEN if code >= 0x7F}


def visible(text: str) -> str:
    """The text in one line that is as long as it looks: a line break is shown as \\n, an escape as \\x1b."""
    return text.translate(SHOWN)


def shell_word(text: str) -> str:
    """The text as one word of a command line, with bash's way to write what cannot be seen."""
    if text == visible(text):
        return shlex.quote(text)
    return "$'" + visible(text.replace("\\", "\\\\").replace("'", "\\'")) + "'"


def as_json(value: Any, indent: int | None = None) -> str:
    """JSON of the value, in characters that are harmless on a terminal."""
    # They can only be inside of a text.
    return json.dumps(value, ensure_ascii=False, indent=indent).translate(IN_JSON)
