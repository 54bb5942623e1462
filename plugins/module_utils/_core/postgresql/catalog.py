# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Questions to PostgreSQL's system catalogs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import psycopg

    Session = psycopg.Connection[Any]

# Columns of pg_database that decide how text sorts and compares; which of them exist depends on the version.
LOCALE_KEYS = {
    "datlocprovider": "locale_provider",
    "datcollate": "collate",
    "datctype": "ctype",
    "daticulocale": "locale",
    "datlocale": "locale",
    "daticurules": "icu_rules",
    "datconnlimit": "connection_limit",
}
LARGE_OBJECTS = "SELECT FROM pg_largeobject_metadata"


def version(session: Session) -> str:
    """The server's version as people write it, such as ``15.18``."""
    return str(_one(session, "SHOW server_version")).split()[0]


def databases(session: Session) -> list[str]:
    """All of them, templates as well: one may be a job's source, and its name is taken."""
    return [row[0] for row in session.execute("SELECT datname FROM pg_database ORDER BY datname")]


def is_template(session: Session, database: str) -> bool:
    return bool(session.execute("SELECT FROM pg_database WHERE datname = %s AND datistemplate", [database]).fetchall())


def describe(session: Session, database: str) -> dict[str, Any]:
    """What it takes to create a database like this one, and its size in octets."""
    row = session.execute(
        """
        SELECT to_jsonb(d), pg_encoding_to_char(d.encoding), r.rolname, t.spcname, pg_database_size(d.oid)
        FROM pg_database d JOIN pg_roles r ON r.oid = d.datdba JOIN pg_tablespace t ON t.oid = d.dattablespace
        WHERE d.datname = %s
        """,
        [database],
    ).fetchone()
    if row is None:
        return {}
    columns, encoding, owner, tablespace, size = row
    found = {name: columns[column] for column, name in LOCALE_KEYS.items() if columns.get(column) is not None}
    return {**found, "encoding": encoding, "owner": owner, "tablespace": tablespace, "size": size}


def needed_roles(session: Session, database: str, first: bool) -> list[str]:
    """The roles that objects of a database, or the database itself, belong or are granted to.

    session: in the maintenance database, for a database of another encoding would garble the names. first: what
    :func:`needs_first_role` says of the database.
    """
    rows = session.execute(
        """
        SELECT r.rolname FROM pg_database d
        JOIN pg_shdepend s ON s.dbid = d.oid
            OR (s.dbid = 0 AND s.classid = 'pg_database'::regclass AND s.objid = d.oid)
        JOIN pg_roles r ON r.oid = s.refobjid
        WHERE s.refclassid = 'pg_authid'::regclass AND d.datname = %(database)s
        UNION SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = %(database)s
        UNION SELECT rolname FROM pg_roles WHERE oid = 10 AND %(first)s
        ORDER BY 1
        """,
        {"database": database, "first": first},
    )
    return [row[0] for row in rows]


def needs_first_role(session: Session) -> bool:
    """Whether the role that initdb made owns something in the session's database: pg_shdepend has no rows of it."""
    return bool(
        _one(
            session,
            "SELECT EXISTS (SELECT FROM pg_class c WHERE c.relowner = 10 AND c.oid >= 16384)"
            " OR EXISTS (SELECT FROM pg_proc p WHERE p.proowner = 10 AND p.oid >= 16384)",
        )
    )


def roles(session: Session) -> list[str]:
    return [row[0] for row in session.execute("SELECT rolname FROM pg_roles ORDER BY rolname")]


def powerful_roles(session: Session) -> list[str]:
    """The roles with rights beyond the databases that they own: their own, PostgreSQL's predefined ones, or those of a
    group that they are in."""
    rows = session.execute(
        """
        WITH RECURSIVE powerful AS (
            SELECT oid FROM pg_roles
            WHERE rolsuper OR rolcreaterole OR rolreplication OR rolbypassrls OR rolname ~ '^pg_'
            UNION SELECT m.member FROM pg_auth_members m JOIN powerful p ON p.oid = m.roleid)
        SELECT r.rolname FROM pg_roles r JOIN powerful p ON p.oid = r.oid ORDER BY 1
        """
    )
    return [row[0] for row in rows]


def may_read_passwords(session: Session) -> bool:
    return bool(_one(session, "SELECT has_table_privilege('pg_catalog.pg_authid', 'SELECT')"))


def empty(session: Session) -> bool:
    """Whether nobody has made anything in the session's database since initdb made the server."""
    catalogs = ("pg_class", "pg_proc", "pg_type", "pg_namespace", "pg_extension", "pg_operator", "pg_foreign_server")
    queries = [f"SELECT FROM {name} WHERE oid >= 16384" for name in catalogs]
    return not _one(session, f"SELECT EXISTS ({' UNION ALL '.join([*queries, LARGE_OBJECTS])})")


def user_data_size(session: Session) -> int:
    """Octets of the tables that are not PostgreSQL's own, in the session's database."""
    return int(
        _one(
            session,
            """
            SELECT coalesce(sum(pg_table_size(c.oid)), 0)::bigint FROM pg_class c
            JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind IN ('r', 'm') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
            """,
        )
    )


def largest_tables(session: Session, limit: int = 10) -> list[dict[str, Any]]:
    """schema, table, size (octets, with indexes and TOAST) of the session's largest tables."""
    rows = session.execute(
        """
        SELECT n.nspname, c.relname, pg_total_relation_size(c.oid)
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'm') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
        ORDER BY 3 DESC, 1, 2 LIMIT %s
        """,
        [limit],
    )
    return [{"schema": row[0], "table": row[1], "size": row[2]} for row in rows]


def data_directory(session: Session) -> str | None:
    """The server's data directory, or None when the role may not know it."""
    row = session.execute("SELECT setting FROM pg_settings WHERE name = 'data_directory'").fetchone()
    return row[0] if row else None


def _one(session: Session, query: str) -> Any:
    row = session.execute(query).fetchone()
    return row[0] if row else None
