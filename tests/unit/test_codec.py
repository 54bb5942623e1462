# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Formats and compressions: what pg_dump is asked for, and what the file's extension says."""

from __future__ import annotations

import pytest

from ansible_collections.holdfast.postgres.plugins.module_utils._core.codec import (
    COMPRESSIONS,
    FORMATS,
    choose,
    dump_option,
    recognise,
)


@pytest.mark.parametrize(
    ("format", "compression", "major", "extension", "option"),
    [
        ("plain", "gzip", 15, ".sql.gz", "--compress=0"),
        ("plain", "zstd", 17, ".sql.zst", "--compress=0"),
        ("plain", "none", 17, ".sql", "--compress=0"),
        ("custom", "zstd", 15, ".dump.zst", "--compress=0"),
        ("custom", "zstd", 16, ".dump", "--compress=zstd:1"),
        ("custom", "gzip", 15, ".dump", "--compress=6"),
        ("custom", "gzip", 17, ".dump", "--compress=gzip:6"),
        ("custom", "none", 15, ".dump", "--compress=0"),
        ("directory", "zstd", 15, ".dir.tar.zst", "--compress=0"),
        ("directory", "zstd", 17, ".dir.tar", "--compress=zstd:1"),
        ("directory", "none", 17, ".dir.tar", "--compress=0"),
    ],
)
def test_pg_dump_compresses_where_it_can(format, compression, major, extension, option):
    codec = choose(format, compression, None, dump_has_zstd=major >= 16)
    assert codec.extension == extension
    assert dump_option(codec, major) == option


@pytest.mark.parametrize("format", ["custom", "directory"])
def test_a_pg_dump_that_was_built_without_zstd_does_not_compress(format):
    codec = choose(format, "zstd", None, dump_has_zstd=False)
    assert (codec.extension[-4:], codec.outer, dump_option(codec, 18)) == (".zst", "zstd", "--compress=0")


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("compression", COMPRESSIONS)
@pytest.mark.parametrize("dump_has_zstd", [False, True])
def test_the_extension_tells_format_and_outer_compression(format, compression, dump_has_zstd):
    codec = choose(format, compression, None, dump_has_zstd)
    told = recognise(f"app_20250816_155503{codec.extension}")
    assert told is not None
    assert (told.format, told.outer) == (codec.format, codec.outer)


@pytest.mark.parametrize("name", ["app.txt", ".sql.gz", "app.sql.bz2", "app.manifest.json", "app", ".dump"])
def test_other_files_are_no_dumps(name):
    assert recognise(name) is None
