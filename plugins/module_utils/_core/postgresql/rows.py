# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rows of every table as two numbers: how many there are, and a hash of what is in them.

The hash of a table is the sum, modulo 2^64, of a 64-bit hash of each row (:mod:`.row_hash`), so the order of the rows
does not count and no two equal rows cancel each other out. The columns are in the order of their names, because pg_dump
may give a table that inherits its columns in another order.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Union

from .row_hash import Column, row_hash
from .settings import RESTRICT, RESTRICTION

if TYPE_CHECKING:
    import psycopg

    from .inside import Inside

    Session = Union[psycopg.Connection[Any], Inside]

# Whatever shapes the output of a type; a session's own settings outrank those of its role and database.
PINNED = {
    "client_encoding": "UTF8",
    "datestyle": "ISO, YMD",
    "intervalstyle": "postgres",
    "timezone": "UTC",
    "bytea_output": "hex",
    "extra_float_digits": "1",
    "lc_monetary": "C",
    "search_path": "",
    "quote_all_identifiers": "off",
    "row_security": "off",
    "jit": "off",
}
MODULUS = 1 << 64

# What is no table cannot be locked, so without that setting a materialized view is not read.
TABLES = rf"""
    WITH config AS (
      SELECT unnest(extconfig) AS oid, unnest(extcondition) AS condition FROM pg_extension
    )
    SELECT c.oid::bigint, format('%I.%I', n.nspname, c.relname), c.relkind::text, coalesce(config.condition, '')
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN config ON config.oid = c.oid
    WHERE (c.relkind = 'r' OR (c.relkind = 'm' AND c.relispopulated
        AND EXISTS (SELECT FROM pg_settings WHERE name = '{RESTRICTION}'))) AND c.relpersistence <> 't'
      AND (c.relpersistence <> 'u' OR NOT pg_is_in_recovery())
      AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
      AND (config.oid IS NOT NULL OR NOT EXISTS (
        SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'))
    ORDER BY pg_relation_size(c.oid) DESC, 2
"""
ENCODING = "SELECT pg_encoding_to_char(encoding) FROM pg_database WHERE datname = current_database()"
COLUMNS = """
    WITH RECURSIVE base AS (
      SELECT oid AS domain, typbasetype AS type FROM pg_type WHERE typtype = 'd'
      UNION ALL SELECT base.domain, t.typbasetype FROM base JOIN pg_type t ON t.oid = base.type WHERE t.typtype = 'd'
    )
    SELECT a.attrelid::bigint, a.attname, t.oid::bigint,
      CASE WHEN t.oid <> a.atttypid THEN format_type(t.oid, -1) END,
      CASE WHEN p.pronamespace = 'pg_catalog'::regnamespace AND (p.proargtypes[0] = t.oid OR o.typtype = 'p')
        THEN 'pg_catalog.' || quote_ident(p.proname) END, a.attgenerated <> ''
    FROM pg_attribute a
    JOIN LATERAL (SELECT coalesce((
        SELECT b.type FROM base b JOIN pg_type u ON u.oid = b.type WHERE b.domain = a.atttypid AND u.typtype <> 'd'
      ), a.atttypid) AS oid) AS found ON true
    JOIN pg_type t ON t.oid = found.oid
    JOIN pg_proc p ON p.oid = t.typoutput JOIN pg_type o ON o.oid = p.proargtypes[0]
    WHERE a.attrelid = ANY(%s) AND a.attnum > 0 AND NOT a.attisdropped
    ORDER BY a.attrelid, a.attname COLLATE "C"
"""


@dataclass(frozen=True)
class Table:
    """name: quoted, with its schema. kind: r for a table or partition, m for a materialized view. condition: the rows
    of an extension's configuration table that a dump takes, as a WHERE clause, or empty. columns: ordered by name.
    encoding: of its database.
    """

    name: str
    kind: str
    condition: str
    columns: tuple[Column, ...]
    encoding: str


def pin(session: Session, workers: int) -> None:
    """Give a session the settings that every proof is made with, and so many processes that help it."""
    settings = {**PINNED, "max_parallel_workers_per_gather": str(workers), "parallel_setup_cost": "0"}
    for name, value in settings.items():
        session.execute("SELECT set_config(%s, %s, false)", [name, value])
    session.execute(RESTRICT)


def tables(session: Session) -> list[Table]:
    """Every table whose rows a dump holds, and every materialized view, the largest first."""
    found = session.execute(TABLES).fetchall()
    columns: dict[int, list[Column]] = {row[0]: [] for row in found}
    for oid, *column in session.execute(COLUMNS, [list(columns)]):
        columns[oid].append(Column(*column))
    ((encoding,),) = session.execute(ENCODING).fetchall()
    return [Table(name, kind, condition, tuple(columns[oid]), encoding) for oid, name, kind, condition in found]


def count(session: Session, table: Table, hashes: bool) -> dict[str, Any]:
    """rows, and with hashes also content and, of a table that has any, generated: 16 hexadecimal digits each."""
    stored = [column for column in table.columns if not column.generated]
    computed = [column for column in table.columns if column.generated]
    wanted = {"content": stored, "generated": computed} if hashes else {}
    sums = {
        name: f"coalesce(sum({row_hash(columns, table.encoding)}), 0)" for name, columns in wanted.items() if columns
    }
    selected = ", ".join(["count(*)", *sums.values()])
    total, *hashed = session.execute(f"SELECT {selected} FROM ONLY {table.name} {table.condition}").fetchall()[0]
    return {"rows": total, **{name: hexadecimal(value) for name, value in zip(sums, hashed)}}


def hexadecimal(total: Any) -> str:
    """A sum of hashes as it is kept."""
    return f"{int(total) % MODULUS:016x}"
