# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Roles in the globals of a backup: what is understood of them, and which of them a restore creates."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from ansible_collections.holdfast.postgres.plugins.module_utils._core import globals_dump
from ansible_collections.holdfast.postgres.plugins.module_utils._core.codec import Codec
from ansible_collections.holdfast.postgres.plugins.module_utils._core.postgresql.globals_grammar import read_globals
from ansible_collections.holdfast.postgres.plugins.module_utils._core.postgresql.roles import everything, to_create
from ansible_collections.holdfast.postgres.plugins.module_utils._core.postgresql.statements import LINE_BREAK

GLOBALS = r"""--
-- PostgreSQL database cluster dump
--

\restrict wR3xC2

SET default_transaction_read_only = off;

SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;

--
-- Roles
--

CREATE ROLE app;
ALTER ROLE app WITH NOSUPERUSER INHERIT LOGIN PASSWORD 'SCRAM-SHA-256$4096:a/b==$c=:d=' VALID UNTIL '2030-01-01';
CREATE ROLE owner;
ALTER ROLE owner WITH NOSUPERUSER INHERIT NOLOGIN CONNECTION LIMIT 7;
COMMENT ON ROLE owner IS 'owns; "everything"
and its brother''s';
CREATE ROLE postgres;
ALTER ROLE postgres WITH SUPERUSER;
CREATE ROLE chief;
ALTER ROLE chief WITH SUPERUSER CREATEROLE LOGIN;
CREATE ROLE "we""ird; role";
ALTER ROLE "we""ird; role" WITH LOGIN PASSWORD E'back\\slash''; CREATE ROLE trap;';

--
-- User Configurations
--

ALTER ROLE app SET search_path TO 'library', 'public';

--
-- Role memberships
--

GRANT owner TO app WITH ADMIN OPTION, INHERIT TRUE, SET FALSE GRANTED BY postgres;
GRANT chief TO app WITH INHERIT TRUE GRANTED BY postgres;
GRANT app TO chief WITH INHERIT TRUE GRANTED BY postgres;
GRANT pg_read_all_data TO app GRANTED BY "we""ird; role";

--
-- Tablespaces
--

CREATE TABLESPACE "fast; er" OWNER postgres LOCATION '/srv/fast';
ALTER TABLESPACE "fast; er" SET (random_page_cost=1.1, seq_page_cost=1);
GRANT ALL ON TABLESPACE "fast; er" TO app WITH GRANT OPTION;
COMMENT ON TABLESPACE "fast; er" IS 'quick';
GRANT SET ON PARAMETER work_mem TO app;
REVOKE ALL ON PARAMETER log_statement FROM PUBLIC;
SECURITY LABEL FOR selinux ON ROLE app IS 'unclassified';

\unrestrict wR3xC2
"""
EXISTING = ["postgres", "pg_read_all_data"]


def globals_with(statement: str) -> str:
    return GLOBALS.replace("ALTER ROLE app SET search_path", f"{statement}\nALTER ROLE app SET search_path")


def test_all_that_pg_dumpall_writes_is_understood():
    found = read_globals(GLOBALS)
    assert found.problem == ""
    assert sorted(found.roles) == ["app", "chief", "owner", "postgres", 'we"ird; role']
    assert found.tablespaces == ["fast; er"]


def test_the_needed_roles_are_created_and_the_groups_whose_rights_they_have():
    assert to_create(read_globals(GLOBALS), ["app"], EXISTING).create == ("app", "owner")
    assert to_create(read_globals(GLOBALS), ["app"], [*EXISTING, "owner"]).create == ("app",)
    assert to_create(read_globals(GLOBALS), [], EXISTING).create == ()


def test_a_member_is_named_and_not_created():
    found = to_create(read_globals(GLOBALS), ["owner"], EXISTING)
    assert (found.create, found.members) == (("owner",), ("app",))
    assert any("app" in note for note in found.notes())


def test_a_group_with_powers_is_not_created_for_its_members_and_an_existing_one_gets_none():
    found = to_create(read_globals(GLOBALS), ["app"], [*EXISTING, "owner"], ["pg_read_all_data", "postgres", "owner"])
    assert found.kept_back == (("app", "chief"), ("app", "owner"), ("app", "pg_read_all_data"))
    assert not [line for line in found.script if line.startswith("GRANT")]
    assert any('GRANT "pg_read_all_data" TO "app"' in note for note in found.notes())


