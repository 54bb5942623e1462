# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What may be given to a database, and another one that takes its place does not get: it is said.

A database moves to another tablespace in no transaction, and a security label needs its provider, which may be loaded
for no session of ours.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .quote import literal, typed

if TYPE_CHECKING:
    import psycopg

    Session = psycopg.Connection[Any]

FACTS = """
    SELECT t.spcname, d.datistemplate, d.datallowconn,
      ARRAY(SELECT ARRAY[l.provider, l.label] FROM pg_shseclabel l
        WHERE l.classoid = 'pg_database'::regclass AND l.objoid = d.oid ORDER BY l.provider)
    FROM pg_database d JOIN pg_tablespace t ON t.oid = d.dattablespace WHERE d.datname = %s
"""


@dataclass(frozen=True)
class Facts:
    """labels: security labels, each with its provider before it."""

    tablespace: str
    template: bool
    connections: bool
    labels: tuple[tuple[str, str], ...]


def read(session: Session, database: str) -> Facts:
    ((tablespace, template, connections, labels),) = session.execute(FACTS, [database]).fetchall()
    return Facts(tablespace, template, connections, tuple((provider, label) for provider, label in labels))


def statements(had: Facts, has: Facts, database: str) -> list[str]:
    """What gives a database, which has one, what another one had."""
    alter = f"ALTER DATABASE {typed(database)}"
    found = [] if had.tablespace == has.tablespace else [f"{alter} SET TABLESPACE {typed(had.tablespace)}"]
    if had.template != has.template:
        found.append(f"{alter} IS_TEMPLATE {str(had.template).lower()}")
    if had.connections != has.connections:
        found.append(f"{alter} ALLOW_CONNECTIONS {str(had.connections).lower()}")
    for provider, label in had.labels:
        if (provider, label) not in has.labels:
            found.append(f"SECURITY LABEL FOR {typed(provider)} ON DATABASE {typed(database)} IS {literal(label)}")
    return found
