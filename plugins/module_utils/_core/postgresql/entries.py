# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rows of the system catalogs, whole: every column that a restore brings back, whatever the version added to it.

Which columns a catalog has is asked of the server, and so is which of them hold OIDs, and of what
(``pg_get_catalog_foreign_keys``). OIDs are written as names, for a restore changes them. So a property that nobody
thought of is compared all the same; what is left out, and why, is listed here.

A query says where it wants a row: ``@pg_class c common@`` becomes the columns that all versions have, as one text, and
``@pg_class c newer@`` those that came later, or NULL when none of them is set.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Union

if TYPE_CHECKING:
    import psycopg

    from .inside import Inside

    Session = Union[psycopg.Connection[Any], Inside]
    # catalog -> [column, its type, the catalog that it points to or None]
    Columns = dict[str, list[list[Any]]]

MARK = re.compile(r"@(pg_\w+) (\w+) (common|newer)@")
COLUMNS = """
    WITH pointers AS MATERIALIZED (
      SELECT fktable, fkcols[1] AS name, min(pktable::text) AS pktable FROM pg_get_catalog_foreign_keys()
      WHERE cardinality(fkcols) = 1 GROUP BY 1, 2
    )
    SELECT c.relname::text, a.attname::text, a.atttypid::regtype::text, p.pktable
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
    LEFT JOIN pointers p ON p.fktable = c.oid AND p.name = a.attname
    WHERE c.relnamespace = 'pg_catalog'::regnamespace AND c.relkind = 'r'
      AND has_column_privilege(c.oid, a.attnum, 'SELECT')
    ORDER BY 1, a.attname
"""

# New after version 14, or of another meaning since
NEWER = frozenset(
    {
        ("pg_constraint", "confdelsetcols"),
        ("pg_constraint", "conenforced"),
        ("pg_constraint", "conperiod"),
        ("pg_index", "indnullsnotdistinct"),
        ("pg_publication", "pubgencols"),
        ("pg_publication_rel", "prattrs"),
        ("pg_publication_rel", "prqual"),
        ("pg_subscription", "subdisableonerr"),
        ("pg_subscription", "subfailover"),
        ("pg_subscription", "suborigin"),
        ("pg_subscription", "subpasswordrequired"),
        ("pg_subscription", "subrunasowner"),
        ("pg_subscription", "substream"),
        ("pg_subscription", "subtwophasestate"),
    }
)
# What PostgreSQL finds out or counts by itself, and what only says where in its files something is
ITS_OWN = {
    "pg_attribute": "attnum attcacheoff attmissingval atthasmissing",
    "pg_class": "reltype relfilenode relpages reltuples relallvisible relallfrozen reltoastrelid relhasindex relnatts"
    " relhasrules relhastriggers relhassubclass relispopulated relrewrite relfrozenxid relminmxid",
    # A copy of "C" is of no encoding, until it is restored.
    "pg_collation": "collencoding collversion",
    "pg_constraint": "conparentid",
    "pg_index": "indcheckxmin indisvalid indisready indislive",
    "pg_partitioned_table": "partdefid",
    # The name of a type of arrays is not kept, and neither is how many dimensions were written down.
    "pg_type": "typarray typrelid typndims",
    "pg_trigger": "tgparentid tgconstraint",
    "pg_subscription": "subdbid subenabled subskiplsn",
}
# Facts of their own, in a form that two servers write alike
TOLD_APART = {
    "pg_attribute": "attoptions attndims",
    "pg_class": "relpartbound",
    "pg_collation": "collcollate collctype colliculocale colllocale collicurules",
    "pg_constraint": "conbin",
    "pg_index": "indexprs indpred",
    "pg_partitioned_table": "partattrs partexprs",
    "pg_policy": "polqual polwithcheck polroles",
    "pg_proc": "proargdefaults prosqlbody",
    "pg_publication": "puballtables",
    "pg_rewrite": "ev_qual ev_action",
    "pg_statistic_ext": "stxexprs",
    "pg_trigger": "tgqual",
    "pg_type": "typdefaultbin",
}
SKIPPED = {
    (catalog, column)
    for listed in (ITS_OWN, TOLD_APART)
    for catalog, columns in listed.items()
    for column in columns.split()
}


def _attributes(table: str, numbers: str) -> str:
    return (
        f"ARRAY(SELECT coalesce(z.attname::text, '') FROM unnest({{row}}.{numbers}) WITH ORDINALITY AS u(n, i)"
        f" LEFT JOIN pg_attribute z ON z.attrelid = {{row}}.{table} AND z.attnum = u.n ORDER BY u.i)"
    )


def _sorted(column: str) -> str:
    return f'(SELECT array_agg(z ORDER BY z COLLATE "C") FROM unnest({{row}}.{column}) z)'


