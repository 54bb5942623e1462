# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One 64-bit hash of a whole row, as an SQL expression.

The row is written in its binary form by ``record_send``, and that is hashed once:

    hash_record_extended(ROW(record_send(ROW(column, column ...))), 0)

The hash of a record of several columns would not do. It is linear in the hashes of the columns (31 * h + hash), so
values exchanged between rows leave the sum over a table as it was; and that of a bigint or a timestamp folds its two
halves, so 1 and 4294967296 are alike.

``record_send`` writes of each column the OID of its type, a length (-1 for NULL), and its binary value. A column goes
in as it is when all of that is exact, and the same after a restore. Every other one goes in as what its output function
writes, which is what pg_dump copies: types that users made have another OID after a restore, an enum or a reg* is an
OID, an array may or may not carry a bitmap of its nulls.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .quote import identifier

# OIDs of pg_type, which no version changes.
EXACT = frozenset(
    {
        *(16, 17, 18, 2950),  # boolean, bytea, "char", uuid
        *(20, 21, 23, 26, 790, 1700),  # bigint, smallint, integer, oid, money, numeric
        *(1082, 1083, 1114, 1184, 1186, 1266),  # date, time, timestamp, timestamptz, interval, timetz
        *(650, 869, 774, 829, 1560, 1562, 3220),  # cidr, inet, macaddr8, macaddr, bit, varbit, pg_lsn
    }
)
# text, varchar, char, name, json, jsonb: written in the encoding of the client
CHARACTERS = frozenset({25, 1043, 1042, 19, 114, 3802})
PLAIN = frozenset({25, 1043})
# Not a number has several binary forms, and one in a dump.
FLOATS = {700: "float4", 701: "float8"}


@dataclass(frozen=True)
class Column:
    """base: the OID of the type below all domains; cast: its name, when there is a domain above it.

    output: the function that writes it, when it is PostgreSQL's own and can be called by its name; else None.
    generated: it is computed from others, and in no dump.
    """

    name: str
    base: int
    cast: str | None
    output: str | None
    generated: bool


def row_hash(columns: Iterable[Column], encoding: str) -> str:
    """The hash of a row that has at least one column. encoding: the database's, as PostgreSQL names it."""
    written = ", ".join(_written(column, encoding) for column in columns)
    return f"hash_record_extended(ROW(record_send(ROW({written}))), 0)"


def _written(column: Column, encoding: str) -> str:
    name = identifier(column.name)
    value = f"{name}::{column.cast}" if column.cast else name
    utf8 = encoding == "UTF8"
    if column.base in EXACT or (column.base in CHARACTERS and utf8):
        return value
    if column.base in FLOATS:
        own = FLOATS[column.base]
        return f"CASE WHEN {value} = 'NaN'::{own} THEN 'NaN'::{own} ELSE {value} END"
    if column.base in PLAIN:
        text = f"{name}::text"
    elif column.output:
        text = f"textin({column.output}({value}))"
    else:
        # The one way to any output function: with %L, NULL is not the text NULL.
        text = f"format('%L', {name})"
    # Not every character of every encoding has one in the client's; text in SQL_ASCII has no encoding at all.
    return text if utf8 else f"convert_to({text}, '{encoding}')"
