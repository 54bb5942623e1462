# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a failed program speaks against the archive that it read."""

from __future__ import annotations

import pytest

from ansible_collections.holdfast.postgres.plugins.module_utils._core.blame import (
    ENDED_EARLY,
    RUN_GONE,
    circumstance,
    wants_other_rows,
)

FAILED = "failed with exit status 1"


@pytest.mark.parametrize(
    "failures",
    [
        [("pg_restore", "was ended by SIGKILL", "")],
        [("pg_restore in container app-db", "failed with exit status 137", "")],
        [("pg_restore in container app-db", "failed with exit status 127", "exec: pg_restore: not found")],
        # The one before it only lost its reader.
        [
            ("zstd", "failed with exit status 70", "Write error : Broken pipe"),
            ("pg_restore", "was ended by SIGTERM", ""),
        ],
        [("zstd", "was ended by SIGPIPE", ""), ("pg_restore", "was ended by SIGKILL", "")],
        [("mkdir", FAILED, "mkdir: cannot create directory '/gone/x': No such file or directory")],
        [("dd in container app-db", FAILED, "dd: error writing '/tmp/x': No space left on device")],
        [("tar", "failed with exit status 2", "tar: ./2994.dat: Cannot write: No space left on device")],
        [("tar", "failed with exit status 2", "tar: /gone: Cannot open: No such file or directory")],
        [("pg_restore", FAILED, "pg_restore: error: out of memory")],
        [("pg_restore", FAILED, 'error: could not execute query: ERROR:  permission denied for schema "a"')],
        [("pg_restore", FAILED, 'ERROR:  extension "postgis" is not available')],
        [("psql", "failed with exit status 3", "FATAL:  terminating connection due to administrator command")],
        [("psql in container app-db", ENDED_EARLY, "")],
        [("psql", "failed with exit status 3", f'ERROR:  invalid input syntax for type integer: "{RUN_GONE}"')],
        [("pg_restore", FAILED, "pg_restore: error: a worker process died unexpectedly")],
        [("pg_restore", FAILED, 'ERROR:  must be able to SET ROLE "a"')],
        [("pg_restore", FAILED, "ERROR:  temporary file size exceeds temp_file_limit (1024kB)")],
        [("psql", "failed with exit status 2", "server closed the connection unexpectedly")],
    ],
)
def test_circumstances_do_not_speak_against_the_archive(failures):
    assert circumstance(failures)


@pytest.mark.parametrize(
    "failures",
    [
        [("pg_restore", FAILED, "pg_restore: error: could not read from input file: end of file")],
        [("pg_restore", FAILED, 'pg_restore: error: could not open file "/x/2994.dat": No such file or directory')],
        [("gzip", FAILED, "gzip: stdin: unexpected end of file")],
        [("zstd", FAILED, "zstd: /*stdin*\\: Data corruption detected"), ("pg_restore", FAILED, "end of file")],
        [("pg_restore", "was ended by SIGSEGV", "")],
        [("zstd", "was ended by SIGPIPE", ""), ("pg_restore", FAILED, "error: input file does not appear to be valid")],
        [("tar", "failed with exit status 2", "tar: Unexpected EOF in archive")],
        [("pg_restore", FAILED, 'could not execute query: ERROR:  relation "public.a" does not exist')],
        [
            (
                "pg_restore",
                FAILED,
                'pg_restore: error: COPY failed for table "a": ERROR:  value too long for type character(1)\n'
                "pg_restore: error: a worker process died unexpectedly",
            )
        ],
    ],
)
def test_what_is_wrong_with_the_archive_is_no_circumstance(failures):
    assert circumstance(failures) is None


@pytest.mark.parametrize(
    ("stderr", "expected"),
    [
        ('ERROR:  new row for relation "a" violates check constraint "a_check"', True),
        ('ERROR:  value for domain d violates check constraint "d_check"', True),
        ("ERROR:  gone\nCONTEXT:  PL/pgSQL function public.f(integer) line 1 at RAISE", True),
        ('ERROR:  division by zero\nCONTEXT:  SQL function "f" statement 1', True),
        ("ERROR:  function public.gone() does not exist", False),
        ('ERROR:  invalid byte sequence for encoding "UTF8": 0xff\nCONTEXT:  COPY a, line 1', False),
    ],
)
def test_a_check_or_a_function_may_have_missed_rows_that_were_left_out(stderr, expected):
    assert wants_other_rows([("pg_restore", FAILED, stderr)]) is expected
