# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Everything in a database that is not a row, and that a restore could lose: by kind, name and facts.

Facts are owner, privileges (left out where they are the default ones), comment, flags, and the hash of a definition as
PostgreSQL writes it. Members of extensions are left out: the extension brings them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Union

from . import rows
from .quote import identifier

if TYPE_CHECKING:
    import psycopg

    from .inside import Inside

    Session = Union[psycopg.Connection[Any], Inside]
    # kind -> name -> facts
    Inventory = dict[str, dict[str, dict[str, Any]]]

OURS = "n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'"
SEQUENCES_AT_ONCE = 200
HIGHEST_SYSTEM_OID = 16383


def _free(catalog: str, row: str) -> str:
    """No extension's member."""
    return (
        f"NOT EXISTS (SELECT FROM pg_depend x WHERE x.classid = '{catalog}'::regclass AND x.objid = {row}.oid"
        " AND x.deptype = 'e')"
    )


def _privileges(acl: str, kind: str, owner: str) -> str:
    """As GRANTEE=PRIVILEGE, with a star for the right to grant it on; NULL where they are the default ones."""

    def effective(source: str) -> str:
        return (
            "(SELECT array_agg(DISTINCT CASE e.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(e.grantee) END"
            " || '=' || e.privilege_type || CASE WHEN e.is_grantable THEN '*' ELSE '' END)"
            f" FROM aclexplode({source}) e)"
        )

    default = f"acldefault({kind}, {owner})"
    written = f"coalesce({effective(f'coalesce({acl}, {default})')}, '{{}}')"
    return f"nullif({written}, coalesce({effective(default)}, '{{}}'))"


def _hash(definition: str) -> str:
    return f"to_hex(hashtextextended({definition}, 0))"


def _comment(catalog: str, row: str, sub: str = "0") -> str:
    return (
        f"(SELECT {_hash('x.description')} FROM pg_description x"
        f" WHERE x.classoid = '{catalog}'::regclass AND x.objoid = {row}.oid AND x.objsubid = {sub})"
    )


def _facts(**facts: str) -> str:
    """A JSON object without what is NULL or false, which keeps it short."""
    pairs = ", ".join(f"'{name}', to_jsonb({value})" for name, value in facts.items())
    return (
        "(SELECT coalesce(jsonb_object_agg(f.key, f.value), '{}') FROM jsonb_each(jsonb_build_object("
        f"{pairs})) f WHERE f.value NOT IN ('null', 'false'))"
    )


def _owner(column: str) -> str:
    return f"pg_get_userbyid({column})"


def _in_schema(catalog: str, row: str, prefix: str, name: str, **facts: str) -> str:
    """A kind of object that lives in a schema, with its columns' usual prefix."""
    owned = {"owner": _owner(f"{row}.{prefix}owner")} if "owner" not in facts else {}
    facts = {**owned, "comment": _comment(catalog, row), **facts}
    return (
        f"SELECT {name}, {_facts(**{key: value for key, value in facts.items() if value})}"
        f" FROM {catalog} {row} JOIN pg_namespace n ON n.oid = {row}.{prefix}namespace"
        f" WHERE {OURS} AND {_free(catalog, row)}"
    )


