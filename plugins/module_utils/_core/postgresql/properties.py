# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What belongs to a database and is in no dump of it: its privileges, settings, comment and connection limit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import catalog
from .server import Server

if TYPE_CHECKING:
    import psycopg

    Session = psycopg.Connection[Any]

# Their values are lists of quoted names, which a literal would turn into a single name.
LISTS = ("search_path", "temp_tablespaces", "local_preload_libraries", "session_preload_libraries")


def read(session: Session, database: str) -> dict[str, Any]:
    """privileges: None for the default ones, or [grantee (empty for PUBLIC), privilege, grantable]; settings: [role or
    empty, name, value]; comment: the text, or None."""
    itself = session.execute(
        "SELECT datacl IS NULL, shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s", [database]
    ).fetchone()
    default, comment = itself or (True, None)
    privileges = session.execute(
        """
        SELECT coalesce(r.rolname, ''), a.privilege_type, a.is_grantable
        FROM pg_database d CROSS JOIN aclexplode(d.datacl) a LEFT JOIN pg_roles r ON r.oid = a.grantee
        WHERE d.datname = %s ORDER BY 1, 2
        """,
        [database],
    ).fetchall()
    settings = session.execute(
        """
        SELECT coalesce(r.rolname, ''), split_part(c, '=', 1), substr(c, strpos(c, '=') + 1)
        FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase
        LEFT JOIN pg_roles r ON r.oid = s.setrole CROSS JOIN unnest(s.setconfig) c
        WHERE d.datname = %s ORDER BY 1, 2
        """,
        [database],
    ).fetchall()
    return {
        "privileges": None if default else [list(row) for row in privileges],
        "settings": [list(row) for row in settings],
        "comment": comment,
    }


def of(session: Session, database: str) -> dict[str, Any]:
    """All that :func:`apply` and the creation of a database take, besides encoding and locale."""
    described = catalog.describe(session, database)
    own = ("owner", "tablespace", "connection_limit")
    return {**{name: described[name] for name in own if name in described}, **read(session, database)}


def apply(server: Server, database: str, properties: dict[str, Any]) -> None:
    """Give a database these properties, except its comment. Those of roles that the server lacks are left out."""
    from psycopg import sql

    name = sql.Identifier(database)
    with server.session() as session:
        there = {row[0] for row in session.execute("SELECT rolname FROM pg_roles")}
        if properties.get("privileges") is not None:
            session.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(name))
            for grantee, privilege, grantable in properties["privileges"]:
                if grantee and grantee not in there:
                    continue
                to = sql.Identifier(grantee) if grantee else sql.SQL("PUBLIC")
                option = sql.SQL(" WITH GRANT OPTION" if grantable else "")
                session.execute(sql.SQL("GRANT {} ON DATABASE {} TO {}").format(sql.SQL(privilege), name, to) + option)
        for role, setting, value in properties.get("settings", []):
            if role and role not in there:
                continue
            target = sql.SQL("ALTER DATABASE {}").format(name)
            if role:
                target = sql.SQL("ALTER ROLE {} IN DATABASE {}").format(sql.Identifier(role), name)
            what = sql.SQL(" SET {}").format(sql.SQL(".").join(map(sql.Identifier, setting.split("."))))
            if setting in LISTS:
                session.execute("SELECT set_config(%s, %s, false)", [setting, value])
                session.execute(target + what + sql.SQL(" FROM CURRENT"))
            else:
                session.execute(target + what + sql.SQL(" TO {}").format(sql.Literal(value)))
        limit = properties.get("connection_limit", -1)
        if limit >= 0:
            session.execute(sql.SQL("ALTER DATABASE {} CONNECTION LIMIT {}").format(name, sql.Literal(limit)))
