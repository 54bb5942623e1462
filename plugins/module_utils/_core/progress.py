# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a verb tells while it works. The core speaks; the fronts decide where it goes."""

from __future__ import annotations


class Progress:
    """Says nothing. A front overrides what it shows."""

    def step(self, text: str) -> None:
        """A part of the work begins, or something worth a line in the log happened."""

    def warn(self, text: str) -> None:
        """Not a failure, but somebody should read it."""

    def fail(self, text: str) -> None:
        """The end of the work, in one line; the error itself is told elsewhere."""