WRITTEN_ANEW = {
    # Not set was -1 before version 17.
    ("pg_attribute", "attstattarget"): "nullif({row}.attstattarget, -1)",
    ("pg_statistic_ext", "stxstattarget"): "nullif({row}.stxstattarget, -1)",
    # A CHECK lists its columns in no order that lasts.
    ("pg_constraint", "conkey"): "ARRAY(SELECT z.attname::text FROM unnest({row}.conkey) WITH ORDINALITY AS u(n, i)"
    " JOIN pg_attribute z ON z.attrelid = {row}.conrelid AND z.attnum = u.n"
    " ORDER BY CASE {row}.contype WHEN 'c' THEN 0 ELSE u.i END, z.attname)",
    # Only these can be NO INHERIT. Of a partition's key it is set or not by whether it was made in its place.
    ("pg_constraint", "connoinherit"): "({row}.contype IN ('c', 'n') AND {row}.connoinherit)",
    ("pg_constraint", "confkey"): _attributes("confrelid", "confkey"),
    ("pg_constraint", "confdelsetcols"): f"nullif({_attributes('conrelid', 'confdelsetcols')}, '{{{{}}}}')",
    ("pg_index", "indkey"): _attributes("indrelid", "indkey"),
    ("pg_trigger", "tgattr"): _attributes("tgrelid", "tgattr"),
    ("pg_publication_rel", "prattrs"): f"nullif({_attributes('prrelid', 'prattrs')}, '{{{{}}}}')",
    ("pg_publication_rel", "prqual"): "pg_get_expr({row}.prqual, {row}.prrelid)",
    ("pg_statistic_ext", "stxkeys"): _attributes("stxrelid", "stxkeys"),
    ("pg_subscription", "subtwophasestate"): "{row}.subtwophasestate <> 'd'",
    # A dump has them by their names.
    ("pg_attribute", "attfdwoptions"): _sorted("attfdwoptions"),
    ("pg_foreign_data_wrapper", "fdwoptions"): _sorted("fdwoptions"),
    ("pg_foreign_server", "srvoptions"): _sorted("srvoptions"),
    ("pg_foreign_table", "ftoptions"): _sorted("ftoptions"),
}
REG = {
    "pg_class": "regclass",
    "pg_type": "regtype",
    "pg_proc": "regprocedure",
    "pg_operator": "regoperator",
    "pg_namespace": "regnamespace",
    "pg_collation": "regcollation",
    "pg_ts_config": "regconfig",
    "pg_ts_dict": "regdictionary",
}
# The others have a column with their name, and some a schema.
NAMED = {
    "pg_am": "am",
    "pg_database": "dat",
    "pg_extension": "ext",
    "pg_foreign_data_wrapper": "fdw",
    "pg_foreign_server": "srv",
    "pg_language": "lan",
    "pg_publication": "pub",
    "pg_tablespace": "spc",
}
IN_SCHEMA = {"pg_opclass": "opc", "pg_opfamily": "opf", "pg_ts_parser": "prs", "pg_ts_template": "tmpl"}


def columns(session: Session) -> Columns:
    """The columns of every system catalog that the role may read."""
    found: Columns = {}
    for catalog, *column in session.execute(COLUMNS):
        found.setdefault(catalog, []).append(column)
    return found


def expand(query: str, there: Columns) -> str:
    """A query with the rows that it asks for. A catalog that the server does not have has none."""
    return MARK.sub(lambda mark: _row(mark[1], mark[2], mark[3] == "newer", there.get(mark[1], [])), query)


def whole(catalog: str, row: str) -> dict[str, str]:
    """Two facts: the hash of a row's columns that all versions have, and that of the others."""
    return {
        "catalog": f"to_hex(hashtextextended(@{catalog} {row} common@, 0))",
        "catalog_newer": f"to_hex(hashtextextended(@{catalog} {row} newer@, 0))",
    }


def gathered(catalog: str, row: str, where: str, which: str = "common") -> str:
    """The hash of all rows of a catalog that belong to an object."""
    mark = f"@{catalog} {row} {which}@"
    return (
        f"(SELECT to_hex(hashtextextended(string_agg({mark}, E'\\n' ORDER BY {mark} COLLATE \"C\"), 0))"
        f" FROM {catalog} {row} WHERE {where})"
    )


def unknown(there: Columns) -> list[str]:
    """Columns that can be written in no form that a restore brings back, and that nobody has listed."""
    return [
        f"{catalog}.{name}"
        for catalog, found in there.items()
        for name, kind, target in found
        if (catalog, name) not in SKIPPED and (catalog, name) not in WRITTEN_ANEW
        if kind == "pg_node_tree" or (target is not None and _named(target, "x") is None)
    ]


def _row(catalog: str, row: str, newer: bool, found: list[list[Any]]) -> str:
    written = []
    for name, kind, target in found:
        if ((catalog, name) in NEWER) is newer:
            value = _value(catalog, row, name, kind, target)
            if value is not None:
                written.append(f"nullif(({value})::text, 'false')" if newer else value)
    if not newer:
        return f"ROW({', '.join(written)})::text"
    return f"nullif(ROW({', '.join(written)})::text, '({',' * (len(written) - 1)})')" if written else "NULL::text"


def _value(catalog: str, row: str, name: str, kind: str, target: str | None) -> str | None:
    if name == "oid" or (catalog, name) in SKIPPED or kind in ("aclitem[]", "anyarray"):
        return None
    if (catalog, name) in WRITTEN_ANEW:
        return WRITTEN_ANEW[catalog, name].format(row=row)
    if kind == "regproc":
        return f"{row}.{name}::oid::regprocedure::text"
    if kind == "pg_node_tree":
        return None
    if target is None:
        return f"{row}.{name}"
    if kind in ("oidvector", "oid[]"):
        return (
            f"ARRAY(SELECT {_named(target, 'u.o')} FROM unnest({row}.{name}) WITH ORDINALITY AS u(o, i) ORDER BY u.i)"
        )
    return _named(target, f"{row}.{name}")


def _named(target: str, oid: str) -> str | None:
    """The name of what an OID points to; None when it has none that a restore keeps."""
    if target in REG:
        return f"{oid}::{REG[target]}::text"
    if target == "pg_authid":
        return f"CASE {oid} WHEN 0 THEN '' ELSE pg_get_userbyid({oid}) END"
    if target in NAMED:
        return f"(SELECT z.{NAMED[target]}name::text FROM {target} z WHERE z.oid = {oid})"
    if target in IN_SCHEMA:
        prefix = IN_SCHEMA[target]
        name = f"z.{prefix}namespace::regnamespace || '.' || quote_ident(z.{prefix}name)"
        return f"(SELECT {name} FROM {target} z WHERE z.oid = {oid})"
    return None