def test_a_needed_role_keeps_its_powers_and_they_are_named():
    found = to_create(read_globals(GLOBALS), ["chief", "app"], EXISTING)
    assert found.powerful == ("chief (SUPERUSER, CREATEROLE)",)
    assert any("chief (SUPERUSER, CREATEROLE)" in note for note in found.notes())
    assert 'GRANT "chief" TO "app" WITH INHERIT TRUE' in found.script


def test_a_role_that_the_globals_do_not_know_cannot_be_created():
    assert to_create(read_globals(GLOBALS), ["unknown"], []).create == ()


def test_the_script_has_attributes_settings_comments_and_memberships():
    assert list(to_create(read_globals(GLOBALS), ["app"], EXISTING, ["pg_read_all_data"]).script) == [
        "CREATE ROLE \"app\" WITH NOSUPERUSER INHERIT LOGIN PASSWORD E'SCRAM-SHA-256$4096:a/b==$c=:d='"
        " VALID UNTIL E'2030-01-01'",
        'CREATE ROLE "owner" WITH NOSUPERUSER INHERIT NOLOGIN CONNECTION LIMIT 7',
        "COMMENT ON ROLE \"owner\" IS E'owns; \"everything\"\nand its brother''s'",
        "ALTER ROLE \"app\" SET \"search_path\" TO E'library', E'public'",
        'GRANT "owner" TO "app" WITH ADMIN OPTION, INHERIT TRUE, SET FALSE',
    ]


def test_a_scratch_server_gets_every_role_and_membership():
    found = everything(read_globals(GLOBALS), EXISTING)
    assert found.create == ("app", "chief", "owner", 'we"ird; role')
    assert [line for line in found.script if line.startswith("GRANT")] == [
        'GRANT "owner" TO "app" WITH ADMIN OPTION, INHERIT TRUE, SET FALSE',
        'GRANT "chief" TO "app" WITH INHERIT TRUE',
        'GRANT "app" TO "chief" WITH INHERIT TRUE',
        'GRANT "pg_read_all_data" TO "app"',
    ]


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER ROLE app SUPERUSER;",
        "ALTER ROLE app WITH SUPERUSER; ALTER ROLE app WITH LOGIN;",
        "ALTER ROLE unknown SET work_mem TO '1MB';",
        "ALTER ROLE app SET work_mem TO '1MB' SUPERUSER;",
        "ALTER ROLE app IN DATABASE x SET work_mem TO '1MB';",
        "ALTER ROLE app SET work_mem FROM CURRENT;",
        "ALTER SYSTEM SET work_mem TO '1MB';",
        "alter role app with superuser;",
        "CREATE ROLE app;",
        "CREATE ROLE x SUPERUSER;",
        "CREATE USER x;",
        "GRANT owner, chief TO app;",
        "GRANT owner TO app WITH ADMIN TRUE;",
        "GRANT ALL ON DATABASE x TO app;",
        "REVOKE owner FROM app;",
        "DO $$ BEGIN END $$;",
        "SELECT 1;",
        "SET ROLE chief;",
        r"\connect other",
        r"\! id",
        "/* a comment */ CREATE ROLE x;",
        "-- a comment that ends\rCREATE ROLE x;",
        r"ALTER ROLE app SET a.b TO '\';",
        r"ALTER ROLE app SET a TO '\'; CREATE ROLE x; --';",
        r"ALTER ROLE app SET a TO E'\'; CREATE ROLE x; --';",
        r"ALTER ROLE app SET a TO E'\n';",
        "ALTER ROLE app SET a TO U&'x';",
        "ALTER ROLE app SET a TO N'x';",
        "ALTER ROLE app SET a TO $$x$$;",
        "ALTER ROLE app SET a TO 'x' 'y';",
        "ALTER ROLE app SET a TO 'x'\n'y';",
        "CREATE ROLE grün;",
        "CREATE ROLE x",
        "COMMENT ON ROLE app IS 'never ends;",
    ],
)
def test_what_pg_dumpall_never_writes_is_not_understood_and_shown_in_one_line(statement: str):
    found = read_globals(globals_with(statement))
    assert found.problem
    assert found.problem.isprintable()


