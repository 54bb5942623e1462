# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Functions, types, and what is made of them: the queries for their facts, by kind."""

from __future__ import annotations

from .entries import gathered
from .fragments import comment, hashed, in_schema, of_database, owner_of, privileges
from .relations import columns

HIGHEST_SYSTEM_OID = 16383
ATTRIBUTES = """
    (SELECT array_agg(format('%I %s', a.attname, format_type(a.atttypid, a.atttypmod)) ORDER BY a.attnum)
     FROM pg_attribute a WHERE t.typtype = 'c' AND a.attrelid = t.typrelid AND NOT a.attisdropped)"""
LABELS = "(SELECT array_agg(e.enumlabel::text ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = t.oid)"
DOMAIN_CONSTRAINTS = f"""
    (SELECT jsonb_object_agg(k.conname, jsonb_build_object('is', pg_get_constraintdef(k.oid),
      'valid', k.convalidated, 'comment', {comment("pg_constraint", "k")}))
     FROM pg_constraint k WHERE k.contypid = t.oid AND k.contype <> 'n')::text"""
LOCALE = """
    concat_ws(' ', coalesce(to_jsonb(l) ->> 'colllocale', to_jsonb(l) ->> 'colliculocale', l.collcollate::text),
      CASE WHEN l.collprovider = 'c' THEN l.collctype END)"""
MEMBERS = """
    (SELECT array_agg(m ORDER BY m) FROM (
      SELECT concat_ws(' ', 'operator', x.amopstrategy, x.amopopr::regoperator, nullif(x.amopsortfamily, 0)) AS m
      FROM pg_amop x WHERE x.amopfamily = o.oid
      UNION ALL SELECT concat_ws(' ', 'function', x.amprocnum, x.amproc::oid::regprocedure)
      FROM pg_amproc x WHERE x.amprocfamily = o.oid) f)"""
DICTIONARIES = """
    (SELECT array_agg(format('%s: %s', x.maptokentype, x.mapdict::regdictionary) ORDER BY x.maptokentype, x.mapseqno)
     FROM pg_ts_config_map x WHERE x.mapcfg = o.oid)"""


def _name_of(catalog: str, name: str, oid: str) -> str:
    return f"(SELECT m.{name} FROM {catalog} m WHERE m.oid = {oid})"


