# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One thing that is not as a proof says."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from .visible import visible

NOT_COMPUTED = "it could not be computed"


@dataclass(frozen=True)
class Difference:
    """One thing that is not as the proof says. harmless: a restore cannot bring it back, and nothing is lost.

    A materialized view is computed anew, a generated column too, and an extension comes in the server's version.
    compared: False for what cannot be told, because two major versions of PostgreSQL write it in different ways.
    """

    kind: str
    name: str
    what: str
    harmless: bool = False
    compared: bool = True

    @property
    def of_backup(self) -> bool:
        """Whether the backup is to blame. It holds no rows of a materialized view, only how to compute them."""
        return not self.harmless and self.what != NOT_COMPUTED

    def as_data(self) -> dict[str, Any]:
        return asdict(self)

    def __str__(self) -> str:
        return visible(f"{self.kind} {self.name}: {self.what}" if self.name else f"{self.kind}: {self.what}")
