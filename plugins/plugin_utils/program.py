# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The core as one executable file, the program ``holdfast``."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

SHEBANG = b"#!/usr/bin/python3\n"
MAIN = b"""\
import sys

from holdfast.cli import main

sys.exit(main(sys.argv[1:], sys.stdout, sys.stderr))
"""
# The standard zipapp module takes dates, modes and order from the file system.
DATE = (1980, 1, 1, 0, 0, 0)
MODE = 0o100644 << 16
UNIX = 3


def build(core: Path) -> bytes:
    """A zipapp of the package in the directory core: the same sources make the same bytes, wherever and whenever."""
    files = {f"holdfast/{path.relative_to(core).as_posix()}": path.read_bytes() for path in core.rglob("*.py")}
    archive = io.BytesIO()
    archive.write(SHEBANG)
    with zipfile.ZipFile(archive, "a") as app:
        for name, content in sorted({**files, "__main__.py": MAIN}.items()):
            app.writestr(_entry(name), content, zipfile.ZIP_DEFLATED, compresslevel=9)
    return archive.getvalue()


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, DATE)
    entry.create_system = UNIX
    entry.external_attr = MODE
    return entry
