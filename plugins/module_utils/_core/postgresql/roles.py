# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Roles for a restore: found in the globals of a backup, created where the server lacks them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from .quote import unquote

# pg_dumpall writes a literal with a backslash as E'' with every backslash doubled.
STATEMENT = re.compile(r"""(?:[^'";\n]|\n|'(?:[^'\\]|''|\\.)*'|"(?:[^"]|"")*")+;""", re.DOTALL)
IDENTIFIER = r"""("(?:[^"]|"")+"|[^\s";,]+)"""
ABOUT_ROLE = re.compile(rf"(CREATE|ALTER|COMMENT ON) ROLE {IDENTIFIER}", re.DOTALL)
GRANT = re.compile(rf"GRANT {IDENTIFIER} TO {IDENTIFIER}", re.DOTALL)
GRANTOR = re.compile(rf"\s+GRANTED BY {IDENTIFIER}\s*;\Z")
NOISE = re.compile(r"^(?:--.*|\\(?:un)?restrict .*|\s*)\n", re.MULTILINE)


@dataclass(frozen=True)
class Statement:
    """One statement of a globals dump about roles: a role itself, or (group, member) of a membership."""

    sql: str
    roles: tuple[str, ...]

    @property
    def membership(self) -> bool:
        return len(self.roles) == 2


def read_globals(dump: str) -> list[Statement]:
    """The statements about roles in what ``pg_dumpall --globals-only`` wrote, in its order."""
    statements = []
    for match in STATEMENT.finditer(NOISE.sub("", dump)):
        sql = match.group().strip()
        role, grant = ABOUT_ROLE.match(sql), GRANT.match(sql)
        if role is not None:
            statements.append(Statement(sql, (unquote(role[2]),)))
        elif grant is not None:
            # The grantor may be a role that this server does not have; the restoring role grants instead.
            statements.append(Statement(GRANTOR.sub(";", sql), (unquote(grant[1]), unquote(grant[2]))))
    return statements


def to_create(statements: Iterable[Statement], needed: Iterable[str], existing: Iterable[str]) -> list[str]:
    """The roles to create: those needed and, through memberships, those tied to them; less what exists."""
    statements = list(statements)
    known = {statement.roles[0] for statement in statements if not statement.membership}
    wanted = {role for role in needed if role in known}
    grown = True
    while grown:
        grown = False
        for statement in statements:
            if statement.membership and len(wanted & set(statement.roles)) == 1:
                wanted |= {role for role in statement.roles if role in known}
                grown = len(wanted & set(statement.roles)) == 2 or grown
    return sorted(wanted - set(existing))


def script(statements: Iterable[Statement], create: Iterable[str], existing: Iterable[str]) -> list[str]:
    """The SQL that creates these roles with their attributes, settings and memberships, and alters no other."""
    create = set(create)
    there = create | set(existing)
    return [
        statement.sql
        for statement in statements
        if (statement.roles[0] in create and not statement.membership)
        or (statement.membership and create & set(statement.roles) and set(statement.roles) <= there)
    ]
