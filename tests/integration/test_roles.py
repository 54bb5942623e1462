# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Roles travel with a backup, and are made where they are missing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from psycopg import sql

from ansible_collections.holdfast.postgres.tests.integration import sabotage
from ansible_collections.holdfast.postgres.tests.integration.content import assert_same, content
from ansible_collections.holdfast.postgres.tests.integration.program import Holdfast
from ansible_collections.holdfast.postgres.tests.integration.sample import (
    OWNER,
    PASSWORD,
    ROLES,
    WEIRD,
    create_roles,
    small,
)
from ansible_collections.holdfast.postgres.tests.integration.servers import Server
from ansible_collections.holdfast.postgres.tests.integration.waiting import wait_until

SOURCE = {"database": WEIRD, "name": "weird"}
ROLES_OF = "SELECT rolname FROM pg_roles WHERE rolname !~ '^pg_' ORDER BY 1"
MEMBERS = """
    SELECT g.rolname, u.rolname, m.admin_option FROM pg_auth_members m
    JOIN pg_roles g ON g.oid = m.roleid JOIN pg_roles u ON u.oid = m.member WHERE g.rolname !~ '^pg_'"""
SETTINGS = "SELECT setrole::regrole::text, setconfig FROM pg_db_role_setting WHERE setdatabase = 0"


@pytest.mark.parametrize("format", ["plain", "custom", "directory"])
def test_a_fresh_server_gets_the_roles_and_the_database(
    holdfast: Holdfast, cluster15: Server, other15: Server, samples: Any, format: str
) -> None:
    expected = samples(cluster15)
    repository = holdfast.define("library", cluster15, SOURCE, format=format)
    holdfast.backup("library")
    holdfast.define("library", other15, SOURCE, repository=str(repository))

    result = holdfast.json("restore", "latest", "--into", WEIRD)
    assert result["roles_created"] == sorted(ROLES)
    assert_same(content(other15, WEIRD), expected)
    for query in (ROLES_OF, MEMBERS, SETTINGS):
        assert other15.query(query) == cluster15.query(query)
    # The password came along: its owner can log in and read.
    with other15.connect(WEIRD, user=OWNER, password=PASSWORD) as session:
        assert session.execute("SELECT count(*) FROM library.authors").fetchone() == (400,)


def test_a_role_that_is_there_already_is_left_as_it_is(
    holdfast: Holdfast, cluster15: Server, other15: Server, samples: Any
) -> None:
    samples(cluster15)
    repository = holdfast.define("library", cluster15, SOURCE)
    holdfast.backup("library")
    with other15.connect() as session:
        session.execute("CREATE ROLE \"app owner\" LOGIN PASSWORD 'own'")
    holdfast.define("library", other15, SOURCE, repository=str(repository))
    assert OWNER not in holdfast.json("restore", "latest", "--into", WEIRD)["roles_created"]
    with other15.connect(WEIRD, user=OWNER, password="own") as session:
        assert session.execute("SHOW work_mem").fetchone() == ("9MB",)
    assert other15.query(SETTINGS) == []


def test_missing_roles_without_globals_are_told_before_anything_is_touched(
    holdfast: Holdfast, cluster15: Server, other15: Server, samples: Any
) -> None:
    samples(cluster15)
    repository = holdfast.define("library", cluster15, SOURCE, globals=False)
    made = holdfast.backup("library")
    assert [one["kind"] for one in made["artifacts"]] == ["database", "proof"]
    holdfast.define("library", other15, SOURCE, globals=False, repository=str(repository))
    databases, roles = other15.names(), other15.query(ROLES_OF)

    error = holdfast("restore", "latest", "--into", WEIRD, status=1).err
    assert all(role in error for role in ROLES)
    assert "CREATE ROLE" in error
    assert (other15.names(), other15.query(ROLES_OF)) == (databases, roles)


def test_roles_of_a_restore_that_fails_are_dropped_again_and_those_in_use_named(
    holdfast: Holdfast, cluster15: Server, other15: Server
) -> None:
    create_roles(cluster15)
    database = small(cluster15, cluster15.unique())
    with cluster15.connect(database) as session:
        session.execute('ALTER TABLE items OWNER TO "app owner"; GRANT SELECT ON items TO "read only"')
    repository = holdfast.define("library", cluster15, database)
    made = holdfast.backup("library")
    sabotage.alter(cluster15, repository, made, "UPDATE items SET name = 'altered' WHERE id = 71")
    holdfast.define("library", other15, database, repository=str(repository))
    databases, roles = other15.names(), other15.query(ROLES_OF)
    error = holdfast("restore", made["id"], "--into", "x", status=1).err
    assert "other content" in error and "still there" not in error
    assert (other15.names(), other15.query(ROLES_OF)) == (databases, roles)

    run = holdfast.start("restore", made["id"], "--into", "x")
    wait_until(lambda: other15.query(ROLES_OF) != roles, "the roles are there")
    with other15.connect() as session:
        session.execute('CREATE SCHEMA meanwhile AUTHORIZATION "app owner"')
    error = run.communicate(timeout=60)[1]
    assert "still there: app owner." in error
    assert sorted([*roles, ("app owner",)]) == sorted(other15.query(ROLES_OF))


