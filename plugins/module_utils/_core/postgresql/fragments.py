# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Pieces of the queries that ask the catalogs what there is. Rows go by the given names."""

from __future__ import annotations

OURS = "n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'"
# GRANTEE=PRIVILEGE, with a star for the right to grant it on
GRANTED = (
    "CASE e.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(e.grantee) END"
    " || '=' || e.privilege_type || CASE WHEN e.is_grantable THEN '*' ELSE '' END"
)
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
        return f"(SELECT array_agg(DISTINCT {GRANTED}) FROM aclexplode({source}) e)"

    default = f"acldefault({kind}, {owner})"
    written = f"coalesce({effective(f'coalesce({acl}, {default})')}, '{{}}')"
    return f"nullif({written}, coalesce({effective(default)}, '{{}}'))"


def hashed(definition: str) -> str:
    return f"to_hex(hashtextextended({definition}, 0))"


def comment(catalog: str, row: str, sub: str = "0") -> str:
    return (
        f"(SELECT {hashed('x.description')} FROM pg_description x"
        f" WHERE x.classoid = '{catalog}'::regclass AND x.objoid = {row}.oid AND x.objsubid = {sub})"
    )


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
    facts = {**owned, "comment": comment(catalog, row), **facts}
    return (
        f"SELECT {name}, {as_json(**{key: value for key, value in facts.items() if value})}"
        f" FROM {catalog} {row} JOIN pg_namespace n ON n.oid = {row}.{prefix}namespace"
        f" WHERE {OURS} AND {free(catalog, row)}"
    )
