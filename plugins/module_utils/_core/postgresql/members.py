# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Privileges on objects that a dump does not define: members of extensions, and PostgreSQL's own.

Of these a dump holds what was granted and revoked since the extension, or the database, was made.
"""

from __future__ import annotations

from .fragments import GRANTED, RELATION

GRANTS = f"""
    SELECT 'pg_class'::regclass::oid AS class, c.oid AS object, 0 AS sub, c.relnamespace AS schema,
      c.relowner AS owner, c.relacl AS acl, acldefault({RELATION}, c.relowner) AS initial FROM pg_class c
    UNION ALL SELECT 'pg_class'::regclass, a.attrelid, a.attnum, c.relnamespace, c.relowner, a.attacl, NULL
      FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    UNION ALL SELECT 'pg_proc'::regclass, p.oid, 0, p.pronamespace, p.proowner, p.proacl, acldefault('f', p.proowner)
      FROM pg_proc p
    UNION ALL SELECT 'pg_type'::regclass, t.oid, 0, t.typnamespace, t.typowner, t.typacl, acldefault('T', t.typowner)
      FROM pg_type t
    UNION ALL SELECT 'pg_namespace'::regclass, n.oid, 0, n.oid, n.nspowner, n.nspacl, acldefault('n', n.nspowner)
      FROM pg_namespace n
    UNION ALL SELECT 'pg_language'::regclass, l.oid, 0, 0, l.lanowner, l.lanacl, acldefault('l', l.lanowner)
      FROM pg_language l
    UNION ALL SELECT 'pg_foreign_data_wrapper'::regclass, w.oid, 0, 0, w.fdwowner, w.fdwacl,
      acldefault('F', w.fdwowner) FROM pg_foreign_data_wrapper w
    UNION ALL SELECT 'pg_foreign_server'::regclass, s.oid, 0, 0, s.srvowner, s.srvacl, acldefault('S', s.srvowner)
      FROM pg_foreign_server s"""


def _only(these: str, others: str, sign: str) -> str:
    return (
        f"SELECT '{sign}' || {GRANTED} AS item FROM aclexplode({these}) e WHERE e.grantee <> g.owner"
        f" AND NOT EXISTS (SELECT FROM aclexplode({others}) x WHERE (x.grantee, x.privilege_type, x.is_grantable)"
        " = (e.grantee, e.privilege_type, e.is_grantable))"
    )


INITIAL = "coalesce(i.initprivs, g.initial)"
MEMBER = (
    "EXISTS (SELECT FROM pg_depend d WHERE d.classid = g.class AND d.objid = g.object AND d.objsubid = 0"
    " AND d.deptype = 'e')"
)
GRANTED_ON_OTHERS = f"""
    SELECT format('%s %s', o.type, o.identity), jsonb_build_object('privileges', to_jsonb(f.items))
    FROM ({GRANTS}) g LEFT JOIN pg_init_privs i ON (i.classoid, i.objoid, i.objsubid) = (g.class, g.object, g.sub)
    CROSS JOIN LATERAL (SELECT array_agg(item ORDER BY item) AS items FROM (
      {_only("g.acl", INITIAL, "+")} UNION ALL {_only(INITIAL, "g.acl", "-")}) a) f
    CROSS JOIN LATERAL pg_identify_object(g.class, g.object, g.sub) o
    WHERE g.acl IS NOT NULL AND f.items IS NOT NULL
      AND ({MEMBER} OR (g.schema = 'pg_catalog'::regnamespace AND g.object < 16384))"""
