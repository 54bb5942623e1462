# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Everything in a database that is not a row, and that a restore could lose: by kind, name and facts.

Facts are owner, privileges (left out where they are the default ones), comment, flags, the hash of a definition as
PostgreSQL writes it, and the hash of the object's whole row in the system catalog (:mod:`.entries`), which tells what
no other fact does. Members of extensions are left out: the extension brings them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Union

from . import entries, outside
from .attached import ATTACHED
from .code import CODE, HIGHEST_SYSTEM_OID
from .fragments import GRANTED, OURS, as_json, comment, hashed, labels, of_database, owner_of, privileges
from .members import GRANTED_ON_OTHERS
from .relations import RELATIONS

if TYPE_CHECKING:
    import psycopg

    from .inside import Inside

    Session = Union[psycopg.Connection[Any], Inside]
    # kind -> name -> facts
    Inventory = dict[str, dict[str, dict[str, Any]]]

DEFAULT_PRIVILEGES = f"nullif(ARRAY(SELECT {GRANTED} FROM aclexplode(a.defaclacl) e ORDER BY 1), '{{}}')"
SETTINGS = """
    nullif(ARRAY(SELECT concat_ws(' ', nullif(s.setrole, 0)::regrole, c)
      FROM pg_db_role_setting s, unnest(s.setconfig) c WHERE s.setdatabase = d.oid), '{}')"""
# Their names depend on the version.
LOCALE = "coalesce(to_jsonb(d) ->> 'datlocale', to_jsonb(d) ->> 'daticulocale')"
# ALTER FUNCTION ... DEPENDS ON EXTENSION, and the like
DEPENDENCIES = """
    SELECT format('%s %s', o.type, o.identity),
      jsonb_build_object('extensions', array_agg(e.extname ORDER BY e.extname))
    FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid
    CROSS JOIN LATERAL pg_identify_object(d.classid, d.objid, d.objsubid) o
    WHERE d.deptype = 'x' AND d.refclassid = 'pg_extension'::regclass GROUP BY 1"""


def shared(text: str) -> str:
    """A text of the server's shared catalogs, in ASCII: sessions of databases of different encodings read its octets as
    different names, and order them differently."""
    return f"encode(convert_to(({text})::text, getdatabaseencoding()), 'escape')"


def all_shared(texts: str) -> str:
    """The same of an array, which may be NULL."""
    each = f'ARRAY(SELECT {shared("u.t")} COLLATE "C" FROM unnest(a.texts) AS u(t) ORDER BY 1)'
    return f"(SELECT CASE WHEN a.texts IS NOT NULL THEN {each} END FROM (SELECT {texts}) AS a(texts))"


# One of the shared catalogs: any database's session reads the same of it.
DATABASE = (
    "SELECT '', "
    + as_json(
        encoding="pg_encoding_to_char(d.encoding)",
        collate="d.datcollate",
        ctype="d.datctype",
        locale_provider="nullif(to_jsonb(d) ->> 'datlocprovider', 'c')",
        locale=LOCALE,
        icu_rules="to_jsonb(d) ->> 'daticurules'",
        owner=shared(owner_of("d.datdba")),
        privileges=all_shared(privileges("d.datacl", "'d'", "d.datdba")),
        settings=all_shared(SETTINGS),
        connection_limit="nullif(d.datconnlimit, -1)",
        comment=hashed("shobj_description(d.oid, 'pg_database')"),
    )
    + " FROM pg_database d WHERE d.datname = "
)
KINDS = {
    **RELATIONS,
    **ATTACHED,
    **CODE,
    "schema": of_database(
        "pg_namespace",
        "n",
        "quote_ident(n.nspname)",
        OURS,
        owner=owner_of("n.nspowner"),
        privileges=privileges("n.nspacl", "'n'", "n.nspowner"),
    ),
    # Its owner is whoever restores, and its version the server's. A dump says nothing of what every database has.
    "extension": "SELECT quote_ident(e.extname), "
    + as_json(
        version="e.extversion",
        schema="e.extnamespace::regnamespace::text",
        comment=f"CASE WHEN e.oid > {HIGHEST_SYSTEM_OID} THEN {comment('pg_extension', 'e')} END",
        security_labels=f"CASE WHEN e.oid > {HIGHEST_SYSTEM_OID} THEN {labels('pg_extension', 'e')} END",
    )
    + " FROM pg_extension e",
    "dependency on an extension": DEPENDENCIES,
    "privileges": GRANTED_ON_OTHERS,
    "default privileges": of_database(
        "pg_default_acl",
        "a",
        "concat_ws(' ', pg_get_userbyid(a.defaclrole), nullif(a.defaclnamespace, 0)::regnamespace, a.defaclobjtype)",
        privileges=DEFAULT_PRIVILEGES,
    ),
    "database": f"{DATABASE}current_database()",
}


def read(session: Session) -> Inventory:
    """Every object of the session's database. The session must be pinned, or the names depend on its search_path."""
    there = entries.columns(session)
    kinds = {**KINDS, **outside.kinds(session.info.server_version // 10000)}
    return {kind: dict(session.execute(entries.expand(query, there)).fetchall()) for kind, query in kinds.items()}


def database(session: psycopg.Connection[Any], name: str) -> dict[str, dict[str, Any]]:
    """The kind ``database`` of another database than the session's."""
    return dict(session.execute(f"{DATABASE}%s", [name]).fetchall())
