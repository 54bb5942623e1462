# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an artifact is made of: format, compression, the file extension that says so, and the programs for it."""

from __future__ import annotations

from dataclasses import dataclass

from .process import Command

FORMATS = ("custom", "directory", "plain")
COMPRESSIONS = ("gzip", "none", "zstd")
DEFAULT_LEVEL = {"gzip": 6, "zstd": 1}
LEVELS = {"gzip": (1, 9), "zstd": (1, 19)}
DUMP_KNOWS_ZSTD = 16


@dataclass(frozen=True)
class Codec:
    """How one artifact is written.

    format:      of pg_dump: plain, custom or directory
    compression: what makes it small: gzip, zstd or none
    inside:      whether pg_dump compresses by itself; otherwise a program follows in the pipeline
    level:       of the compression; None with none
    """

    format: str
    compression: str
    inside: bool
    level: int | None

    @property
    def extension(self) -> str:
        """``.sql.gz``, ``.dump``, ``.dump.zst``, ``.dir.tar`` ...: what is inside, outermost last."""
        base = {"plain": ".sql", "custom": ".dump", "directory": ".dir.tar"}[self.format]
        return base if self.inside else base + SUFFIX[self.compression]

    @property
    def outer(self) -> str:
        """The compression around the archive, which has to come off before PostgreSQL's programs read it."""
        return "none" if self.inside else self.compression


SUFFIX = {"gzip": ".gz", "zstd": ".zst", "none": ""}


def choose(format: str, compression: str, level: int | None, dump_has_zstd: bool) -> Codec:
    """The codec for a job's wishes. Where pg_dump does not compress with zstd, the whole archive goes through zstd."""
    if compression == "none":
        return Codec(format, "none", inside=format != "plain", level=None)
    chosen = DEFAULT_LEVEL[compression] if level is None else level
    if format == "plain":
        return Codec(format, compression, inside=False, level=chosen)
    if compression == "zstd" and not dump_has_zstd:
        return Codec(format, "zstd", inside=False, level=chosen)
    return Codec(format, compression, inside=True, level=chosen)


def recognise(file_name: str) -> Codec | None:
    """The codec that a file's extension promises, or None. A .dump's inner compression is pg_dump's affair."""
    for format, base in (("directory", ".dir.tar"), ("custom", ".dump"), ("plain", ".sql")):
        for compression, suffix in SUFFIX.items():
            if file_name.endswith(base + suffix) and len(file_name) > len(base + suffix):
                return Codec(format, compression, inside=compression == "none", level=None)
    return None


def dump_option(codec: Codec, dump_major: int) -> str:
    """pg_dump's ``--compress`` for this codec."""
    if not codec.inside or codec.level is None:
        return "--compress=0"
    if dump_major >= DUMP_KNOWS_ZSTD:
        return f"--compress={codec.compression}:{codec.level}"
    return f"--compress={codec.level}"


def compressor(codec: Codec) -> list[Command]:
    """The pipeline stages that compress what pg_dump emits: one, or none."""
    if codec.outer == "zstd":
        return [Command(("zstd", "--quiet", "--check", f"-{codec.level}", "--threads=0", "--stdout"))]
    if codec.outer == "gzip":
        return [Command(("gzip", f"-{codec.level}", "--stdout"))]
    return []


def decompressor(outer: str) -> list[Command]:
    """The pipeline stages that undo the compression around an archive: one, or none."""
    if outer == "zstd":
        return [Command(("zstd", "--quiet", "--decompress", "--stdout"))]
    if outer == "gzip":
        return [Command(("gzip", "--decompress", "--stdout"))]
    return []
