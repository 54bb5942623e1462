# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Everything that is in a database, in a form that two databases can be compared by. Knows nothing of the product."""

from __future__ import annotations

from typing import Any

from psycopg import sql

from .servers import Server

OURS = "n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'"
NOT_OF_EXTENSION = "NOT EXISTS (SELECT FROM pg_depend x WHERE x.objid = {}.oid AND x.deptype = 'e')"
DEFAULT_OF_RELATION = "acldefault((CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END)::\"char\", c.relowner)"


def acl(column: str, default: str) -> str:
    """The privileges that hold, whether they are written down or the default ones, in an order of their own."""
    rows = f"aclexplode(coalesce({column}, {default}))"
    item = (
        "concat_ws(' ', CASE grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(grantee) END,"
        " 'by', pg_get_userbyid(grantor), privilege_type, is_grantable) COLLATE \"C\""
    )
    return f"(SELECT array_agg({item} ORDER BY {item}) FROM {rows})"


CATALOG = {
    "relations": f"""
        SELECT n.nspname, c.relname, c.relkind, c.relpersistence, pg_get_userbyid(c.relowner), c.relrowsecurity,
          pg_get_expr(c.relpartbound, c.oid), c.reloptions, c.relreplident,
          {acl("c.relacl", DEFAULT_OF_RELATION)},
          CASE WHEN c.relkind IN ('v', 'm') THEN pg_get_viewdef(c.oid) END, obj_description(c.oid, 'pg_class')
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE {OURS} AND {NOT_OF_EXTENSION.format("c")} AND c.relkind <> 'i' AND c.relkind <> 'I' ORDER BY 1, 2""",
    "columns": f"""
        SELECT n.nspname, c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity,
          a.attgenerated, a.attcollation::regcollation::text, pg_get_expr(d.adbin, d.adrelid), a.attacl::text,
          a.attstorage, col_description(c.oid, a.attnum)
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        WHERE {OURS} AND {NOT_OF_EXTENSION.format("c")} AND a.attnum > 0 AND NOT a.attisdropped
          AND c.relkind IN ('r', 'p', 'v', 'm') ORDER BY 1, 2, 3""",
    "indexes": "SELECT indexdef FROM pg_indexes WHERE schemaname !~ '^pg_' ORDER BY 1",
    "constraints": """
        SELECT conrelid::regclass::text, contypid::regtype::text, conname, pg_get_constraintdef(oid)
        FROM pg_constraint WHERE connamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
        ORDER BY 1, 2, 3""",
    "functions": f"""
        SELECT n.nspname, p.proname, pg_get_function_identity_arguments(p.oid), pg_get_userbyid(p.proowner),
          {acl("p.proacl", "acldefault('f', p.proowner)")}, obj_description(p.oid, 'pg_proc'),
          CASE WHEN p.prokind <> 'a' THEN pg_get_functiondef(p.oid) END
        FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
        WHERE {OURS} AND {NOT_OF_EXTENSION.format("p")} ORDER BY 1, 2, 3""",
    "types": f"""
        SELECT n.nspname, t.typname, t.typtype, pg_get_userbyid(t.typowner),
          {acl("t.typacl", "acldefault('T', t.typowner)")},
          ARRAY(SELECT enumlabel::text FROM pg_enum e WHERE e.enumtypid = t.oid ORDER BY enumsortorder)
        FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
        WHERE {OURS} AND {NOT_OF_EXTENSION.format("t")} AND t.typtype IN ('c', 'd', 'e') ORDER BY 1, 2""",
    "schemas": f"""
        SELECT n.nspname, pg_get_userbyid(n.nspowner), {acl("n.nspacl", "acldefault('n', n.nspowner)")},
          obj_description(n.oid, 'pg_namespace') FROM pg_namespace n WHERE {OURS} ORDER BY 1""",
    "default privileges": """
        SELECT pg_get_userbyid(defaclrole), defaclnamespace::regnamespace::text, defaclobjtype,
          ARRAY(SELECT item::text FROM unnest(defaclacl) AS item ORDER BY 1) FROM pg_default_acl ORDER BY 1, 2, 3""",
    "triggers": """
        SELECT tgrelid::regclass::text, pg_get_triggerdef(oid), tgenabled FROM pg_trigger WHERE NOT tgisinternal
        ORDER BY 1, 2""",
    "rules": "SELECT schemaname, tablename, definition FROM pg_rules WHERE schemaname !~ '^pg_' ORDER BY 1, 2, 3",
    "policies": "SELECT * FROM pg_policies ORDER BY schemaname, tablename, policyname",
    "extensions": "SELECT extname, extversion, extnamespace::regnamespace::text FROM pg_extension ORDER BY 1",
    "statistics": "SELECT pg_get_statisticsobjdef(oid) FROM pg_statistic_ext ORDER BY 1",
    "collations": "SELECT collname, collprovider FROM pg_collation WHERE oid >= 16384 ORDER BY 1",
    "publications": "SELECT pubname, pg_get_userbyid(pubowner) FROM pg_publication ORDER BY 1",
    "large objects": f"""
        SELECT m.oid, encode(sha256(lo_get(m.oid)), 'hex'), pg_get_userbyid(m.lomowner),
          {acl("m.lomacl", "acldefault('L', m.lomowner)")}, obj_description(m.oid, 'pg_largeobject')
        FROM pg_largeobject_metadata m ORDER BY 1""",
}
DATABASE = f"""
    SELECT pg_get_userbyid(d.datdba), pg_encoding_to_char(d.encoding), d.datcollate, d.datctype,
      to_jsonb(d) ->> 'datlocprovider', d.datconnlimit, d.datallowconn, {acl("d.datacl", "acldefault('d', d.datdba)")},
      shobj_description(d.oid, 'pg_database'),
      ARRAY(SELECT concat_ws(' ', s.setrole::regrole, c) FROM pg_db_role_setting s, unnest(s.setconfig) c
            WHERE s.setdatabase = d.oid ORDER BY 1)
    FROM pg_database d WHERE datname = current_database()"""
