# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What belongs to a database and is in no dump of it: its owner, privileges, settings, comment, connection limit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ..errors import ServerError
from . import catalog

if TYPE_CHECKING:
    import psycopg

    Session = psycopg.Connection[Any]

# Their values are lists of quoted names, which a literal would turn into a single name.
LISTS = ("search_path", "temp_tablespaces", "local_preload_libraries", "session_preload_libraries")
OWN = ("owner", "tablespace", "connection_limit", "privileges", "settings", "comment")
SINGLE = {"owner": "owner", "connection_limit": "connection limit", "comment": "comment"}
PRIVILEGES = """
    SELECT DISTINCT coalesce(r.rolname, ''), a.privilege_type, a.is_grantable
    FROM pg_database d CROSS JOIN aclexplode({acl}) a LEFT JOIN pg_roles r ON r.oid = a.grantee
    WHERE d.datname = %s ORDER BY 1, 2
"""
OWNER = "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = %s"
SETTINGS = """
    SELECT coalesce(r.rolname, ''), split_part(c, '=', 1), substr(c, strpos(c, '=') + 1)
    FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase
    LEFT JOIN pg_roles r ON r.oid = s.setrole CROSS JOIN unnest(s.setconfig) c
    WHERE d.datname = %s ORDER BY 1, 2
"""


def read(session: Session, database: str) -> dict[str, Any]:
    """privileges: None for the default ones, or [grantee (empty for PUBLIC), privilege, grantable]; settings: [role or
    empty, name, value]; comment: the text, or None."""

    def granted(acl: str) -> list[list[Any]]:
        return [list(row) for row in session.execute(PRIVILEGES.format(acl=acl), [database])]

    default = granted("acldefault('d', d.datdba)")
    privileges = granted("coalesce(d.datacl, acldefault('d', d.datdba))")
    try:
        settings = [list(row) for row in session.execute(SETTINGS, [database])]
        comment = session.execute(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s", [database]
        ).fetchone()
    except UnicodeDecodeError as error:
        # The catalogs that databases share keep it as it came, in the encoding of the database where it was given.
        raise ServerError(
            f"database {database}",
            "its comment or one of its settings is in another encoding than UTF-8",
            f"Give both again in a session of {session.info.dbname}: COMMENT ON DATABASE, ALTER DATABASE ... SET.",
        ) from error
    return {
        "privileges": None if privileges == default else privileges,
        "settings": settings,
        "comment": comment[0] if comment else None,
    }


def of(session: Session, database: str) -> dict[str, Any]:
    """All that :func:`apply` and the creation of a database take, besides encoding and locale."""
    described = catalog.describe(session, database)
    return {**{name: described[name] for name in OWN if name in described}, **read(session, database)}


def apply(session: Session, database: str, wanted: Mapping[str, Any]) -> None:
    """Give a database exactly these properties, except comment and tablespace: what else it had is taken away.

    Those of roles that the server lacks are left out. An owner that wanted does not speak of stays.
    """
    from psycopg import sql

    name = sql.Identifier(database)
    there = {row[0] for row in session.execute("SELECT rolname FROM pg_roles")}
    if wanted.get("owner") in there:
        session.execute(sql.SQL("ALTER DATABASE {} OWNER TO {}").format(name, sql.Identifier(wanted["owner"])))
    ((owner,),) = session.execute(OWNER, [database]).fetchall()
    grant(session, database, _entries(wanted.get("privileges"), owner))
    reset(session, database)
    for role, setting, value in wanted.get("settings", []):
        if not role or role in there:
            _set(session, _target(database, role), setting, value)
    limit = wanted.get("connection_limit", -1)
    session.execute(sql.SQL("ALTER DATABASE {} CONNECTION LIMIT {}").format(name, sql.Literal(limit)))


def comment_on(session: Session, database: str, comment: str | None) -> None:
    from psycopg import sql

    session.execute(sql.SQL("COMMENT ON DATABASE {} IS {}").format(sql.Identifier(database), sql.Literal(comment)))


