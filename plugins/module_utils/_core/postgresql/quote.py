# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names and texts as they are written in SQL, for statements that are shown or that a program runs."""

from __future__ import annotations

from ..visible import visible


def identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def typed(name: str) -> str:
    """As :func:`identifier`, for people: what cannot be seen is written as it can be typed."""
    if name == visible(name):
        return identifier(name)
    escaped = "".join(f"\\{ord(one):04x}" if one != visible(one) else one for one in name.replace("\\", "\\\\"))
    return "U&" + identifier(escaped)


def literal(text: str) -> str:
    """Whatever standard_conforming_strings says."""
    return "E'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


def unquote(name: str) -> str:
    """The name that an identifier, quoted or not, stands for."""
    return name[1:-1].replace('""', '"') if name.startswith('"') else name
