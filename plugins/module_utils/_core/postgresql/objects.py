# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Everything in a database that is not a row, and that a restore could lose: by kind, name and facts.

Facts are owner, privileges (left out where they are the default ones), comment, flags, and the hash of a definition as
PostgreSQL writes it. Members of extensions are left out: the extension brings them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Union

from .fragments import OURS, TABLE_NAME, as_json, comment, free, hashed, owner_of, privileges

if TYPE_CHECKING:
    import psycopg

    from .inside import Inside

    Session = Union[psycopg.Connection[Any], Inside]
    # kind -> name -> facts
    Inventory = dict[str, dict[str, dict[str, Any]]]

HIGHEST_SYSTEM_OID = 16383


def _in_schema(catalog: str, row: str, prefix: str, name: str, **facts: str) -> str:
    """A kind of object that lives in a schema, with its columns' usual prefix."""
    owned = {"owner": owner_of(f"{row}.{prefix}owner")} if "owner" not in facts else {}
    facts = {**owned, "comment": comment(catalog, row), **facts}
    return (
        f"SELECT {name}, {as_json(**{key: value for key, value in facts.items() if value})}"
        f" FROM {catalog} {row} JOIN pg_namespace n ON n.oid = {row}.{prefix}namespace"
        f" WHERE {OURS} AND {free(catalog, row)}"
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
DEFAULT_PRIVILEGES = """
    nullif(ARRAY(SELECT CASE e.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(e.grantee) END || '='
        || e.privilege_type || CASE WHEN e.is_grantable THEN '*' ELSE '' END
      FROM aclexplode(a.defaclacl) e ORDER BY 1), '{}')"""
SETTINGS = """
    nullif(ARRAY(SELECT concat_ws(' ', nullif(s.setrole, 0)::regrole, c) COLLATE "C"
      FROM pg_db_role_setting s, unnest(s.setconfig) c WHERE s.setdatabase = d.oid ORDER BY 1), '{}')"""
TABLESPACE = "(SELECT s.spcname FROM pg_tablespace s WHERE s.oid = c.reltablespace)"
# Servers such as 15.20 and 17.12 stamp each column with a place in their WAL: in no dump, and new after a restore.
COLUMN_OPTIONS = "(SELECT array_agg(o ORDER BY o) FROM unnest(a.attoptions) o WHERE o NOT LIKE 'pg\\_attver=%')"
RELATION = "CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END::\"char\""


def _columns() -> str:
    facts = as_json(
        type="format_type(a.atttypid, a.atttypmod)",
        not_null="a.attnotnull",
        default=hashed("pg_get_expr(d.adbin, d.adrelid)"),
        identity="nullif(a.attidentity, '')",
        generated="nullif(a.attgenerated, '')",
        collation="nullif(a.attcollation, t.typcollation)::regcollation::text",
        storage="nullif(a.attstorage, t.typstorage)",
        compression="nullif(a.attcompression, '')",
        options=COLUMN_OPTIONS,
        foreign_options=hashed("a.attfdwoptions::text"),
        privileges=privileges("a.attacl", "'c'", "c.relowner"),
        comment=comment("pg_class", "c", "a.attnum"),
    )
    return f"""
        (SELECT jsonb_object_agg(a.attname, {facts}) FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
         LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
         WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped)"""


def _relation(kinds: str, **facts: str) -> str:
    granted = privileges("c.relacl", RELATION, "c.relowner")
    query = _in_schema("pg_class", "c", "rel", TABLE_NAME, privileges=granted, options="c.reloptions", **facts)
    return f"{query} AND c.relkind IN ({kinds}) AND c.relpersistence <> 't'"


def _of_table(catalog: str, row: str, table: str, name: str, where: str, **facts: str) -> str:
    """A kind of object that belongs to a table."""
    facts = {"comment": comment(catalog, row), **facts}
    return (
        f"SELECT format('%s %I', {row}.{table}::regclass, {row}.{name}), {as_json(**facts)}"
        f" FROM {catalog} {row} JOIN pg_class c ON c.oid = {row}.{table} JOIN pg_namespace n ON n.oid = c.relnamespace"
        f" WHERE {OURS} AND c.relpersistence <> 't' AND {free(catalog, row)} AND {where}"
    )


def _index() -> str:
    facts = as_json(
        definition=hashed("pg_get_indexdef(c.oid)"),
        clustered="i.indisclustered",
        replica_identity="i.indisreplident",
        invalid="NOT i.indisvalid",
        tablespace=TABLESPACE,
        comment=comment("pg_class", "c"),
    )
    # pg_dump leaves an invalid index out, except one whose partitions are still missing.
    return (
        f"SELECT c.oid::regclass::text, {facts} FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid"
        " JOIN pg_class t ON t.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace"
        f" WHERE {OURS} AND c.relpersistence <> 't' AND {free('pg_class', 't')} AND (i.indisvalid OR c.relkind = 'I')"
    )


def _of_database(catalog: str, row: str, name: str, where: str = "true", **facts: str) -> str:
    """A kind of object that lives in no schema."""
    return f"SELECT {name}, {as_json(**facts)} FROM {catalog} {row} WHERE {free(catalog, row)} AND {where}"


KINDS = {
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
        foreign_options=f"(SELECT {hashed('f.ftoptions::text')} FROM pg_foreign_table f WHERE f.ftrelid = c.oid)",
        columns=_columns(),
    ),
    "view": _relation("'v'", definition=hashed("pg_get_viewdef(c.oid)"), columns=_columns()),
    "materialized view": _relation(
        "'m'", populated="c.relispopulated", tablespace=TABLESPACE, definition=hashed("pg_get_viewdef(c.oid)")
    ),
    "sequence": _relation("'S'", unlogged="c.relpersistence = 'u'", owned_by=OWNED_BY, parameters=SEQUENCE),
    "index": _index(),
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
    "function": _in_schema(
        "pg_proc",
        "p",
        "pro",
        "p.oid::regprocedure::text",
        privileges=privileges("p.proacl", "'f'", "p.proowner"),
        kind="nullif(p.prokind, 'f')",
        result="pg_get_function_result(p.oid)",
        definition=hashed(f"CASE p.prokind WHEN 'a' THEN {AGGREGATE} ELSE pg_get_functiondef(p.oid) END"),
    ),
    "type": _in_schema(
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
    "collation": _in_schema(
        "pg_collation",
        "l",
        "coll",
        "l.oid::regcollation::text",
        provider="l.collprovider",
        not_deterministic="NOT l.collisdeterministic",
    ),
    "operator": _in_schema("pg_operator", "o", "opr", "o.oid::regoperator::text", function="o.oprcode::text"),
    "operator class": _in_schema(
        "pg_opclass",
        "o",
        "opc",
        "format('%I.%I %s', n.nspname, o.opcname, (SELECT m.amname FROM pg_am m WHERE m.oid = o.opcmethod))",
        standard="o.opcdefault",
    ),
    "conversion": _in_schema("pg_conversion", "o", "con", "format('%I.%I', n.nspname, o.conname)"),
    "text search configuration": _in_schema("pg_ts_config", "o", "cfg", "o.oid::regconfig::text"),
    "text search dictionary": _in_schema(
        "pg_ts_dict", "o", "dict", "o.oid::regdictionary::text", definition=hashed("o.dictinitoption")
    ),
    "statistics": _in_schema(
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
