# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Everything in a database that is not a row, and that a restore could lose: by kind, name and facts.

Facts are owner, privileges (left out where they are the default ones), comment, flags, and the hash of a definition as
PostgreSQL writes it. Members of extensions are left out: the extension brings them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Union

from .fragments import GRANTED, OURS, as_json, comment, free, hashed, in_schema, owner_of, privileges
from .relations import RELATIONS

if TYPE_CHECKING:
    import psycopg

    from .inside import Inside

    Session = Union[psycopg.Connection[Any], Inside]
    # kind -> name -> facts
    Inventory = dict[str, dict[str, dict[str, Any]]]

HIGHEST_SYSTEM_OID = 16383
POLICY_ROLES = """
    ARRAY(SELECT CASE r WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(r) END FROM unnest(p.polroles) r ORDER BY 1)"""
AGGREGATE = """
    (SELECT concat_ws(' ', a.aggtransfn, a.aggfinalfn, a.aggcombinefn, a.aggtranstype::regtype, a.agginitval)
     FROM pg_aggregate a WHERE a.aggfnoid = p.oid)"""
ATTRIBUTES = """
    (SELECT array_agg(format('%I %s', a.attname, format_type(a.atttypid, a.atttypmod)) ORDER BY a.attnum)
     FROM pg_attribute a WHERE t.typtype = 'c' AND a.attrelid = t.typrelid AND NOT a.attisdropped)"""
LABELS = "(SELECT array_agg(e.enumlabel::text ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = t.oid)"
PUBLISHED = """
    nullif(ARRAY(SELECT format('%I.%I', t.schemaname, t.tablename) FROM pg_publication_tables t
      WHERE t.pubname = p.pubname ORDER BY 1), '{}')"""
DEFAULT_PRIVILEGES = f"nullif(ARRAY(SELECT {GRANTED} FROM aclexplode(a.defaclacl) e ORDER BY 1), '{{}}')"
SETTINGS = """
    nullif(ARRAY(SELECT concat_ws(' ', nullif(s.setrole, 0)::regrole, c) COLLATE "C"
      FROM pg_db_role_setting s, unnest(s.setconfig) c WHERE s.setdatabase = d.oid ORDER BY 1), '{}')"""


def _of_table(catalog: str, row: str, table: str, name: str, where: str, **facts: str) -> str:
    """A kind of object that belongs to a table."""
    facts = {"comment": comment(catalog, row), **facts}
    return (
        f"SELECT format('%s %I', {row}.{table}::regclass, {row}.{name}), {as_json(**facts)}"
        f" FROM {catalog} {row} JOIN pg_class c ON c.oid = {row}.{table} JOIN pg_namespace n ON n.oid = c.relnamespace"
        f" WHERE {OURS} AND c.relpersistence <> 't' AND {free(catalog, row)} AND {where}"
    )


def _of_database(catalog: str, row: str, name: str, where: str = "true", **facts: str) -> str:
    """A kind of object that lives in no schema."""
    return f"SELECT {name}, {as_json(**facts)} FROM {catalog} {row} WHERE {free(catalog, row)} AND {where}"