@pytest.mark.parametrize(
    ("privileges", "password"), [("IN ROLE pg_read_all_data", True), ("IN ROLE keeper", False)], ids=["reads", "owns"]
)
def test_a_plain_role_is_enough_for_a_backup(
    holdfast: Holdfast, cluster15: Server, other15: Server, password_file: Path, privileges: str, password: bool
) -> None:
    database = cluster15.unique()
    cluster15.create(database)
    with cluster15.connect(database) as session:
        session.execute("CREATE ROLE keeper LOGIN PASSWORD 'kept'")
        session.execute(f"CREATE ROLE reader LOGIN PASSWORD 'reading' {privileges}")
        session.execute("CREATE TABLE items (id integer)")
        session.execute("INSERT INTO items SELECT generate_series(1, 9)")
        session.execute("ALTER TABLE items OWNER TO keeper")
    password_file.write_text("reading", encoding="utf-8")
    reading = {"host": "127.0.0.1", "port": cluster15.port, "user": "reader", "password_file": str(password_file)}
    repository = holdfast.define("library", reading, database)
    told = holdfast("backup", "library").out
    cluster15.drop(database)
    with cluster15.connect() as session:
        session.execute("DROP ROLE reader")
        session.execute("DROP ROLE keeper")

    # Only a role that may read every table may read the roles' passwords; whoever may not is told so.
    assert ("may not read passwords" in told) is not password
    holdfast.define("library", other15, database, repository=str(repository))
    holdfast("restore", "latest", "--into", database)
    assert other15.query("SELECT count(*) FROM items", database) == [(9,)]
    kept = other15.query("SELECT rolpassword IS NOT NULL FROM pg_authid WHERE rolname = 'keeper'")
    assert kept == [(password,)]


@pytest.mark.parametrize(
    ("privileges", "cause", "next_step"),
    [
        ("IN ROLE pg_read_all_data", "large object", "grant it each of them"),
        ("", "table items", 'GRANT pg_read_all_data TO "it\'s a reader"'),
        ("IN ROLE pg_read_all_data", "row-level security", 'ALTER ROLE "it\'s a reader" BYPASSRLS'),
    ],
    ids=["large object", "table", "policy"],
)
def test_what_a_plain_role_may_not_read_is_named_and_nothing_is_left_out(
    holdfast: Holdfast, cluster15: Server, password_file: Path, privileges: str, cause: str, next_step: str
) -> None:
    database = small(cluster15, cluster15.unique())
    with cluster15.connect(database) as session:
        session.execute(f"CREATE ROLE \"it's a reader\" LOGIN PASSWORD 'reading' {privileges}")
        if cause == "large object":
            session.execute("SELECT lo_create(4711)")
        if cause == "row-level security":
            session.execute("ALTER TABLE items ENABLE ROW LEVEL SECURITY")
    password_file.write_text("reading", encoding="utf-8")
    connection = {"host": "127.0.0.1", "port": cluster15.port, "password_file": str(password_file)}
    repository = holdfast.define("library", {**connection, "user": "it's a reader"}, database)
    try:
        error = holdfast("backup", "library", status=1).err
        assert cause in error and next_step in error
        assert not list(repository.iterdir())
    finally:
        with cluster15.connect() as session:
            session.execute('DROP ROLE "it\'s a reader"')


def test_what_an_ordinary_role_sets_for_itself_gives_it_no_right_elsewhere(
    holdfast: Holdfast, cluster15: Server, other15: Server
) -> None:
    database = small(cluster15, cluster15.unique())
    hostile = ["CREATE ROLE evil LOGIN PASSWORD 'evil'", "CREATE ROLE chief SUPERUSER", "GRANT evil TO chief"]
    own = ["SET search_path = E'x\\n--'", "SET temp_tablespaces = '; ALTER ROLE evil SUPERUSER; --'"]
    own.append("SET default_tablespace = E'\\n--\\nALTER ROLE evil SUPERUSER;\\n'")
    with cluster15.connect() as session:
        for statement in hostile:
            session.execute(statement)
    with cluster15.connect(user="evil", password="evil") as session:
        for setting in own:
            session.execute(f"ALTER ROLE evil {setting}")
    with cluster15.connect(database) as session:
        session.execute("ALTER TABLE items OWNER TO evil")
    repository = holdfast.define("library", cluster15, database)
    holdfast.backup("library")
    settings = cluster15.query("SELECT setconfig FROM pg_db_role_setting WHERE setrole = 'evil'::regrole")
    try:
        # A server of its own gets the foreign superuser, too, and is gone afterwards.
        assert holdfast.json("drill", "library")["result"] == "proved"
        holdfast.define("library", other15, database, repository=str(repository))
        told = holdfast("restore", "latest", "--into", database, "--dry-run").out
        result = holdfast.json("restore", "latest", "--into", database)
    finally:
        cluster15.drop(database)
        with cluster15.connect() as session:
            session.execute("DROP ROLE chief, evil")
    # A member of what is created is named, and does not come along.
    assert "chief" in told
    assert result["roles_created"] == ["evil"]
    assert other15.query("SELECT rolname FROM pg_roles WHERE rolsuper") == [("postgres",)]
    assert other15.query(MEMBERS) == []
    assert other15.query("SELECT setconfig FROM pg_db_role_setting WHERE setrole = 'evil'::regrole") == settings


