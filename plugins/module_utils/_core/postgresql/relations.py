# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tables, views, sequences and indexes: the queries for their facts, by kind."""

from __future__ import annotations

from .entries import gathered, whole
from .fragments import (
    OURS,
    RELATION,
    TABLE_NAME,
    as_json,
    comment,
    described,
    free,
    hashed,
    in_schema,
    labels,
    options,
    privileges,
)

PARENTS = (
    "(SELECT array_agg(i.inhparent::regclass::text ORDER BY i.inhseqno) FROM pg_inherits i WHERE i.inhrelid = c.oid)"
)
OWNED_BY = """
    (SELECT format('%s.%I', d.refobjid::regclass, a.attname) FROM pg_depend d
     JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
     WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype IN ('a', 'i')
       AND d.refclassid = 'pg_class'::regclass)"""
SEQUENCE = """
    (SELECT concat_ws(' ', format_type(s.seqtypid, NULL), s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache,
       s.seqcycle) FROM pg_sequence s WHERE s.seqrelid = c.oid)"""
FOREIGN_SERVER = """
    (SELECT s.srvname FROM pg_foreign_table f JOIN pg_foreign_server s ON s.oid = f.ftserver WHERE f.ftrelid = c.oid)"""
TABLESPACE = "(SELECT s.spcname FROM pg_tablespace s WHERE s.oid = c.reltablespace)"
# Servers such as 15.20 and 17.12 stamp each column with a place in their WAL: in no dump, and new after a restore.
COLUMN_OPTIONS = "(SELECT array_agg(o ORDER BY o) FROM unnest(a.attoptions) o WHERE o NOT LIKE 'pg\\_attver=%')"
TOAST_OPTIONS = "(SELECT array_agg(o ORDER BY o) FROM pg_class k, unnest(k.reloptions) o WHERE k.oid = c.reltoastrelid)"
# Of the columns of an index only those that were given one
TARGETS = """
    (SELECT array_agg(a.attnum || ': ' || a.attstattarget ORDER BY a.attnum) FROM pg_attribute a
     WHERE a.attrelid = c.oid AND a.attstattarget >= 0)"""
# A table that inherits its columns may be given them in another order by a dump.
POSITION = """
    CASE WHEN c.relispartition OR NOT EXISTS (SELECT FROM pg_inherits i WHERE i.inhrelid = c.oid) THEN a.position END"""


def columns() -> str:
    """The columns of a relation that goes by c, by name."""
    facts = as_json(
        type="format_type(a.atttypid, a.atttypmod)",
        position=POSITION,
        not_null="a.attnotnull",
        default=hashed("pg_get_expr(d.adbin, d.adrelid)"),
        identity="nullif(a.attidentity, '')",
        generated="nullif(a.attgenerated, '')",
        collation="nullif(a.attcollation, t.typcollation)::regcollation::text",
        storage="nullif(a.attstorage, t.typstorage)",
        compression="nullif(a.attcompression, '')",
        options=COLUMN_OPTIONS,
        foreign_options=options("a.attfdwoptions"),
        privileges=privileges("a.attacl", "'c'", "c.relowner"),
        statistics_target="nullif(a.attstattarget, -1)",
        comment=comment("pg_class", "c", "a.attnum"),
        security_labels=labels("pg_class", "c", "a.attnum"),
        **whole("pg_attribute", "a"),
    )
    return f"""
        (SELECT jsonb_object_agg(a.attname, {facts})
         FROM (SELECT *, row_number() OVER (ORDER BY attnum) AS position FROM pg_attribute
               WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped) a
         JOIN pg_type t ON t.oid = a.atttypid
         LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum)"""


def _relation(kinds: str, **facts: str) -> str:
    granted = privileges("c.relacl", RELATION, "c.relowner")
    query = in_schema("pg_class", "c", "rel", TABLE_NAME, privileges=granted, options="c.reloptions", **facts)
    return f"{query} AND c.relkind IN ({kinds}) AND c.relpersistence <> 't'"


def _index() -> str:
    facts = as_json(
        definition=hashed("pg_get_indexdef(c.oid)"),
        clustered="i.indisclustered",
        replica_identity="i.indisreplident",
        invalid="NOT i.indisvalid",
        tablespace=TABLESPACE,
        **described("pg_class", "c"),
        catalog_index=gathered("pg_index", "k", "k.indexrelid = c.oid"),
        catalog_index_newer=gathered("pg_index", "k", "k.indexrelid = c.oid", "newer"),
        statistics_targets=TARGETS,
    )
    # pg_dump leaves an invalid index out, except one whose partitions are still missing.
    return (
        f"SELECT c.oid::regclass::text, {facts} FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid"
        " JOIN pg_class t ON t.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace"
        f" WHERE {OURS} AND c.relpersistence <> 't' AND {free('pg_class', 't')} AND (i.indisvalid OR c.relkind = 'I')"
    )


RELATIONS = {
    "table": _relation(
        "'r', 'p', 'f'",
        kind="nullif(c.relkind, 'r')",
        unlogged="c.relpersistence = 'u'",
        row_security="c.relrowsecurity",
        row_security_forced="c.relforcerowsecurity",
        replica_identity="nullif(c.relreplident, 'd')",
        access_method="(SELECT m.amname FROM pg_am m WHERE m.oid = c.relam)",
        tablespace=TABLESPACE,
        partition_key="pg_get_partkeydef(c.oid)",
        partition_bound="pg_get_expr(c.relpartbound, c.oid)",
        parents=PARENTS,
        foreign_server=FOREIGN_SERVER,
        foreign_options=f"(SELECT {options('f.ftoptions')} FROM pg_foreign_table f WHERE f.ftrelid = c.oid)",
        toast_options=TOAST_OPTIONS,
        catalog_partitioning=gathered("pg_partitioned_table", "k", "k.partrelid = c.oid"),
        catalog_foreign=gathered("pg_foreign_table", "k", "k.ftrelid = c.oid"),
        columns=columns(),
    ),
    "view": _relation("'v'", definition=hashed("pg_get_viewdef(c.oid)"), columns=columns()),
    "materialized view": _relation(
        "'m'",
        populated="c.relispopulated",
        tablespace=TABLESPACE,
        definition=hashed("pg_get_viewdef(c.oid)"),
        toast_options=TOAST_OPTIONS,
        columns=columns(),
    ),
    "sequence": _relation("'S'", unlogged="c.relpersistence = 'u'", owned_by=OWNED_BY, parameters=SEQUENCE),
    "index": _index(),
}
