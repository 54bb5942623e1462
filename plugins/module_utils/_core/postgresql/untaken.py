# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What no dump takes, and a restore does not bring back: for whoever makes a backup, and believes that all is in it.

Source: pg_dump.c of 14 to 18. selectDumpableExtension and processExtensionTables: of an extension's member its
privileges are dumped, and of its tables the rows that it asks for. getTriggers: of internal triggers nothing.
selectDumpableNamespace: of the system's schemas only privileges.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from .settings import RESTRICT

if TYPE_CHECKING:
    import psycopg

    Session = psycopg.Connection[Any]

# Of how many things a sentence gives the names
NAMED = 5
HIGHEST_SYSTEM_OID = 16383
# Milliseconds that whoever changes a table is waited for
PATIENCE = "2000"

# What an extension's script made, when it was created or last updated, is there again after a restore. A transaction is
# taken for the script's when it made the extension's row, or one of its members that is no table.
MEMBERS = """
    WITH script AS (
      SELECT oid AS extension, xmin::text AS transaction FROM pg_extension
      UNION SELECT refobjid, xmin::text FROM pg_depend
      WHERE refclassid = 'pg_extension'::regclass AND deptype = 'e'
        AND classid NOT IN ('pg_class'::regclass, 'pg_type'::regclass)
    )
    SELECT format('%I.%I', n.nspname, c.relname), e.extname, c.oid = ANY(coalesce(e.extconfig, '{}')),
      has_table_privilege(c.oid, 'SELECT') AND NOT row_security_active(c.oid),
      (SELECT array_agg(transaction) FROM script WHERE script.extension = e.oid), c.oid::bigint
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid
      AND d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
    JOIN pg_extension e ON e.oid = d.refobjid
    WHERE c.relkind IN ('r', 'p') ORDER BY 1
"""
WRITTEN = "SELECT EXISTS (SELECT FROM ONLY {table} WHERE xmin::text <> ALL(%s))"
ATTACHED = """
    SELECT pg_describe_object(d.classid, d.objid, 0) FROM pg_depend d
    WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = %s AND d.xmin::text <> ALL(%s)
      AND (d.classid IN ('pg_trigger'::regclass, 'pg_policy'::regclass, 'pg_rewrite'::regclass)
        OR d.classid = 'pg_class'::regclass AND d.deptype = 'a'
          AND EXISTS (SELECT FROM pg_index i WHERE i.indexrelid = d.objid))
      AND NOT EXISTS (SELECT FROM pg_trigger g WHERE d.classid = 'pg_trigger'::regclass AND g.oid = d.objid
        AND g.tgisinternal)
      AND NOT EXISTS (SELECT FROM pg_rewrite r WHERE d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid
        AND r.ev_class <> d.refobjid)
    GROUP BY 1 ORDER BY 1
"""
SWITCHED_OFF = """
    SELECT DISTINCT format('%I of %I.%I', k.conname, n.nspname, c.relname)
    FROM pg_trigger g JOIN pg_constraint k ON k.oid = g.tgconstraint
    JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE g.tgisinternal AND g.tgenabled <> 'O' AND k.contype IN ('f', 'u', 'p', 'x') ORDER BY 1
"""
# The role that initdb made has them all.
PARAMETERS = """
    SELECT format('%s for %s', a.parname, string_agg(DISTINCT
      CASE e.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(e.grantee)) END, ', '))
    FROM pg_parameter_acl a CROSS JOIN LATERAL aclexplode(a.paracl) e WHERE e.grantee <> 10
    GROUP BY a.parname ORDER BY 1
"""
# With the prefix of their columns
IN_SCHEMA = {
    "pg_class": "rel",
    "pg_proc": "pro",
    "pg_type": "typ",
    "pg_operator": "opr",
    "pg_opclass": "opc",
    "pg_opfamily": "opf",
    "pg_collation": "coll",
    "pg_conversion": "con",
    "pg_ts_config": "cfg",
    "pg_ts_dict": "dict",
    "pg_ts_parser": "prs",
    "pg_ts_template": "tmpl",
}
STRAY = " UNION ALL ".join(
    f"""
    SELECT pg_describe_object('{catalog}'::regclass, o.oid, 0) FROM {catalog} o
    WHERE o.{prefix}namespace IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
      AND o.oid > {HIGHEST_SYSTEM_OID} AND NOT EXISTS (SELECT FROM pg_depend d
        WHERE d.classid = '{catalog}'::regclass AND d.objid = o.oid AND d.deptype IN ('e', 'i', 'a'))"""
    for catalog, prefix in IN_SCHEMA.items()
)


def sentences(session: Session) -> Iterator[str]:
    """What is in the session's database and comes into no dump, a sentence for each kind of thing."""
    written, attached = _of_extensions(session)
    for found, said in (
        (written, "rows of tables that belong to an extension are in no dump, unless the extension asks for them"),
        (attached, "what was added to tables that belong to an extension is in no dump"),
        (
            _names(session, SWITCHED_OFF),
            "constraints are switched off (DISABLE TRIGGER ALL); a restore switches them on, and fails on rows that"
            " break them",
        ),
        (_names(session, STRAY), "what was made in the schemas of the system is in no dump"),
    ):
        if found:
            yield f"{said}: {told(found)}"


def of_server(session: Session) -> Iterator[str]:
    """The same of the session's server, beside roles and tablespaces."""
    if session.info.server_version < 150000:
        return
    found = _names(session, PARAMETERS)
    if found:
        yield f"no restore brings privileges on parameters back, which are in the globals alone: {told(found)}"


def told(found: list[str]) -> str:
    """The first names, and how many more there are."""
    more = f" and {len(found) - NAMED:,} more" if len(found) > NAMED else ""
    return ", ".join(found[:NAMED]) + more


def _of_extensions(session: Session) -> tuple[list[str], list[str]]:
    """Tables with rows that the extension's script did not write, and what others have attached to its tables."""
    written: list[str] = []
    attached: list[str] = []
    for table, extension, asked_for, readable, script, oid in session.execute(MEMBERS).fetchall():
        attached += [f"{one} ({extension})" for (one,) in session.execute(ATTACHED, [oid, script])]
        if readable and not asked_for and _was_written(session, table, script):
            written.append(f"{table} ({extension})")
    return written, attached


def _was_written(session: Session, table: str, script: list[str]) -> bool:
    from psycopg import errors

    try:
        with session.transaction():
            session.execute(RESTRICT)
            session.execute(f"SET LOCAL lock_timeout = {PATIENCE}")
            return bool(session.execute(WRITTEN.format(table=table), [script]).fetchall()[0][0])
    except (errors.LockNotAvailable, errors.UndefinedTable, errors.InvalidSchemaName):
        # Somebody is changing it: the next backup looks again.
        return False


def _names(session: Session, query: str) -> list[str]:
    return [name for (name,) in session.execute(query)]
