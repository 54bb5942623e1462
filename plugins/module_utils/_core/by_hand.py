# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The shell lines that restore an artifact without this software. They go into the manifest."""

from __future__ import annotations

from .codec import Codec
from .visible import shell_word

READ = {"zstd": "zstd -dc {file}", "gzip": "gunzip -c {file}", "none": "cat {file}"}


def database(file: str, codec: Codec, name: str) -> tuple[str, ...]:
    """Create an empty database and load the artifact into it, in the directory of the backup."""
    target = shell_word(f"{name}_restored")
    create = f"createdb -T template0 {target}"
    if codec.format == "plain":
        load = f"{_read(file, codec)} | psql -X -v ON_ERROR_STOP=1 -d {target}"
    elif codec.format == "custom":
        load = f"{_read(file, codec)} | pg_restore --exit-on-error -d {target}"
    else:
        folder = shell_word(file.split(".")[0])
        return (
            create,
            f"mkdir {folder} && {_read(file, codec)} | tar -x -C {folder}",
            f"pg_restore --exit-on-error -j 2 -d {target} {folder}",
        )
    return (create, load)


def globals(file: str, codec: Codec) -> tuple[str, ...]:
    """Create the roles. CREATE ROLE fails for those that exist already; the rest makes them what they were."""
    return (f"{_read(file, codec)} | psql -X -d postgres",)


def _read(file: str, codec: Codec) -> str:
    return READ[codec.outer].format(file=shell_word(file))
