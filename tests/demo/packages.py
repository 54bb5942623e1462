# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The machine's package index, from ``apt-cache dumpavail`` on standard input to rows for COPY."""

from __future__ import annotations

import sys

FIELDS = ("Package", "Version", "Section", "Installed-Size", "Description")


def main() -> None:
    for stanza in sys.stdin.read().split("\n\n"):
        found = dict(line.split(": ", 1) for line in stanza.splitlines() if ": " in line and not line.startswith(" "))
        if "Package" in found:
            print("\t".join(_escape(found.get(field)) for field in FIELDS))


def _escape(value: str | None) -> str:
    return "\\N" if value is None else value.replace("\\", "\\\\").replace("\t", "\\t")


if __name__ == "__main__":
    main()