KINDS = {
    **RELATIONS,
    "schema": _of_database(
        "pg_namespace",
        "n",
        "quote_ident(n.nspname)",
        OURS,
        owner=owner_of("n.nspowner"),
        privileges=privileges("n.nspacl", "'n'", "n.nspowner"),
        comment=comment("pg_namespace", "n"),
    ),
    # The owner of an extension is whoever restores.
    "extension": _of_database(
        "pg_extension",
        "e",
        "quote_ident(e.extname)",
        version="e.extversion",
        schema="e.extnamespace::regnamespace::text",
    ),
    # What a partition has from its parent comes and goes with it; NOT NULL is a fact of the column.
    "constraint": _of_table(
        "pg_constraint",
        "k",
        "conrelid",
        "conname",
        "k.contype NOT IN ('n', 't') AND k.conparentid = 0",
        definition=hashed("pg_get_constraintdef(k.oid)"),
        not_validated="NOT k.convalidated",
    ),
    "trigger": _of_table(
        "pg_trigger",
        "g",
        "tgrelid",
        "tgname",
        "NOT g.tgisinternal AND g.tgparentid = 0",
        definition=hashed("pg_get_triggerdef(g.oid)"),
        enabled="nullif(g.tgenabled, 'O')",
    ),
    "rule": _of_table(
        "pg_rewrite",
        "r",
        "ev_class",
        "rulename",
        "r.rulename <> '_RETURN'",
        definition=hashed("pg_get_ruledef(r.oid)"),
        enabled="nullif(r.ev_enabled, 'O')",
    ),
    "policy": _of_table(
        "pg_policy",
        "p",
        "polrelid",
        "polname",
        "true",
        command="p.polcmd",
        restrictive="NOT p.polpermissive",
        roles=POLICY_ROLES,
        definition=hashed(
            "concat_ws(' | ', pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid))"
        ),
    ),
    "function": in_schema(
        "pg_proc",
        "p",
        "pro",
        "p.oid::regprocedure::text",
        privileges=privileges("p.proacl", "'f'", "p.proowner"),
        kind="nullif(p.prokind, 'f')",
        result="pg_get_function_result(p.oid)",
        definition=hashed(f"CASE p.prokind WHEN 'a' THEN {AGGREGATE} ELSE pg_get_functiondef(p.oid) END"),
    ),
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
        constraints=hashed(
            "(SELECT string_agg(concat_ws(' ', k.conname, pg_get_constraintdef(k.oid), k.convalidated), '; '"
            " ORDER BY k.conname) FROM pg_constraint k WHERE k.contypid = t.oid AND k.contype <> 'n')"
        ),
        attributes=ATTRIBUTES,
        subtype="(SELECT r.rngsubtype::regtype::text FROM pg_range r WHERE r.rngtypid = t.oid)",
    )
    + " AND t.typtype IN ('b', 'c', 'd', 'e', 'r') AND NOT EXISTS (SELECT FROM pg_type e WHERE e.typarray = t.oid)"
    " AND (t.typrelid = 0 OR EXISTS (SELECT FROM pg_class c WHERE c.oid = t.typrelid AND c.relkind = 'c'))",
    "collation": in_schema(
        "pg_collation",
        "l",
        "coll",
        "l.oid::regcollation::text",
        provider="l.collprovider",
        not_deterministic="NOT l.collisdeterministic",
    ),
    # One without a function is only named as another's commutator or negator, and in no dump.
    "operator": in_schema("pg_operator", "o", "opr", "o.oid::regoperator::text", function="o.oprcode::text")
    + " AND o.oprcode <> 0",
    "operator class": in_schema(
        "pg_opclass",
        "o",
        "opc",
        "format('%I.%I %s', n.nspname, o.opcname, (SELECT m.amname FROM pg_am m WHERE m.oid = o.opcmethod))",
        standard="o.opcdefault",
    ),
    "conversion": in_schema("pg_conversion", "o", "con", "format('%I.%I', n.nspname, o.conname)"),
    "text search configuration": in_schema("pg_ts_config", "o", "cfg", "o.oid::regconfig::text"),
    "text search dictionary": in_schema(
        "pg_ts_dict", "o", "dict", "o.oid::regdictionary::text", definition=hashed("o.dictinitoption")
    ),
    "statistics": in_schema(
        "pg_statistic_ext",
        "o",
        "stx",
        "format('%I.%I', n.nspname, o.stxname)",
        definition=hashed("pg_get_statisticsobjdef(o.oid)"),
    ),
    "cast": _of_database(
        "pg_cast",
        "k",
        "format('%s AS %s', k.castsource::regtype, k.casttarget::regtype)",
        f"k.oid > {HIGHEST_SYSTEM_OID}",
        context="k.castcontext",
        method="k.castmethod",
        function="nullif(k.castfunc, 0)::regprocedure::text",
    ),
    "language": _of_database(
        "pg_language",
        "l",
        "quote_ident(l.lanname)",
        f"l.oid > {HIGHEST_SYSTEM_OID}",
        owner=owner_of("l.lanowner"),
        privileges=privileges("l.lanacl", "'l'", "l.lanowner"),
    ),
    "event trigger": _of_database(
        "pg_event_trigger",
        "t",
        "quote_ident(t.evtname)",
        owner=owner_of("t.evtowner"),
        event="t.evtevent",
        function="t.evtfoid::regprocedure::text",
        tags="t.evttags",
        enabled="nullif(t.evtenabled, 'O')",
        comment=comment("pg_event_trigger", "t"),
    ),
    "publication": _of_database(
        "pg_publication",
        "p",
        "quote_ident(p.pubname)",
        owner=owner_of("p.pubowner"),
        all_tables="p.puballtables",
        actions="concat_ws(' ', p.pubinsert, p.pubupdate, p.pubdelete, p.pubtruncate, p.pubviaroot)",
        tables=PUBLISHED,
        comment=comment("pg_publication", "p"),
    ),
    # A restore leaves a subscription disabled, for it may not run twice.
    "subscription": _of_database(
        "pg_subscription",
        "s",
        "quote_ident(s.subname)",
        "s.subdbid = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())",
        owner=owner_of("s.subowner"),
        publications="s.subpublications",
    ),
    "foreign data wrapper": _of_database(
        "pg_foreign_data_wrapper",
        "w",
        "quote_ident(w.fdwname)",
        owner=owner_of("w.fdwowner"),
        privileges=privileges("w.fdwacl", "'F'", "w.fdwowner"),
        definition=hashed("w.fdwoptions::text"),
    ),
    "foreign server": _of_database(
        "pg_foreign_server",
        "s",
        "quote_ident(s.srvname)",
        owner=owner_of("s.srvowner"),
        privileges=privileges("s.srvacl", "'S'", "s.srvowner"),
        definition=hashed("s.srvoptions::text"),
    ),
    "user mapping": "SELECT format('%I at %I', m.usename, m.srvname), '{}'::jsonb FROM pg_user_mappings m",
    "default privileges": _of_database(
        "pg_default_acl",
        "a",
        "concat_ws(' ', pg_get_userbyid(a.defaclrole), nullif(a.defaclnamespace, 0)::regnamespace, a.defaclobjtype)",
        privileges=DEFAULT_PRIVILEGES,
    ),
    "database": _of_database(
        "pg_database",
        "d",
        "''",
        "d.datname = current_database()",
        encoding="pg_encoding_to_char(d.encoding)",
        collate="d.datcollate",
        ctype="d.datctype",
        owner=owner_of("d.datdba"),
        privileges=privileges("d.datacl", "'d'", "d.datdba"),
        settings=SETTINGS,
    ),
}


def read(session: Session) -> Inventory:
    """Every object of the session's database. The session must be pinned, or the names depend on its search_path."""
    return {kind: dict(session.execute(query).fetchall()) for kind, query in KINDS.items()}
