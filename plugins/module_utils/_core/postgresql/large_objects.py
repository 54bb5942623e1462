# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""All large objects of a database together, as a few numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Union

from . import rows
from .fragments import comment, privileges

if TYPE_CHECKING:
    import psycopg

    from .inside import Inside

    Session = Union[psycopg.Connection[Any], Inside]

# A literal of bytea would be read as standard_conforming_strings has it.
ZERO = "decode('00', 'hex')"


def _sum(*values: str) -> str:
    return f"coalesce(sum(hash_record_extended(ROW(record_send(ROW({', '.join(values)}))), 0)), 0)"


# Large objects may be sparse: a restore fills the holes with zeros, so the zeros at the end of a page do not count.
LARGE_OBJECTS = f"""
    SELECT {_sum("loid", "pageno", "data")}
    FROM (SELECT loid, pageno, rtrim(data, {ZERO}) AS data FROM pg_largeobject) page WHERE octet_length(data) > 0"""
LARGE_OBJECT_LENGTHS = f"""
    SELECT {_sum("last.loid", "last.pageno::bigint * 2048 + octet_length(p.data)")}
    FROM (SELECT loid, max(pageno) AS pageno FROM pg_largeobject GROUP BY loid) last
    JOIN pg_largeobject p USING (loid, pageno)"""
FACTS = (
    "m.oid",
    "pg_get_userbyid(m.lomowner)",
    privileges("m.lomacl", "'L'", "m.lomowner") + "::text",
    comment("pg_largeobject", "m"),
)
LARGE_OBJECT_FACTS = f"SELECT {_sum(*FACTS)} FROM pg_largeobject_metadata m"


def read(session: Session, hashes: bool) -> dict[str, Any]:
    """count, and with hashes content (octets and lengths) and facts (owners, privileges, comments) of all together.

    problem, instead, says why the role cannot read them.
    """
    total = _one(session, "SELECT count(*) FROM pg_largeobject_metadata")[0]
    if not total or not hashes:
        return {"count": total}
    if not _one(session, "SELECT has_table_privilege('pg_largeobject', 'SELECT')")[0]:
        return {"count": total, "problem": "the role may not read pg_largeobject"}
    octets, lengths = _one(session, LARGE_OBJECTS)[0], _one(session, LARGE_OBJECT_LENGTHS)[0]
    return {
        "count": total,
        "content": rows.hexadecimal(octets + lengths),
        "facts": rows.hexadecimal(_one(session, LARGE_OBJECT_FACTS)[0]),
    }


def _one(session: Session, query: str) -> Any:
    return session.execute(query).fetchone()
