# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Roles in the globals of a backup: which of them a restore creates."""

from __future__ import annotations

from ansible_collections.holdfast.postgres.plugins.module_utils._core.postgresql.roles import (
    read_globals,
    script,
    to_create,
)

GLOBALS = r"""--
-- PostgreSQL database cluster dump
--

\restrict wR3xC2

SET default_transaction_read_only = off;

--
-- Roles
--

CREATE ROLE app;
ALTER ROLE app WITH NOSUPERUSER INHERIT LOGIN PASSWORD 'SCRAM-SHA-256$4096:a/b==$c=:d=';
CREATE ROLE owner;
ALTER ROLE owner WITH NOSUPERUSER INHERIT NOLOGIN;
COMMENT ON ROLE owner IS 'owns; "everything"
and its brother''s';
CREATE ROLE postgres;
ALTER ROLE postgres WITH SUPERUSER;
CREATE ROLE stranger;
ALTER ROLE stranger WITH LOGIN;
CREATE ROLE "we""ird; role";
ALTER ROLE "we""ird; role" WITH LOGIN PASSWORD E'back\\slash''; CREATE ROLE trap;';

--
-- User Configurations
--

ALTER ROLE app SET search_path TO 'library', 'public';

--
-- Role memberships
--

GRANT owner TO app WITH INHERIT TRUE GRANTED BY postgres;
GRANT "we""ird; role" TO stranger GRANTED BY "we""ird; role";


\unrestrict wR3xC2
"""


def test_the_needed_roles_and_those_tied_to_them_are_created():
    assert to_create(read_globals(GLOBALS), ["owner"], ["postgres"]) == ["app", "owner"]


def test_existing_roles_are_not():
    assert to_create(read_globals(GLOBALS), ["owner"], ["postgres", "owner"]) == ["app"]
    assert to_create(read_globals(GLOBALS), [], ["postgres"]) == []


def test_a_role_that_the_globals_do_not_know_cannot_be_created():
    assert to_create(read_globals(GLOBALS), ["unknown"], []) == []


def test_the_script_has_attributes_settings_comments_and_memberships():
    assert script(read_globals(GLOBALS), ["app", "owner"], ["postgres"]) == [
        "CREATE ROLE app;",
        "ALTER ROLE app WITH NOSUPERUSER INHERIT LOGIN PASSWORD 'SCRAM-SHA-256$4096:a/b==$c=:d=';",
        "CREATE ROLE owner;",
        "ALTER ROLE owner WITH NOSUPERUSER INHERIT NOLOGIN;",
        "COMMENT ON ROLE owner IS 'owns; \"everything\"\nand its brother''s';",
        "ALTER ROLE app SET search_path TO 'library', 'public';",
        "GRANT owner TO app WITH INHERIT TRUE;",
    ]


def test_a_role_that_exists_is_granted_but_not_altered():
    assert script(read_globals(GLOBALS), ["app"], ["owner"])[-1] == "GRANT owner TO app WITH INHERIT TRUE;"
    assert not [line for line in script(read_globals(GLOBALS), ["app"], ["owner"]) if "ALTER ROLE owner" in line]


def test_quotes_and_semicolons_in_names_and_passwords_hide_no_statement():
    created = to_create(read_globals(GLOBALS), ['we"ird; role'], [])
    assert created == ["stranger", 'we"ird; role']
    lines = script(read_globals(GLOBALS), created, [])
    assert 'CREATE ROLE "we""ird; role";' in lines
    assert lines[-1] == 'GRANT "we""ird; role" TO stranger;'
    assert not [line for line in lines if line.startswith("CREATE ROLE trap")]
