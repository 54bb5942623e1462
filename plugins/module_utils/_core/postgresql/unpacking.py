# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A directory archive out of its tar stream, into a directory that somebody else may be changing meanwhile."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from typing import IO

from ..errors import ProgramFailed
from ..pipes import CHUNK
from ..process import Command, Pipeline

# tar reads a pipe by records: this one is as large as what a pipe holds.
RECORD = "--blocking-factor=128"
NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def unpack(stages: list[Command], archive: IO[bytes], directory: int) -> None:
    """The files of an archive, through the given stages, each made anew in the directory of that descriptor.

    pg_dump writes nothing but files side by side: :class:`ProgramFailed` for anything else, and for what goes wrong.
    """
    try:
        with _through(stages, archive) as stream, tarfile.open(fileobj=stream, mode="r|", bufsize=CHUNK) as members:
            for member in members:
                name = member.name.removeprefix("./")
                if name in ("", ".") and member.isdir():
                    continue
                source = members.extractfile(member) if member.isreg() and "/" not in name else None
                if source is None:
                    raise tarfile.TarError(f"{member.name} is no file of a directory archive")
                with os.fdopen(os.open(name, NEW, 0o600, dir_fd=directory), "wb", buffering=0) as target:
                    shutil.copyfileobj(source, target, CHUNK)
            while stream.read(CHUNK):
                pass
    except OSError as error:
        raise ProgramFailed([("unpacking", f"failed: {error.strerror or error}", "")]) from error
    except (tarfile.TarError, EOFError) as error:
        raise ProgramFailed([("unpacking", f"failed: {error}", "")]) from error


@contextlib.contextmanager
def _through(stages: list[Command], archive: IO[bytes]) -> Iterator[IO[bytes]]:
    if not stages:
        yield archive
        return
    with Pipeline(stages, archive, subprocess.PIPE) as pipeline:
        yield pipeline.output
        pipeline.finish()
