# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Roles for a restore: which of those in a backup's globals are created, with what rights, and the SQL for it.

The SQL is made from what was understood of the globals, never from their text: whoever may set something for a role,
its own included, may put any text into them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from .quote import identifier, literal

# With any of these a role can reach beyond its own databases, or make itself a superuser.
POWERS = ("SUPERUSER", "CREATEROLE", "REPLICATION", "BYPASSRLS")


@dataclass
class Role:
    """A role of the globals. options: as after ALTER ROLE ... WITH, a text in them as a literal; settings: names and
    the values of each."""

    name: str
    options: list[str] = field(default_factory=list)
    settings: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    comment: str | None = None

    @property
    def powers(self) -> list[str]:
        return [power for power in POWERS if power in self.options]


@dataclass(frozen=True)
class Membership:
    """options: as after GRANT ... TO ... WITH."""

    group: str
    member: str
    options: tuple[str, ...] = ()


@dataclass
class Globals:
    """What the globals of a backup say about roles and tablespaces.

    problem: the first statement that was not understood, as people may read it; empty when everything was.
    """

    roles: dict[str, Role] = field(default_factory=dict)
    memberships: list[Membership] = field(default_factory=list)
    tablespaces: list[str] = field(default_factory=list)
    problem: str = ""


@dataclass(frozen=True)
class Creation:
    """What a restore does about roles.

    create: the roles to create. powerful: those of them with powers, each with its own. kept_back: memberships that are
    not granted, as (member, group), because the group has powers. members: roles that are not created, although they
    are members of one that is.
    """

    create: tuple[str, ...] = ()
    powerful: tuple[str, ...] = ()
    kept_back: tuple[tuple[str, str], ...] = ()
    members: tuple[str, ...] = ()
    script: tuple[str, ...] = ()

    def notes(self) -> list[str]:
        """What an operator must know of it, a sentence each."""
        told = [f"role {role} is created with what it had on its server" for role in self.powerful]
        told += [
            f"role {member} does not become a member of {group}, which has rights beyond the database. To allow it:"
            f" GRANT {identifier(group)} TO {identifier(member)}"
            for member, group in self.kept_back
        ]
        if self.members:
            members = ", ".join(self.members)
            told.append(f"not created, because nothing in the database is theirs: {members} (members of created roles)")
        return told


def to_create(found: Globals, needed: Iterable[str], existing: Iterable[str], guarded: Iterable[str] = ()) -> Creation:
    """The roles to create: those needed and, from member to group, those whose rights they share; less what exists.

    A group that has powers of its own is not created for its members' sake, and guarded, the existing roles that have
    some, get no members. Members of what is created are not created for the group's sake.
    """
    there, guarded = set(existing), set(guarded)
    wanted = {role for role in needed if role in found.roles} - there
    memberships: list[Membership] = []
    kept_back: list[tuple[str, str]] = []
    reached = list(wanted)
    for member in reached:
        for membership in found.memberships:
            group = membership.group
            if membership.member != member:
                continue
            if group in there:
                granted = group not in guarded
            else:
                known = found.roles.get(group)
                granted = group in wanted or (known is not None and not known.powers)
            if not granted:
                kept_back.append((member, group))
                continue
            memberships.append(membership)
            if group not in there and group not in wanted:
                wanted.add(group)
                reached.append(group)
    return Creation(
        tuple(sorted(wanted)),
        tuple(f"{name} ({', '.join(found.roles[name].powers)})" for name in sorted(wanted) if found.roles[name].powers),
        tuple(sorted(kept_back)),
        tuple(sorted({one.member for one in found.memberships if one.group in wanted} - wanted - there)),
        tuple(script(found, wanted, memberships)),
    )


def everything(found: Globals, existing: Iterable[str]) -> Creation:
    """All roles that do not exist, and all memberships of them: for a server where nobody else has anything."""
    there = set(existing)
    create = sorted(set(found.roles) - there)
    known = there | set(found.roles)
    memberships = [
        one for one in found.memberships if {one.group, one.member} <= known and not {one.group, one.member} <= there
    ]
    return Creation(tuple(create), script=tuple(script(found, create, memberships)))


def script(found: Globals, create: Iterable[str], memberships: Sequence[Membership]) -> list[str]:
    """The SQL that creates these roles with their attributes, comments and settings, and then the memberships."""
    chosen = [found.roles[name] for name in sorted(create)]
    lines: list[str] = []
    for role in chosen:
        name = identifier(role.name)
        lines.append(" ".join([f"CREATE ROLE {name}", *(["WITH", *role.options] if role.options else [])]))
        if role.comment is not None:
            lines.append(f"COMMENT ON ROLE {name} IS {literal(role.comment)}")
    for role in chosen:
        for setting, values in role.settings:
            told = ", ".join(map(literal, values))
            lines.append(f"ALTER ROLE {identifier(role.name)} SET {identifier(setting)} TO {told}")
    for one in memberships:
        options = f" WITH {', '.join(one.options)}" if one.options else ""
        lines.append(f"GRANT {identifier(one.group)} TO {identifier(one.member)}{options}")
    return lines
