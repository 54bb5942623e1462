# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a backup holds of its server beside the databases: roles and tablespaces, as SQL."""

from __future__ import annotations

import re
from pathlib import Path

from . import reading, verify
from .codec import Codec, decompressor
from .errors import Damaged, Refused
from .postgresql import archive, encodings
from .postgresql.globals_grammar import read_globals
from .postgresql.roles import Globals
from .postgresql.statements import LINE_BREAK
from .repository.manifest import Manifest

RENAME = "Rename that role or update pg_dumpall, and take another backup. To restore this one: create the roles first."
RESTORE_WITHOUT = "Find out where it comes from. To restore all the same: create the roles by hand first."
ENCODING = re.compile(rb"^SET client_encoding = '(\w+)';$", re.MULTILINE)


def text(directory: Path, manifest: Manifest) -> str:
    """What ``pg_dumpall --globals-only`` wrote; empty for a backup without."""
    artifact = manifest.globals()
    return "" if artifact is None else read(directory / artifact.file, verify.codec_of(artifact))


def read(path: Path, codec: Codec) -> str:
    """The text of a globals dump; :class:`Damaged` when it is none in the encoding that it names."""
    parts: list[bytes] = []
    with reading.opened(path) as stream:
        archive.through(decompressor(codec.outer), stream, parts.append)
    octets = b"".join(parts)
    encoding = ENCODING.search(octets)
    name = encoding[1].decode("ascii") if encoding else "UTF8"
    try:
        return octets.decode(encodings.python(name))
    except (LookupError, UnicodeDecodeError) as error:
        raise Damaged(path.name, f"it cannot be read as {name}: {error}", RESTORE_WITHOUT) from error


def doubts(path: Path, codec: Codec) -> str:
    """Why no restore can make roles of a globals dump that was just written, or nothing."""
    try:
        return read_globals(read(path, codec)).problem
    except Damaged as error:
        return error.cause


def require_understood(backup: str, found: Globals) -> None:
    """A statement that is not understood may be about any role, and may do anything."""
    if found.problem:
        if found.problem.startswith(LINE_BREAK):
            raise Refused(f"the globals of {backup}", found.problem, RENAME)
        raise Refused(
            f"the globals of {backup}", f"this is nothing that pg_dumpall writes: {found.problem}", RESTORE_WITHOUT
        )
