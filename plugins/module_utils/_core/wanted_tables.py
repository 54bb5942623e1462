# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which tables of a backup are wanted, and what they are going to be called."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from .errors import UsageError
from .plan import Plan
from .postgresql.quote import unquote
from .postgresql.server import NAME_LIMIT, Server
from .repository import names

if TYPE_CHECKING:
    import psycopg

    Session = psycopg.Connection[Any]

PART = r'("(?:[^"]|"")+"|[^".]+)'
NAME = re.compile(rf"(?:{PART}\.)?{PART}")


@dataclass(frozen=True)
class Wanted:
    """A table by schema and name, as it is in the backup and as it is going to be called.

    source and target are the same as PostgreSQL writes them.
    """

    schema: str
    name: str
    new_schema: str
    new_name: str
    source: str
    target: str


def wanted(server: Server, plan: Plan, tables: Sequence[str], to: str | None) -> list[Wanted]:
    """The tables that are asked for, with their partitions. tables: as people write them; to: a schema, or for a single
    table also schema.name, instead of a schema named after this moment. Raises :class:`UsageError`."""
    chosen = [_split(name) for name in tables]
    with server.session() as session:
        partitions = _partitions(plan.proof, {_quoted(session, *pair) for pair in chosen})
    schema, name = f"restored_{names.stamp(datetime.now(timezone.utc))}", None
    if to is not None:
        match = NAME.fullmatch(to)
        if match is None:
            raise UsageError(f"--to {to!r}", "it is neither a schema nor a schema and a name")
        schema, name = (match[2], None) if match[1] is None else (match[1], match[2])
        schema, name = unquote(schema), None if name is None else unquote(name)
        for part in (schema, name or ""):
            # PostgreSQL would cut it off, and take another name.
            if len(part.encode()) > NAME_LIMIT:
                raise UsageError("--to", f"{part!r} is longer than {NAME_LIMIT} octets")
    if name is not None and len(chosen) + len(partitions) > 1:
        raise UsageError(f"--to {to}", "several tables cannot have one name", "Name a schema alone.")
    with server.session() as session:
        found = [
            Wanted(*old, schema, name or old[1], _quoted(session, *old), _quoted(session, schema, name or old[1]))
            for old in [*chosen, *partitions]
        ]
    twice = {one.target for one in found if [other.target for other in found].count(one.target) > 1}
    if twice:
        raise UsageError("--table", f"two of them would become {', '.join(sorted(twice))}", "Restore them one by one.")
    return found


def _split(name: str) -> tuple[str, str]:
    match = NAME.fullmatch(name)
    if match is None:
        raise UsageError(
            f"--table {name!r}", "it is not a table's name", "Write schema.name, each in quotes if need be."
        )
    return unquote(match[1] or "public"), unquote(match[2])


def _quoted(session: Session, schema: str, name: str) -> str:
    return str(session.execute("SELECT format('%%I.%%I', %s::text, %s::text)", [schema, name]).fetchall()[0][0])


def _partitions(proof: Mapping[str, Any] | None, above: set[str]) -> list[tuple[str, str]]:
    """The partitions of the tables above, and theirs; what merely inherits stays out."""
    tables = proof["objects"]["table"] if proof else {}
    found: list[tuple[str, str]] = []
    grown = True
    while grown:
        grown = False
        for name, facts in tables.items():
            if name not in above and facts.get("partition_bound") and above & {*facts.get("parents", [])}:
                above.add(name)
                found.append(_split(name))
                grown = True
    return found