CODE = {
    "function": in_schema(
        "pg_proc",
        "p",
        "pro",
        "p.oid::regprocedure::text",
        privileges=privileges("p.proacl", "'f'", "p.proowner"),
        kind="nullif(p.prokind, 'f')",
        result="pg_get_function_result(p.oid)",
        source=hashed("nullif(p.prosrc, '')"),
        security_definer="p.prosecdef",
        settings="p.proconfig",
        arguments=hashed("pg_get_function_arguments(p.oid)"),
        body=hashed("pg_get_function_sqlbody(p.oid)"),
        catalog_aggregate=gathered("pg_aggregate", "x", "x.aggfnoid = p.oid"),
    ),
    # One without anything is a shell, which is in a dump as well.
    "type": in_schema(
        "pg_type",
        "t",
        "typ",
        "t.oid::regtype::text",
        privileges=privileges("t.typacl", "'T'", "t.typowner"),
        kind="t.typtype",
        labels=LABELS,
        base="CASE WHEN t.typtype = 'd' THEN format_type(t.typbasetype, t.typtypmod) END",
        not_null="t.typtype = 'd' AND t.typnotnull",
        default=hashed("t.typdefault"),
        constraints=hashed(DOMAIN_CONSTRAINTS),
        attributes=ATTRIBUTES,
        columns=f"(SELECT {columns()} FROM pg_class c WHERE t.typtype = 'c' AND c.oid = t.typrelid)",
        subtype="(SELECT r.rngsubtype::regtype::text FROM pg_range r WHERE r.rngtypid = t.oid)",
        catalog_range=gathered("pg_range", "x", "x.rngtypid = t.oid"),
    )
    + " AND t.typtype IN ('b', 'c', 'd', 'e', 'r', 'p') AND NOT EXISTS (SELECT FROM pg_type e WHERE e.typarray = t.oid)"
    " AND (t.typrelid = 0 OR EXISTS (SELECT FROM pg_class c WHERE c.oid = t.typrelid AND c.relkind = 'c'))",
    "collation": in_schema(
        "pg_collation",
        "l",
        "coll",
        "l.oid::regcollation::text",
        provider="l.collprovider",
        locale=LOCALE,
        rules=hashed("to_jsonb(l) ->> 'collicurules'"),
        not_deterministic="NOT l.collisdeterministic",
    ),
    # One without a function is only named as another's commutator or negator, and in no dump.
    "operator": in_schema(
        "pg_operator",
        "o",
        "opr",
        "o.oid::regoperator::text",
        function="o.oprcode::text",
        commutator="nullif(o.oprcom, 0)::regoperator::text",
        negator="nullif(o.oprnegate, 0)::regoperator::text",
        restrict="nullif(o.oprrest, 0)::regproc::text",
        join="nullif(o.oprjoin, 0)::regproc::text",
        hashes="o.oprcanhash",
        merges="o.oprcanmerge",
    )
    + " AND o.oprcode <> 0",
    "operator class": in_schema(
        "pg_opclass",
        "o",
        "opc",
        f"format('%I.%I %s', n.nspname, o.opcname, {_name_of('pg_am', 'amname', 'o.opcmethod')})",
        standard="o.opcdefault",
    ),
    "operator family": in_schema(
        "pg_opfamily",
        "o",
        "opf",
        f"format('%I.%I %s', n.nspname, o.opfname, {_name_of('pg_am', 'amname', 'o.opfmethod')})",
        members=MEMBERS,
        catalog_operators=gathered("pg_amop", "x", "x.amopfamily = o.oid"),
        catalog_functions=gathered("pg_amproc", "x", "x.amprocfamily = o.oid"),
    ),
    "conversion": in_schema(
        "pg_conversion",
        "o",
        "con",
        "format('%I.%I', n.nspname, o.conname)",
        function="o.conproc::text",
        standard="o.condefault",
    ),
    "text search configuration": in_schema(
        "pg_ts_config", "o", "cfg", "o.oid::regconfig::text", dictionaries=DICTIONARIES
    ),
    "text search dictionary": in_schema(
        "pg_ts_dict", "o", "dict", "o.oid::regdictionary::text", definition=hashed("o.dictinitoption")
    ),
    "text search parser": in_schema("pg_ts_parser", "o", "prs", "format('%I.%I', n.nspname, o.prsname)", owner=""),
    "text search template": in_schema(
        "pg_ts_template", "o", "tmpl", "format('%I.%I', n.nspname, o.tmplname)", owner=""
    ),
    "cast": of_database(
        "pg_cast",
        "k",
        "format('%s AS %s', k.castsource::regtype, k.casttarget::regtype)",
        f"k.oid > {HIGHEST_SYSTEM_OID}",
        context="k.castcontext",
        method="k.castmethod",
        function="nullif(k.castfunc, 0)::regprocedure::text",
    ),
    "transform": of_database(
        "pg_transform",
        "k",
        f"format('%s in %s', k.trftype::regtype, {_name_of('pg_language', 'lanname', 'k.trflang')})",
        f"k.oid > {HIGHEST_SYSTEM_OID}",
        to_sql="nullif(k.trftosql, 0)::text",
        from_sql="nullif(k.trffromsql, 0)::text",
    ),
    "access method": of_database(
        "pg_am",
        "m",
        "quote_ident(m.amname)",
        f"m.oid > {HIGHEST_SYSTEM_OID}",
        handler="m.amhandler::text",
        kind="m.amtype",
    ),
    "language": of_database(
        "pg_language",
        "l",
        "quote_ident(l.lanname)",
        f"l.oid > {HIGHEST_SYSTEM_OID}",
        owner=owner_of("l.lanowner"),
        privileges=privileges("l.lanacl", "'l'", "l.lanowner"),
    ),
    "event trigger": of_database(
        "pg_event_trigger",
        "t",
        "quote_ident(t.evtname)",
        owner=owner_of("t.evtowner"),
        event="t.evtevent",
        function="t.evtfoid::regprocedure::text",
        tags="t.evttags",
        enabled="nullif(t.evtenabled, 'O')",
    ),
}