def test_a_group_that_may_more_on_this_server_gets_no_member_and_a_superuser_is_named(
    holdfast: Holdfast, cluster15: Server, other15: Server
) -> None:
    database = small(cluster15, cluster15.unique())
    with cluster15.connect(database) as session:
        for role in ("staff", "clerk IN ROLE staff, pg_read_all_data", "boss SUPERUSER"):
            session.execute(f"CREATE ROLE {role}")
        session.execute("ALTER TABLE items OWNER TO clerk")
        session.execute("GRANT SELECT ON items TO boss")
    repository = holdfast.define("library", cluster15, database)
    holdfast.backup("library")
    cluster15.drop(database)
    with cluster15.connect() as session:
        session.execute("DROP ROLE clerk, staff, boss")
    with other15.connect() as session:
        session.execute("CREATE ROLE staff CREATEROLE")
    holdfast.define("library", other15, database, repository=str(repository))
    result = holdfast.json("restore", "latest", "--into", database)
    assert result["roles_created"] == ["boss", "clerk"]
    notes = "\n".join(result["roles_notes"])
    assert "boss (SUPERUSER)" in notes
    assert 'GRANT "staff" TO "clerk"' in notes and 'GRANT "pg_read_all_data" TO "clerk"' in notes
    assert other15.query("SELECT count(*) FROM pg_auth_members WHERE member = 'clerk'::regrole") == [(0,)]


def test_globals_that_pg_dumpall_did_not_write_are_refused_by_what_they_hold(
    holdfast: Holdfast, cluster15: Server, other15: Server
) -> None:
    database, role = small(cluster15, cluster15.unique()), cluster15.unique("r")
    with cluster15.connect(database) as session:
        session.execute(f"CREATE ROLE {role}; ALTER TABLE items OWNER TO {role}")
    repository = holdfast.define("library", cluster15, database, compression="none")
    made = holdfast.backup("library")
    path = next(repository.glob("*globals*"))
    sabotage.replace(repository, made["id"], path, path.read_bytes() + b"\nALTER SYSTEM SET work_mem = '9MB';\n")
    holdfast.define("library", other15, database, repository=str(repository))
    before = other15.query(ROLES_OF), other15.names()
    for command in (("restore", "latest", "--into", database), ("drill", "latest")):
        told = holdfast(*command, status=None)
        assert told.status and "nothing that pg_dumpall writes" in told.err and "ALTER SYSTEM SET work_mem" in told.err
    assert (other15.query(ROLES_OF), other15.names()) == before
    cluster15.drop(database)
    with cluster15.connect() as session:
        session.execute(f"DROP ROLE {role}")


def test_roles_whose_names_have_line_breaks_and_escapes(holdfast: Holdfast, cluster15: Server, other15: Server) -> None:
    database, into = small(cluster15, cluster15.unique()), cluster15.unique()
    prefix = cluster15.unique("r")
    odd = [prefix + end for end in ("\nALTER ROLE evil SUPERUSER;", "\r--", "\t", "\x1b[2J", '"; \x7f', "\u009b\u202e")]
    owner, group = odd[0], odd[1]
    with cluster15.connect(database) as session:
        for role in odd:
            session.execute(sql.SQL("CREATE ROLE {}").format(sql.Identifier(role)))
            session.execute(sql.SQL("ALTER ROLE {} SET work_mem TO '9MB'").format(sql.Identifier(role)))
            session.execute(sql.SQL("GRANT SELECT ON items TO {}").format(sql.Identifier(role)))
        session.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(group), sql.Identifier(owner)))
        session.execute(sql.SQL("ALTER TABLE items OWNER TO {}").format(sql.Identifier(owner)))
    expected = content(cluster15, database)
    try:
        repository = holdfast.define("library", cluster15, database, format="plain")
        assert "warning" not in holdfast("backup", "library").out
        assert holdfast.json("drill", "latest")["result"] == "proved"
        holdfast.define("library", other15, database, repository=str(repository))
        result = holdfast.json("restore", "latest", "--into", into)
        assert sorted(result["roles_created"]) == sorted(odd)
        assert_same(content(other15, into), expected)
        for query in (ROLES_OF, MEMBERS, SETTINGS):
            there, here = (
                sorted(row for row in server.query(query) if str(row[0]).strip('"').startswith(prefix))
                for server in (cluster15, other15)
            )
            assert there == here != []
    finally:
        cluster15.drop(database)
        with cluster15.connect() as session:
            for role in odd:
                session.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(role)))
