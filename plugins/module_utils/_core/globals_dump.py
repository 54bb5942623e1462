# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a backup holds of its server beside the databases: roles and tablespaces, as SQL."""

from __future__ import annotations

import re
from pathlib import Path

from . import verify
from .codec import decompressor
from .errors import Damaged, Refused
from .postgresql import archive, encodings
from .postgresql.roles import Globals
from .repository.manifest import Manifest

RESTORE_WITHOUT = "Find out where it comes from. To restore all the same: create the roles by hand first."
ENCODING = re.compile(rb"^SET client_encoding = '(\w+)';$", re.MULTILINE)


def text(directory: Path, manifest: Manifest) -> str:
    """What ``pg_dumpall --globals-only`` wrote; empty for a backup without."""
    artifact = manifest.globals()
    if artifact is None:
        return ""
    parts: list[bytes] = []
    with (directory / artifact.file).open("rb") as stream:
        archive.through(decompressor(verify.codec_of(artifact).outer), stream, parts.append)
    octets = b"".join(parts)
    encoding = ENCODING.search(octets)
    name = encoding[1].decode("ascii") if encoding else "UTF8"
    try:
        return octets.decode(encodings.python(name))
    except (LookupError, UnicodeDecodeError) as error:
        raise Damaged(artifact.file, f"it cannot be read as {name}: {error}", RESTORE_WITHOUT) from error


def require_understood(backup: str, found: Globals) -> None:
    """A statement that is not understood may be about any role, and may do anything."""
    if found.problem:
        raise Refused(
            f"the globals of {backup}", f"this is nothing that pg_dumpall writes: {found.problem}", RESTORE_WITHOUT
        )