def grant(session: Session, database: str, entries: list[list[Any]]) -> None:
    """Let a database have these privileges, and no others. Those of roles that the server lacks are left out."""
    from psycopg import sql

    name = sql.Identifier(database)
    there = {row[0] for row in session.execute("SELECT rolname FROM pg_roles")}
    had = session.execute(PRIVILEGES.format(acl="coalesce(d.datacl, acldefault('d', d.datdba))"), [database]).fetchall()
    for grantee in sorted({row[0] for row in had}):
        session.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM {} CASCADE").format(name, _role(grantee)))
    for grantee, privilege, grantable in entries:
        if not grantee or grantee in there:
            option = sql.SQL(" WITH GRANT OPTION" if grantable else "")
            what = sql.SQL("GRANT {} ON DATABASE {} TO {}").format(sql.SQL(privilege), name, _role(grantee))
            session.execute(what + option)


def reset(session: Session, database: str) -> None:
    """Take every setting from a database, also those of roles in it."""
    from psycopg import sql

    for role in {row[0] for row in session.execute(SETTINGS, [database])}:
        session.execute(_target(database, role) + sql.SQL(" RESET ALL"))


def differences(wanted: Mapping[str, Any], found: Mapping[str, Any], roles: Iterable[str]) -> list[str]:
    """What of a database is not as wanted, a sentence each. roles: what belongs to no other does not count."""
    there = {*roles, ""}
    told = []
    if wanted.get("owner") not in there:
        wanted = {**wanted, "owner": found.get("owner")}
    for key, title in SINGLE.items():
        if key in wanted and key in found and wanted[key] != found[key]:
            told.append(f"{title}: {_plain(found[key])} instead of {_plain(wanted[key])}")
    for key, read_all in (("privileges", _privileges), ("settings", _settings)):
        if key not in wanted or key not in found or wanted[key] == found[key]:
            continue
        left, right = read_all(wanted), read_all(found)
        for (role, name), value in sorted(left.items()):
            if role in there and right.get((role, name)) != value:
                told.append(f"{_about(key, role, name)}: {_plain(right.get((role, name)))} instead of {value}")
        told += [f"{_about(key, *one)}: {right[one]} instead of none" for one in sorted({*right} - {*left})]
    return told


def _privileges(properties: Mapping[str, Any]) -> dict[tuple[str, str], str]:
    found: dict[tuple[str, str], str] = {}
    for role, privilege, grantable in _entries(properties["privileges"], properties.get("owner") or ""):
        for one in ("CREATE", "CONNECT", "TEMPORARY") if privilege == "ALL" else (privilege,):
            if found.get((role, one)) != "grantable":
                found[role, one] = "grantable" if grantable else "granted"
    return found


def _settings(properties: Mapping[str, Any]) -> dict[tuple[str, str], str]:
    return {(role, name): repr(value) for role, name, value in properties["settings"]}


def _about(key: str, role: str, name: str) -> str:
    if key == "privileges":
        return f"privilege {name} of {role or 'PUBLIC'}"
    return f"setting {name}" + (f" of role {role}" if role else "")


def _plain(value: object) -> str:
    return "none" if value is None else str(value)


def _entries(privileges: list[list[Any]] | None, owner: str) -> list[list[Any]]:
    if privileges is not None:
        return privileges
    return [["", "CONNECT", False], ["", "TEMPORARY", False], [owner, "ALL", False]]


def _role(name: str) -> Any:
    from psycopg import sql

    return sql.Identifier(name) if name else sql.SQL("PUBLIC")


def _target(database: str, role: str) -> Any:
    from psycopg import sql

    name = sql.Identifier(database)
    if not role:
        return sql.SQL("ALTER DATABASE {}").format(name)
    return sql.SQL("ALTER ROLE {} IN DATABASE {}").format(sql.Identifier(role), name)


def _set(session: Session, target: Any, setting: str, value: str) -> None:
    from psycopg import sql

    what = sql.SQL(" SET {}").format(sql.SQL(".").join(map(sql.Identifier, setting.split("."))))
    if setting not in LISTS:
        session.execute(target + what + sql.SQL(" TO {}").format(sql.Literal(value)))
        return
    # It must not stay in force here: names would be looked up in the schemas of a stranger.
    ((before,),) = session.execute("SELECT pg_catalog.current_setting(%s)", [setting]).fetchall()
    session.execute("SELECT pg_catalog.set_config(%s, %s, false)", [setting, value])
    session.execute(target + what + sql.SQL(" FROM CURRENT"))
    session.execute("SELECT pg_catalog.set_config(%s, %s, false)", [setting, before])
