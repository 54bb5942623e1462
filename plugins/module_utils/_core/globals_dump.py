# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a backup holds of its server beside the databases: roles and tablespaces, as SQL."""

from __future__ import annotations

from pathlib import Path

from . import verify
from .codec import decompressor
from .postgresql import archive
from .repository.manifest import Manifest


def text(directory: Path, manifest: Manifest) -> str:
    """What ``pg_dumpall --globals-only`` wrote; empty for a backup without."""
    artifact = manifest.globals()
    if artifact is None:
        return ""
    parts: list[bytes] = []
    with (directory / artifact.file).open("rb") as stream:
        archive.through(decompressor(verify.codec_of(artifact).outer), stream, parts.append)
    return b"".join(parts).decode("utf-8")
