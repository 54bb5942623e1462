# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Pieces of the queries that ask the catalogs what there is. Rows go by the given names."""

from __future__ import annotations

from .entries import whole

OURS = "n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'"
# GRANTEE=PRIVILEGE, with a star for the right to grant it on
GRANTED = (
    "CASE e.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(e.grantee) END"
    " || '=' || e.privilege_type || CASE WHEN e.is_grantable THEN '*' ELSE '' END"
)


def granted(owner: str) -> str:
    """The same, and by whom, where that is not the owner."""
    by = f"CASE WHEN e.grantor <> {owner} THEN ' by ' || pg_get_userbyid(e.grantor) ELSE '' END"
    return f"{GRANTED} || {by}"


SUPERUSER = "(SELECT r.rolsuper FROM pg_roles r WHERE r.rolname = current_user)"
# The kind of privileges of a relation c
RELATION = "CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END::\"char\""
TABLE_NAME = "format('%I.%I', n.nspname, c.relname)"


def free(catalog: str, row: str) -> str:
    """No extension's member."""
    return (
        f"NOT EXISTS (SELECT FROM pg_depend x WHERE x.classid = '{catalog}'::regclass AND x.objid = {row}.oid"
        " AND x.deptype = 'e')"
    )


def privileges(acl: str, kind: str, owner: str) -> str:
    """Each as :data:`GRANTED`; NULL where they are the default ones."""

    def effective(source: str) -> str:
        return f"(SELECT array_agg(DISTINCT {granted(owner)}) FROM aclexplode({source}) e)"

    default = f"acldefault({kind}, {owner})"
    written = f"coalesce({effective(f'coalesce({acl}, {default})')}, '{{}}')"
    return f"nullif({written}, coalesce({effective(default)}, '{{}}'))"


def hashed(definition: str) -> str:
    return f"to_hex(hashtextextended({definition}, 0))"


def options(column: str) -> str:
    """Options of what is foreign: pg_dump writes them by their names, whatever order they were given in."""
    return hashed(f'(SELECT array_agg(x ORDER BY x COLLATE "C") FROM unnest({column}) x)::text')


def comment(catalog: str, row: str, sub: str = "0") -> str:
    return (
        f"(SELECT {hashed('x.description')} FROM pg_description x"
        f" WHERE x.classoid = '{catalog}'::regclass AND x.objoid = {row}.oid AND x.objsubid = {sub})"
    )


def labels(catalog: str, row: str, sub: str = "0") -> str:
    return (
        "(SELECT array_agg(format('%s: %s', x.provider, x.label) ORDER BY x.provider) FROM pg_seclabel x"
        f" WHERE x.classoid = '{catalog}'::regclass AND x.objoid = {row}.oid AND x.objsubid = {sub})"
    )


def described(catalog: str, row: str) -> dict[str, str]:
    """The facts that every object has: what was said about it, and its own row of the catalog."""
    return {"comment": comment(catalog, row), "security_labels": labels(catalog, row), **whole(catalog, row)}


def as_json(**facts: str) -> str:
    """A JSON object without what is NULL or false, which keeps it short."""
    pairs = ", ".join(f"'{name}', to_jsonb({value})" for name, value in facts.items())
    return (
        "(SELECT coalesce(jsonb_object_agg(f.key, f.value), '{}') FROM jsonb_each(jsonb_build_object("
        f"{pairs})) f WHERE f.value NOT IN ('null', 'false'))"
    )


def owner_of(column: str) -> str:
    return f"pg_get_userbyid({column})"


def in_schema(catalog: str, row: str, prefix: str, name: str, **facts: str) -> str:
    """A kind of object that lives in a schema, with its columns' usual prefix."""
    owned = {"owner": owner_of(f"{row}.{prefix}owner")} if "owner" not in facts else {}
    facts = {**owned, **described(catalog, row), **facts}
    return (
        f"SELECT {name}, {as_json(**{key: value for key, value in facts.items() if value})}"
        f" FROM {catalog} {row} JOIN pg_namespace n ON n.oid = {row}.{prefix}namespace"
        f" WHERE {OURS} AND {free(catalog, row)}"
    )


def of_table(catalog: str, row: str, table: str, name: str, where: str, **facts: str) -> str:
    """A kind of object that belongs to a table. What is added to an extension's table is in no dump."""
    facts = {**described(catalog, row), **facts}
    return (
        f"SELECT format('%s %I', {row}.{table}::regclass, {row}.{name}), {as_json(**facts)}"
        f" FROM {catalog} {row} JOIN pg_class c ON c.oid = {row}.{table} JOIN pg_namespace n ON n.oid = c.relnamespace"
        f" WHERE {OURS} AND c.relpersistence <> 't' AND {free(catalog, row)} AND {where}"
    )


def of_database(catalog: str, row: str, name: str, where: str = "true", **facts: str) -> str:
    """A kind of object that lives in no schema."""
    facts = {**described(catalog, row), **facts}
    return f"SELECT {name}, {as_json(**facts)} FROM {catalog} {row} WHERE {free(catalog, row)} AND {where}"
