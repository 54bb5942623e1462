# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""PostgreSQL's encodings by their names in Python.

The list is that of the documentation, "Character Set Support"; most of its names are Python's, too.
"""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING, Any

from ..errors import ServerError
from .server import Server

if TYPE_CHECKING:
    import psycopg

    Session = psycopg.Connection[Any]

UTF8 = "utf-8"
# SQL_ASCII is no encoding: the octets mean what they mean to whoever wrote them, which nowadays is UTF-8.
PYTHON = {
    "EUC_CN": "gb2312",
    "EUC_JIS_2004": "euc_jis_2004",
    "KOI8R": "koi8-r",
    "KOI8U": "koi8-u",
    "SHIFT_JIS_2004": "shift_jis_2004",
    "SJIS": "cp932",
    "SQL_ASCII": UTF8,
    "UHC": "cp949",
}

# In SQL_ASCII a name is whatever octets a client sent.
NAMES = """
    SELECT kind, convert_to(name, 'SQL_ASCII') FROM (
        SELECT 'schema', nspname::text FROM pg_namespace
        UNION ALL SELECT 'relation', relname::text FROM pg_class
        UNION ALL SELECT 'column', attname::text FROM pg_attribute
        UNION ALL SELECT 'type', typname::text FROM pg_type
        UNION ALL SELECT 'label', enumlabel::text FROM pg_enum
        UNION ALL SELECT 'function', proname::text FROM pg_proc
        UNION ALL SELECT 'constraint', conname::text FROM pg_constraint
        UNION ALL SELECT 'trigger', tgname::text FROM pg_trigger
    ) AS names (kind, name) WHERE name ~ '[^\\x01-\\x7f]'"""


def python(name: str) -> str:
    """Python's name of an encoding; LookupError when Python has none like it (EUC_TW, MULE_INTERNAL)."""
    if name in PYTHON:
        return PYTHON[name]
    return codecs.lookup(f"cp{name[3:]}" if name.startswith("WIN") else name).name


def of_names(server: Server, database: str) -> str:
    """Python's name of what the programs write a database's names in; where it has none, what ASCII is written in."""
    try:
        return python(of(server, database))
    except LookupError:
        return UTF8


def of(server: Server, database: str) -> str:
    """PostgreSQL's name of a database's encoding."""
    with server.session(database) as session:
        return str(session.info.parameter_status("server_encoding"))


def require_readable(session: Session, database: str) -> None:
    """Raise :class:`ServerError` when a name in the session's database is in no encoding that can be told."""
    if session.info.parameter_status("server_encoding") != "SQL_ASCII":
        return
    for kind, octets in session.execute(NAMES).fetchall():
        try:
            octets.decode(UTF8)
        except UnicodeDecodeError:
            raise ServerError(
                f"database {database}",
                f"the name of a {kind} in it is not UTF-8: {octets.decode('ascii', 'backslashreplace')}",
                "Rename it. PostgreSQL does not know the encoding of names in a database of encoding SQL_ASCII.",
            ) from None