TABLE_NAME = "format('%I.%I', n.nspname, c.relname)"
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
    (SELECT array_agg(format('%I.%I', t.schemaname, t.tablename) ORDER BY 1) FROM pg_publication_tables t
     WHERE t.pubname = p.pubname)"""
DEFAULT_PRIVILEGES = """
    (SELECT array_agg(CASE e.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(e.grantee) END || '=' || e.privilege_type
       || CASE WHEN e.is_grantable THEN '*' ELSE '' END ORDER BY 1) FROM aclexplode(a.defaclacl) e)"""
SETTINGS = """
    (SELECT array_agg(concat_ws(' ', nullif(s.setrole, 0)::regrole, c) ORDER BY 1)
     FROM pg_db_role_setting s, unnest(s.setconfig) c WHERE s.setdatabase = d.oid)"""
TABLESPACE = "(SELECT s.spcname FROM pg_tablespace s WHERE s.oid = c.reltablespace)"
# Servers such as 15.20 and 17.12 stamp each column with a place in their WAL: in no dump, and new after a restore.
COLUMN_OPTIONS = "(SELECT array_agg(o ORDER BY o) FROM unnest(a.attoptions) o WHERE o NOT LIKE 'pg\\_attver=%')"
RELATION = "CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END::\"char\""


def _columns() -> str:
    facts = _facts(
        type="format_type(a.atttypid, a.atttypmod)",
        not_null="a.attnotnull",
        default=_hash("pg_get_expr(d.adbin, d.adrelid)"),
        identity="nullif(a.attidentity, '')",
        generated="nullif(a.attgenerated, '')",
        collation="nullif(a.attcollation, t.typcollation)::regcollation::text",
        storage="nullif(a.attstorage, t.typstorage)",
        compression="nullif(a.attcompression, '')",
        options=COLUMN_OPTIONS,
        foreign_options=_hash("a.attfdwoptions::text"),
        privileges=_privileges("a.attacl", "'c'", "c.relowner"),
        comment=_comment("pg_class", "c", "a.attnum"),
    )
    return f"""
        (SELECT jsonb_object_agg(a.attname, {facts}) FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
         LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
         WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped)"""


def _relation(kinds: str, **facts: str) -> str:
    privileges = _privileges("c.relacl", RELATION, "c.relowner")
    query = _in_schema("pg_class", "c", "rel", TABLE_NAME, privileges=privileges, options="c.reloptions", **facts)
    return f"{query} AND c.relkind IN ({kinds}) AND c.relpersistence <> 't'"


def _of_table(catalog: str, row: str, table: str, name: str, where: str, **facts: str) -> str:
    """A kind of object that belongs to a table."""
    facts = {"comment": _comment(catalog, row), **facts}
    return (
        f"SELECT format('%s %I', {row}.{table}::regclass, {row}.{name}), {_facts(**facts)}"
        f" FROM {catalog} {row} JOIN pg_class c ON c.oid = {row}.{table} JOIN pg_namespace n ON n.oid = c.relnamespace"
        f" WHERE {OURS} AND c.relpersistence <> 't' AND {_free(catalog, row)} AND {where}"
    )


def _index() -> str:
    facts = _facts(
        definition=_hash("pg_get_indexdef(c.oid)"),
        clustered="i.indisclustered",
        replica_identity="i.indisreplident",
        invalid="NOT i.indisvalid",
        tablespace=TABLESPACE,
        comment=_comment("pg_class", "c"),
    )
    # pg_dump leaves an invalid index out, except one whose partitions are still missing.
    return (
        f"SELECT c.oid::regclass::text, {facts} FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid"
        " JOIN pg_class t ON t.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace"
        f" WHERE {OURS} AND c.relpersistence <> 't' AND {_free('pg_class', 't')} AND (i.indisvalid OR c.relkind = 'I')"
    )


def _of_database(catalog: str, row: str, name: str, where: str = "true", **facts: str) -> str:
    """A kind of object that lives in no schema."""
    return f"SELECT {name}, {_facts(**facts)} FROM {catalog} {row} WHERE {_free(catalog, row)} AND {where}"


KINDS = {
    "schema": _of_database(
        "pg_namespace",
        "n",
        "quote_ident(n.nspname)",
        OURS,
        owner=_owner("n.nspowner"),
        privileges=_privileges("n.nspacl", "'n'", "n.nspowner"),
        comment=_comment("pg_namespace", "n"),
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
        foreign_options=f"(SELECT {_hash('f.ftoptions::text')} FROM pg_foreign_table f WHERE f.ftrelid = c.oid)",
        columns=_columns(),
    ),
    "view": _relation("'v'", definition=_hash("pg_get_viewdef(c.oid)"), columns=_columns()),
    "materialized view": _relation(
        "'m'", populated="c.relispopulated", tablespace=TABLESPACE, definition=_hash("pg_get_viewdef(c.oid)")
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
        definition=_hash("pg_get_constraintdef(k.oid)"),
        not_validated="NOT k.convalidated",
    ),
    "trigger": _of_table(
        "pg_trigger",
        "g",
        "tgrelid",
        "tgname",
        "NOT g.tgisinternal AND g.tgparentid = 0",
        definition=_hash("pg_get_triggerdef(g.oid)"),
        enabled="nullif(g.tgenabled, 'O')",
    ),
    "rule": _of_table(
        "pg_rewrite",
        "r",
        "ev_class",
        "rulename",
        "r.rulename <> '_RETURN'",
        definition=_hash("pg_get_ruledef(r.oid)"),
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
        definition=_hash(
            "concat_ws(' | ', pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid))"
        ),
    ),
    "function": _in_schema(
        "pg_proc",
        "p",
        "pro",
        "p.oid::regprocedure::text",
        privileges=_privileges("p.proacl", "'f'", "p.proowner"),
        kind="nullif(p.prokind, 'f')",
        result="pg_get_function_result(p.oid)",
        definition=_hash(f"CASE p.prokind WHEN 'a' THEN {AGGREGATE} ELSE pg_get_functiondef(p.oid) END"),
    ),
    "type": _in_schema(
        "pg_type",
        "t",
        "typ",
        "t.oid::regtype::text",
        privileges=_privileges("t.typacl", "'T'", "t.typowner"),
        kind="t.typtype",
        labels=LABELS,
        base="CASE WHEN t.typtype = 'd' THEN format_type(t.typbasetype, t.typtypmod) END",
        not_null="t.typtype = 'd' AND t.typnotnull",
        default=_hash("t.typdefault"),
        constraints=_hash(
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
        "pg_ts_dict", "o", "dict", "o.oid::regdictionary::text", definition=_hash("o.dictinitoption")
    ),
    "statistics": _in_schema(
        "pg_statistic_ext",
        "o",
        "stx",
        "format('%I.%I', n.nspname, o.stxname)",
        definition=_hash("pg_get_statisticsobjdef(o.oid)"),
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
        owner=_owner("l.lanowner"),
        privileges=_privileges("l.lanacl", "'l'", "l.lanowner"),
    ),
    "event trigger": _of_database(
        "pg_event_trigger",
        "t",
        "quote_ident(t.evtname)",
        owner=_owner("t.evtowner"),
        event="t.evtevent",
        function="t.evtfoid::regprocedure::text",
        tags="t.evttags",
        enabled="nullif(t.evtenabled, 'O')",
        comment=_comment("pg_event_trigger", "t"),
    ),
    "publication": _of_database(
        "pg_publication",
        "p",
        "quote_ident(p.pubname)",
        owner=_owner("p.pubowner"),
        all_tables="p.puballtables",
        actions="concat_ws(' ', p.pubinsert, p.pubupdate, p.pubdelete, p.pubtruncate, p.pubviaroot)",
        tables=PUBLISHED,
        comment=_comment("pg_publication", "p"),
    ),
    # A restore leaves a subscription disabled, for it may not run twice.
    "subscription": _of_database(
        "pg_subscription",
        "s",
        "quote_ident(s.subname)",
        "s.subdbid = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())",
        owner=_owner("s.subowner"),
        publications="s.subpublications",
    ),
    "foreign data wrapper": _of_database(
        "pg_foreign_data_wrapper",
        "w",
        "quote_ident(w.fdwname)",
        owner=_owner("w.fdwowner"),
        privileges=_privileges("w.fdwacl", "'F'", "w.fdwowner"),
        definition=_hash("w.fdwoptions::text"),
    ),
    "foreign server": _of_database(
        "pg_foreign_server",
        "s",
        "quote_ident(s.srvname)",
        owner=_owner("s.srvowner"),
        privileges=_privileges("s.srvacl", "'S'", "s.srvowner"),
        definition=_hash("s.srvoptions::text"),
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
        owner=_owner("d.datdba"),
        privileges=_privileges("d.datacl", "'d'", "d.datdba"),
        settings=SETTINGS,
    ),
}

SEQUENCES = f"""
    SELECT {TABLE_NAME}, n.nspname, c.relname, s.seqincrement, s.seqcycle
    FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE {OURS} AND c.relpersistence <> 't'
      AND ({_free("pg_class", "c")} OR c.oid = ANY(SELECT unnest(e.extconfig) FROM pg_extension e))
    ORDER BY 1"""
# Large objects may be sparse: a restore fills the holes with zeros, so the zeros at the end of a page do not count.
LARGE_OBJECTS = """
    SELECT coalesce(sum(hash_record_extended(ROW(loid, pageno, rtrim(data, '\\x00'::bytea)), 0))
      FILTER (WHERE rtrim(data, '\\x00'::bytea) <> ''), 0)
    FROM pg_largeobject"""
LARGE_OBJECT_LENGTHS = """
    SELECT coalesce(sum(hash_record_extended(ROW(last.loid, last.pageno::bigint * 2048 + octet_length(p.data)), 0)), 0)
    FROM (SELECT loid, max(pageno) AS pageno FROM pg_largeobject GROUP BY loid) last
    JOIN pg_largeobject p USING (loid, pageno)"""
LARGE_OBJECT_FACTS = f"""
    SELECT coalesce(sum(hash_record_extended(ROW(m.oid, pg_get_userbyid(m.lomowner)::text COLLATE "C",
      array_to_string({_privileges("m.lomacl", "'L'", "m.lomowner")}, ',') COLLATE "C",
      {_comment("pg_largeobject", "m")} COLLATE "C"), 0)), 0)
    FROM pg_largeobject_metadata m"""


def read(session: Session) -> Inventory:
    """Every object of the session's database. The session must be pinned, or the names depend on its search_path."""
    return {kind: dict(session.execute(query).fetchall()) for kind, query in KINDS.items()}


def sequences(session: Session) -> dict[str, dict[str, Any]]:
    """increment, cycle, and position: the last value, and whether it has been given out."""
    found = {
        name: {"sql": f"{identifier(schema)}.{identifier(sequence)}", "increment": increment, "cycle": cycle}
        for name, schema, sequence, increment, cycle in session.execute(SEQUENCES)
    }
    names = list(found)
    for start in range(0, len(names), SEQUENCES_AT_ONCE):
        part = names[start : start + SEQUENCES_AT_ONCE]
        query = " UNION ALL ".join(f"SELECT last_value, is_called FROM {found[name]['sql']}" for name in part)
        for name, position in zip(part, session.execute(query)):
            found[name]["position"] = list(position)
    for sequence in found.values():
        del sequence["sql"]
    return found


def large_objects(session: Session, hashes: bool) -> dict[str, Any]:
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
