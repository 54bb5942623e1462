# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What psql alone would act on is found in a plain dump, wherever it is cut; what only looks like it is not."""

from __future__ import annotations

import pytest

from ansible_collections.holdfast.postgres.plugins.module_utils._core.errors import Refused
from ansible_collections.holdfast.postgres.plugins.module_utils._core.postgresql.feed import restricts, searched
from ansible_collections.holdfast.postgres.plugins.module_utils._core.postgresql.psql_commands import Scan
from ansible_collections.holdfast.postgres.plugins.module_utils._core.postgresql.restrict_key import without_key

HARMLESS = rb"""--
-- PostgreSQL database dump, \! in a comment
--

\restrict KEY1

SET standard_conforming_strings = on;
-- Name: a\b; Type: TABLE
CREATE TABLE public."it's; \! odd" (id integer DEFAULT E'\'\\!'::text, "a""b" text DEFAULT 'c:\d');
CREATE FUNCTION public.f() RETURNS text LANGUAGE plpgsql AS $_$ BEGIN RETURN $$\! id$$ || '\'; END $_$;
CREATE FUNCTION public.g() RETURNS integer LANGUAGE sql BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END;
/* a /* nested \! */ comment \! */
CREATE RULE r AS ON INSERT TO public.t DO ALSO (DELETE FROM public.u; DELETE FROM public.v);
COPY public."it's; \! odd" (id, "a""b") FROM stdin;
\N	\\! touch /tmp/x
1	'
\.

COPY public.empty FROM stdin;
\.
SELECT pg_catalog.lowrite(0, '\x0a5c27');
INSERT INTO public.t VALUES (1, date'2020-01-01', x::"char", 'it''s');
COMMENT ON TABLE public.t IS 'ends with two \\';
CREATE VIEW public.w AS SELECT a[1:2] AS a$b$, x::text FROM public.t
;

--
-- PostgreSQL database dump complete
--

\unrestrict KEY1

"""
FOUND = [
    rb"\! id",
    rb"	\! id",
    rb"SELECT 1 \! id",
    rb"SELECT 1; \c other",
    rb"	\c other",
    rb"SELECT 1 \c other",
    rb"SELECT 1 \g |id",
    rb"\copy public.t from program 'id'",
    rb"\o |id",
    rb"\setenv PATH /tmp",
    rb"\restrict KEY2",
    rb"\unrestrict KEY2",
    rb"  \unrestrict KEY1",
    rb"SELECT 1 \unrestrict KEY1",
    b"\\unrestrict KEY1\nSELECT 1;",
    rb"\.",
    rb"SELECT :DBNAME;",
    rb"SELECT :'USER';",
    rb"SELECT 'a\'; \! id ';",
    rb"SELECT U&'a\'; \! id ';",
    rb"SELECT $a$ $b$ $a$ \! id $b$;",
    rb"SELECT a$b$ \! id $b$;",
    rb"SELECT e'\\' \! id;",
    rb"SELECT date'\' \! id;",
    rb'SELECT "\" \! id;',
    b"-- a comment that ends\r\\! id",
    rb"/* /* */ */ \! id",
    b"COPY public.t FROM stdin;\n\\.\n\\! id",
    b"COPY public.t FROM stdin;\r\n\\! id\n\\.",
    b"COPY public.t FROM stdin; \\! id\n\\.",
    b"copy public.t from stdin;\n'\n\\.\n\\! id\n'\n;",
    b"COPY public.t FROM stdin WITH (FORMAT csv);\n'\n\\.\n",
    b"COPY public.t FROM '/etc/passwd';",
    b"COPY public.t TO PROGRAM 'id';",
    b"/**/COPY public.t FROM/**/stdin;\n\\.",
    b"CREATE FUNCTION f() RETURNS int SET search_path TO begin;\nCOPY public.t FROM stdin;\n\\! id\n\\.\n;END;",
    b"SELECT (1;\nCOPY public.t FROM stdin;\n\\! id\n\\.\n);",
    b"SELECT $" + b"a" * 300 + b"$ \\! id $" + b"a" * 300 + b"$;",
]


def scanned(octets: bytes, piece: int) -> str:
    scan = Scan()
    for start in range(0, len(octets), piece):
        if scan.see(octets[start : start + piece]):
            return scan.found
    scan.finish()
    return scan.found


@pytest.mark.parametrize("piece", [1, 7, 64, 257, 1 << 20])
def test_what_pg_dump_writes_is_harmless(piece: int):
    assert scanned(HARMLESS, piece) == ""


@pytest.mark.parametrize("line", FOUND)
def test_what_psql_would_act_on_is_found_and_shown_in_one_line(line: bytes):
    for place in (b"CREATE TABLE", b"COPY public.empty", b"SELECT pg_catalog.lowrite"):
        octets = HARMLESS.replace(b"\n" + place, b"\n" + line + b"\n" + place, 1)
        assert octets != HARMLESS
        for piece in (3, 300, 1 << 20):
            found = scanned(octets, piece)
            assert found and found.isprintable(), (place, piece)


@pytest.mark.parametrize("piece", [1, 100, 1000, 1 << 20])
def test_nothing_of_it_goes_on_before_it_is_found(piece: int):
    hostile = HARMLESS.replace(b"SELECT pg_catalog.lowrite", b"SELECT 1 \\! id\nSELECT pg_catalog.lowrite", 1)
    passed = []
    with pytest.raises(Refused, match="id"):
        for part in searched(hostile[start : start + piece] for start in range(0, len(hostile), piece)):
            passed.append(part)
    assert b"\\! id\nSELECT" not in b"".join(passed)
    chunks = [HARMLESS[start : start + piece] for start in range(0, len(HARMLESS), piece)]
    assert b"".join(searched(iter(chunks))) == HARMLESS


def test_the_key_is_taken_out_at_the_head_and_at_the_end_and_nowhere_else():
    inner = HARMLESS.replace(b"1\t'", b"\\\\restrict KEY1\n\\\\unrestrict KEY1")
    expected = inner.replace(b"\n\\restrict KEY1\n", b"\n", 1)[: -len(b"\\unrestrict KEY1\n\n")]
    for piece in (1, 50, 1 << 20):
        chunks = [inner[start : start + piece] for start in range(0, len(inner), piece)]
        assert b"".join(without_key(chunks)) == expected


@pytest.mark.parametrize(
    "octets",
    [
        HARMLESS.replace(b"\\restrict KEY1\n", b"").replace(b"\\unrestrict KEY1\n", b""),
        b"SELECT 1;\n" + HARMLESS,
        b"",
        b"--",
        b"-- without end",
        b"-" * 100000,
    ],
)
def test_what_has_no_key_at_its_head_stays_as_it_is(octets: bytes):
    chunks = [octets[start : start + 9] for start in range(0, len(octets), 9)]
    assert b"".join(without_key(chunks)) == octets


@pytest.mark.parametrize(
    ("version", "known"),
    [
        ("psql (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)", True),
        ("psql (PostgreSQL) 15.14", True),
        ("psql (PostgreSQL) 15.13", False),
        ("psql (PostgreSQL) 14.9 (Ubuntu 14.9-0ubuntu0.22.04.1)", False),
        ("psql (PostgreSQL) 18.0", True),
        ("psql (PostgreSQL) 18beta1", False),
        ("psql (PostgreSQL) 12.22", False),
        ("nonsense", False),
    ],
)
def test_which_psql_refuses_its_own_commands_when_told_to(version: str, known: bool):
    assert restricts(version) is known