@pytest.mark.parametrize("name", ["tab\there", "esc\x1b[31m", "del\x7f", "c1\u009b", "vt\x0b", "turned\u202e"])
def test_a_name_may_hold_what_ends_no_line(name: str):
    for text in (GLOBALS, GLOBALS.replace("\\restrict wR3xC2\n", "")):
        found = read_globals(text.replace("CREATE ROLE chief;", f'CREATE ROLE chief;\nCREATE ROLE "{name}";'))
        assert found.problem == "" and name in found.roles


@pytest.mark.parametrize("name", ["line\nbreak", "line\rbreak", 'x"";\nCREATE ROLE evil; --'])
def test_a_name_with_a_line_break_is_read_only_where_no_comment_holds_it(name: str):
    made = GLOBALS.replace("CREATE ROLE chief;", f'CREATE ROLE chief;\nCREATE ROLE "{name}";')
    found = read_globals(made)
    assert found.problem == "" and name.replace('""', '"') in found.roles and "evil" not in found.roles
    for old in (
        made.replace("\\restrict wR3xC2\n", ""),
        made.replace("\\restrict wR3xC2\n", "SET standard_conforming_strings = on;\n\\restrict wR3xC2\n"),
        made.replace("\\restrict wR3xC2\n", "\\restrict wR3xC2\n\\unrestrict wR3xC2\n"),
    ):
        found = read_globals(old)
        assert found.problem.startswith(LINE_BREAK) and found.problem.isprintable() and "evil" not in found.roles


def test_globals_that_nobody_will_understand_are_told_when_they_are_made(tmp_path: Path):
    for title, text in (("", GLOBALS), (LINE_BREAK, 'CREATE ROLE "line\nbreak";\n'), ("CREATE USER", "CREATE USER x;")):
        path = tmp_path / "globals.sql"
        path.write_text(text, encoding="utf-8")
        told = globals_dump.doubts(path, Codec("plain", "none", inside=True, level=None))
        assert told.startswith(title) and bool(told) == bool(title)
    path.write_bytes(b"SET client_encoding = 'UTF8';\n-- \xff\n")
    assert "cannot be read as UTF8" in globals_dump.doubts(path, Codec("plain", "none", inside=True, level=None))


HOSTILE = [
    "x\n--\nALTER ROLE evil SUPERUSER;\n",
    "'; ALTER ROLE evil SUPERUSER; --",
    "\\'; ALTER ROLE evil SUPERUSER; --",
    "\\",
    "\\\\'",
    "''",
    "/*",
    "$$",
    "\n\\! id\n",
    "\\restrict x\n",
    '"; CREATE ROLE evil; --"',
    "\r\nCREATE ROLE evil;",
]


def as_pg_dumpall(text: str) -> str:
    """fmtId and appendStringLiteralConn, with standard_conforming_strings as it may be."""
    doubled = text.replace("'", "''")
    return " E'" + doubled.replace("\\", "\\\\") + "'" if "\\" in text else f"'{doubled}'"


def test_a_literal_is_only_a_literal_whatever_is_in_it():
    dice = random.Random(8)
    pieces = [*HOSTILE, "E", "'", '"', ";", "\n", "--", " ", "\\", "ALTER ROLE evil SUPERUSER;"]
    for text in [*HOSTILE, *("".join(dice.choices(pieces, k=dice.randrange(1, 6))) for _text in range(500))]:
        setting = f"ALTER ROLE app SET my.own TO {as_pg_dumpall(text)};".replace("my.own", '"my.own"')
        found = read_globals(globals_with(f"{setting}\nCOMMENT ON ROLE owner IS {as_pg_dumpall(text)};"))
        assert (found.problem, sorted(found.roles)) == ("", ["app", "chief", "owner", "postgres", 'we"ird; role'])
        assert found.roles["app"].settings[0] == ("my.own", (text,))
        assert found.roles["owner"].comment == text
