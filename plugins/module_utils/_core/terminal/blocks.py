# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a view is made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Union


@dataclass(frozen=True)
class Line:
    """One line of text. tone: plain, good, warning, bad, dim or title."""

    text: str
    tone: str = "plain"


@dataclass(frozen=True)
class Table:
    """Rows below headers. right: the numbers of the columns that are aligned to the right; tones: one per row."""

    headers: Sequence[str]
    rows: Sequence[Sequence[str]]
    right: Sequence[int] = ()
    tones: Sequence[str] = ()


Block = Union[Line, Table]
