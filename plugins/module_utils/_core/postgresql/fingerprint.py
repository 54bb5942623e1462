# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Is all that a snapshot knows still there, as it was?

pg_dump asks the catalogs in its snapshot, but PostgreSQL's functions that write definitions (pg_get_viewdef,
format_type ...) answer for the present. A function that was dropped in between leaves a dump without an error, which
cannot be restored. Nothing locks a function, a type or a view against that.

What is new since the snapshot harms nobody. Temporary objects are in no dump.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .fragments import OURS

if TYPE_CHECKING:
    import psycopg

    Session = psycopg.Connection[Any]
    # kind, what identifies one, what it is like
    Fingerprint = set[tuple[str, int, str]]

# Those that live in a schema, with their columns' prefix
IN_SCHEMA = {
    "function": ("pg_proc", "pro"),
    "operator": ("pg_operator", "opr"),
    "operator class": ("pg_opclass", "opc"),
    "operator family": ("pg_opfamily", "opf"),
    "collation": ("pg_collation", "coll"),
    "conversion": ("pg_conversion", "con"),
    "constraint": ("pg_constraint", "con"),
    "statistics": ("pg_statistic_ext", "stx"),
    "text search configuration": ("pg_ts_config", "cfg"),
    "text search dictionary": ("pg_ts_dict", "dict"),
    "text search parser": ("pg_ts_parser", "prs"),
    "text search template": ("pg_ts_template", "tmpl"),
}
OF_RELATION = {
    "rule": ("pg_rewrite", "ev_class"),
    "policy": ("pg_policy", "polrelid"),
    "default": ("pg_attrdef", "adrelid"),
}
IN_NO_SCHEMA = {
    "label": "pg_enum",
    "member of an operator family": "pg_amop",
    "function of an operator family": "pg_amproc",
    "cast": "pg_cast",
    "language": "pg_language",
    "transform": "pg_transform",
    "access method": "pg_am",
    "extension": "pg_extension",
    "event trigger": "pg_event_trigger",
    "publication": "pg_publication",
    "foreign data wrapper": "pg_foreign_data_wrapper",
    "foreign server": "pg_foreign_server",
}
HIGHEST_SYSTEM_OID = 16383
# REFRESH and REINDEX give what they rebuild another file; TRUNCATE gives one to a table, and empties it.
RELATION = """
    concat_ws(' ', c.relname, c.relnamespace, c.relkind, c.relpersistence,
      CASE WHEN c.relkind = 'r' THEN c.relfilenode END, CASE WHEN c.relkind NOT IN ('i', 'I', 'S') THEN
      (SELECT hashtextextended(string_agg(concat_ws(' ', a.attnum, a.attname, a.atttypid, a.attisdropped), ','
         ORDER BY a.attnum), 0) FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0) END)"""
TYPE = """
    SELECT 'type', t.oid::bigint, t.xmin::text FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
    WHERE {OURS} AND NOT EXISTS (SELECT FROM pg_type e WHERE e.typarray = t.oid)
      AND (t.typrelid = 0 OR EXISTS (SELECT FROM pg_class c WHERE c.oid = t.typrelid AND c.relkind = 'c'))"""


def read(session: Session) -> Fingerprint:
    """What the session's transaction sees."""
    return set(session.execute(QUERY))


def gone(before: Fingerprint, now: Fingerprint) -> list[str]:
    """The kinds of what is no longer there, or no longer what it was."""
    return sorted({kind for kind, _oid, _mark in before - now})


def _query() -> str:
    relations = "FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
    parts = [
        f"SELECT 'schema', n.oid::bigint, n.xmin::text FROM pg_namespace n WHERE {OURS}",
        f"SELECT 'relation', c.oid::bigint, {RELATION} {relations} WHERE {OURS} AND c.relpersistence <> 't'",
        f"SELECT 'partition', i.inhrelid::bigint, concat_ws(' ', i.inhparent, i.inhdetachpending) FROM pg_inherits i"
        f" JOIN pg_class c ON c.oid = i.inhrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {OURS}",
        # Whether one is enabled may change meanwhile: that is read in the snapshot alone.
        f"SELECT 'trigger', g.oid::bigint, concat_ws(' ', g.tgname, g.tgfoid) {relations}"
        f" JOIN pg_trigger g ON g.tgrelid = c.oid WHERE {OURS} AND NOT g.tgisinternal",
        TYPE.format(OURS=OURS),
    ]
    for kind, (catalog, prefix) in IN_SCHEMA.items():
        parts.append(
            f"SELECT '{kind}', o.oid::bigint, o.xmin::text FROM {catalog} o"
            f" JOIN pg_namespace n ON n.oid = o.{prefix}namespace WHERE {OURS}"
        )
    for kind, (catalog, relation) in OF_RELATION.items():
        parts.append(
            f"SELECT '{kind}', o.oid::bigint, o.xmin::text {relations} JOIN {catalog} o ON o.{relation} = c.oid"
            f" WHERE {OURS}"
        )
    for kind, catalog in IN_NO_SCHEMA.items():
        parts.append(
            f"SELECT '{kind}', o.oid::bigint, o.xmin::text FROM {catalog} o WHERE o.oid > {HIGHEST_SYSTEM_OID}"
        )
    return " UNION ALL ".join(parts)


QUERY = _query()