TABLES = f"""
    SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE {OURS} AND c.relkind IN ('r', 'm') AND c.relispopulated ORDER BY 1, 2"""
SEQUENCES = "SELECT schemaname, sequencename FROM pg_sequences ORDER BY 1, 2"


def content(server: Server, database: str, itself: bool = True) -> dict[str, Any]:
    """Rows, sequences, definitions, owners, privileges, comments; itself: what belongs to the database as a whole."""
    found: dict[str, Any] = {}
    with server.connect(database) as session:
        session.execute("SET search_path = pg_catalog; SET client_encoding = 'UTF8'")
        for name, query in CATALOG.items():
            found[name] = session.execute(query).fetchall()
        for schema, table in session.execute(TABLES).fetchall():
            query = "SELECT count(*), md5(string_agg(t::text, E'\\n' ORDER BY t::text COLLATE \"C\")) FROM ONLY {} AS t"
            row = session.execute(sql.SQL(query).format(sql.Identifier(schema, table))).fetchone()
            found[f"rows of {schema}.{table}"] = row
        for schema, sequence in session.execute(SEQUENCES).fetchall():
            query = sql.SQL("SELECT last_value, is_called FROM {}").format(sql.Identifier(schema, sequence))
            found[f"sequence {schema}.{sequence}"] = session.execute(query).fetchone()
        if itself:
            found["database"] = session.execute(DATABASE).fetchone()
    return found


def assert_same(found: dict[str, Any], expected: dict[str, Any]) -> None:
    """AssertionError that lists what differs."""
    differing = []
    for key in sorted(found.keys() | expected.keys()):
        left, right = found.get(key), expected.get(key)
        if left != right and isinstance(left, list) and isinstance(right, list):
            differing += [f"{key}: only here {row}" for row in left if row not in right]
            differing += [f"{key}: missing {row}" for row in right if row not in left]
        elif left != right:
            differing.append(f"{key}: {left} instead of {right}")
    if differing:
        raise AssertionError("the databases differ\n" + "\n".join(differing))


def rows(server: Server, database: str, table: str = "items") -> list[Any]:
    with server.connect(database) as session:
        return session.execute(sql.SQL("SELECT * FROM {} ORDER BY 1").format(sql.Identifier(table))).fetchall()
