# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A new database for one session's role alone, until it is furnished with what belongs to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..errors import ServerError
from . import properties
from .server import Server

if TYPE_CHECKING:
    import psycopg

    Session = psycopg.Connection[Any]

FREE_SPACE = "Free space on the server's disk, then restore again."
PROVIDERS = {"c": "libc", "i": "icu", "b": "builtin"}


def create(server: Server, name: str, like: Mapping[str, Any], comment: str) -> int:
    """A new empty database with the encoding, locale, owner and tablespace of the one that was dumped; its OID.

    Nobody can connect to it, not even its owner, but superusers and our own role. like: as :func:`catalog.describe`
    gives it. It is gone again when this fails.
    """
    from psycopg import errors, sql

    title = f"database {name} on {server.title}"
    identifier = sql.Identifier(name)
    with server.session() as session:
        options = [*_options(server, session, like), sql.SQL("ALLOW_CONNECTIONS false")]
        try:
            session.execute(sql.SQL("CREATE DATABASE {} ").format(identifier) + sql.SQL(" ").join(options))
        except errors.Error as error:
            next_step = ""
            if isinstance(error, errors.DiskFull):
                next_step = FREE_SPACE
            elif isinstance(error, errors.InsufficientPrivilege):
                next_step = f"Role {server.role} must be a superuser, or have CREATEDB and be a member of the owner."
            raise ServerError(title, f"it cannot be created: {str(error).strip()}", next_step) from error
        try:
            with session.transaction():
                properties.comment_on(session, name, comment)
                properties.grant(session, name, _meanwhile(session, name, like))
                # What cannot be given to it in the end is better known now.
                with session.transaction(force_rollback=True):
                    properties.apply(session, name, like)
                session.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS true").format(identifier))
            ((oid,),) = session.execute("SELECT oid::bigint FROM pg_database WHERE datname = %s", [name]).fetchall()
        except BaseException as error:
            session.execute(sql.SQL("DROP DATABASE {}").format(identifier))
            if isinstance(error, errors.Error):
                cause = f"it cannot get what belongs to it: {str(error).strip()}"
                raise ServerError(title, cause, f"Role {server.role} may not set it, or this server cannot.") from error
            raise
    return int(oid)


def _options(server: Server, session: Session, like: Mapping[str, Any]) -> list[Any]:
    from psycopg import sql

    options: list[sql.Composable] = [sql.SQL("TEMPLATE template0")]

    def add(clause: str, value: str | None) -> None:
        if value is not None:
            options.append(sql.SQL(clause).format(sql.Literal(value)))

    add("ENCODING {}", like.get("encoding"))
    add("LC_COLLATE {}", like.get("collate"))
    add("LC_CTYPE {}", like.get("ctype"))
    provider = PROVIDERS.get(like.get("locale_provider", ""))
    if server.major >= 15 and provider is not None:
        options.append(sql.SQL("LOCALE_PROVIDER " + provider))
        if provider != "libc":
            add("ICU_LOCALE {}" if provider == "icu" else "BUILTIN_LOCALE {}", like.get("locale"))
        if server.major >= 16:
            add("ICU_RULES {}", like.get("icu_rules"))
    if like.get("owner"):
        options.append(sql.SQL("OWNER {}").format(sql.Identifier(like["owner"])))
    # To name the default one takes a privilege that a plain role does not have.
    tablespace = like.get("tablespace")
    if (
        tablespace
        and tablespace != "pg_default"
        and session.execute("SELECT 1 FROM pg_tablespace WHERE spcname = %s", [tablespace]).fetchone()
    ):
        options.append(sql.SQL("TABLESPACE {}").format(sql.Identifier(tablespace)))
    return options


def _meanwhile(session: Session, name: str, like: Mapping[str, Any]) -> list[list[Any]]:
    """The privileges while it is restored. A publication's owner, for one, must be able to create in its database,
    which lets nobody in."""
    ((own, owner),) = session.execute(
        "SELECT current_user, pg_get_userbyid(datdba) FROM pg_database WHERE datname = %s", [name]
    ).fetchall()
    creators = {grantee for grantee, privilege, _grantable in like.get("privileges") or [] if privilege == "CREATE"}
    return [[own, "ALL", False], *([role, "CREATE", False] for role in sorted({owner, *creators} - {own}))]
