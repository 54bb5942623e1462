# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``holdfast restore --table``: single tables out of a backup, into the live database under another schema or name."""

from __future__ import annotations

import contextlib
import re
import shlex
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from . import beside, history, lock_room, prove, prove_tables, room
from .errors import NotProved, Refused, UsageError
from .places import Places
from .plan import Plan, plan, require_room
from .postgresql import load, workspace
from .postgresql.contents import only_tables
from .postgresql.quote import identifier, typed, unquote
from .postgresql.reach import reach
from .postgresql.server import NAME_LIMIT, Server
from .progress import Progress
from .repository import lock, names
from .request import RestoreRequest
from .restore import create_roles
from .units import count, duration
from .which import Choice

if TYPE_CHECKING:
    import psycopg

    Session = psycopg.Connection[Any]

ANOTHER = "Its proof says that it should: take another backup (holdfast list), and drill that."
PART = r'("(?:[^"]|"")+"|[^".]+)'
NAME = re.compile(rf"(?:{PART}\.)?{PART}")
PARENTS = """
    SELECT i.inhparent::regclass::text, c.relispartition FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhrelid = %s::regclass
"""
KINDS = "SELECT c.relkind, t FROM unnest(%s::text[]) t JOIN pg_class c ON c.oid = t::regclass ORDER BY 2"
PARTITIONS = """
    SELECT DISTINCT format('%%I.%%I', n.nspname, c.relname)
    FROM unnest(%s::text[]) t CROSS JOIN LATERAL pg_partition_tree(t::regclass) p
    JOIN pg_class c ON c.oid = p.relid JOIN pg_namespace n ON n.oid = c.relnamespace ORDER BY 1
"""
SHOWN = 20
# A plain dump brings them along; they would reach beyond the table, or act on it.
ATTACHED = """
    SELECT format('ALTER TABLE %%s DROP CONSTRAINT %%I', conrelid::regclass, conname) FROM pg_constraint
    WHERE contype = 'f' AND conparentid = 0 AND conrelid = %(table)s::regclass
    UNION ALL SELECT format('DROP TRIGGER %%I ON %%s', tgname, tgrelid::regclass) FROM pg_trigger
    WHERE NOT tgisinternal AND tgparentid = 0 AND tgrelid = %(table)s::regclass
    UNION ALL SELECT format('ALTER TABLE %%s DROP CONSTRAINT %%I', conrelid::regclass, conname) FROM pg_constraint
    WHERE contype = 'f' AND conparentid = 0 AND confrelid = %(table)s::regclass AND conrelid <> confrelid
"""
BELONGING = """
    SELECT 'INDEX', c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indrelid = %s::regclass
    UNION ALL SELECT 'SEQUENCE', c.relname FROM pg_depend d JOIN pg_class c ON c.oid = d.objid
    WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.refobjid = %s::regclass
      AND d.deptype IN ('a', 'i') AND c.relkind = 'S'
"""


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


def restore_tables(choice: Choice, places: Places, progress: Progress, request: RestoreRequest) -> dict[str, Any]:
    """Restore some tables, with indexes, sequences, owners and privileges, and without triggers and foreign keys.

    They are restored in a database beside the live one first, and copied over in one transaction; then their rows are
    compared with the proof. Nothing that is there is changed.
    """
    request.check()
    job, dry_run = choice.job, request.dry_run
    with history.record(places, job.name, "restore") as line, lock.hold(places, job.name, "restore"):
        start = time.monotonic()
        line["backup"] = choice.entry.id if choice.entry else str(choice.file)
        server = reach(job.connection, to_restore=True)
        planned = plan(choice, server, progress, request)
        wanted = _wanted(server, planned, request.tables, request.to)
        line.update(database=planned.into, mode="tables", tables=[one.source for one in wanted], dry_run=dry_run)
        made = _check(server, planned, wanted)
        lock_room.require_for_tables(planned, len(wanted), server, progress)
        _require_room(server, planned, wanted)
        outcome = {
            "backup": planned.title,
            "job": job.name,
            "source": planned.source,
            "database": planned.into,
            "mode": "tables",
            "renamed": [{"table": one.source, "now": one.target} for one in wanted],
            "roles_created": list(planned.roles.create),
            "roles_notes": planned.roles.notes(),
            "passed_over": list(choice.passed_over),
            "dry_run": dry_run,
        }
        if dry_run:
            return outcome
        create_roles(server, planned, progress)
        workspace.clear(server)
        progress.step(f"restoring {', '.join(one.source for one in wanted)} of {planned.title}")
        with server.claim(job.name):
            _copy(server, planned, wanted, made, progress)
            outcome["roles_created"] = _drop_needless(server, planned.roles.create)
            now = {one.source: one.target for one in wanted}
            verdict, counted = prove_tables.prove(server, planned, now, progress)
        undo = "; ".join(
            [f"DROP SCHEMA {typed(schema)} CASCADE" for schema in made]
            or ["DROP TABLE " + ", ".join(f"{typed(one.new_schema)}.{typed(one.new_name)}" for one in wanted)]
        )
        if not request.accept_differences:
            title = f"{planned.into}, {', '.join(one.target for one in wanted)}"
            prove.require(title, planned.title, verdict, f"They are there all the same. To undo: {undo}")
        line["proof"] = verdict["result"]
        seconds = round(time.monotonic() - start, 3)
        progress.step(f"restored {count(len(wanted), 'table')} in {duration(seconds)}")
        return {**outcome, "tables": counted, "proof": verdict, "undo": undo, "seconds": seconds}


def _wanted(server: Server, plan: Plan, tables: Sequence[str], to: str | None) -> list[Wanted]:
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
        wanted = [
            Wanted(*old, schema, name or old[1], _quoted(session, *old), _quoted(session, schema, name or old[1]))
            for old in [*chosen, *partitions]
        ]
    twice = {one.target for one in wanted if [other.target for other in wanted].count(one.target) > 1}
    if twice:
        raise UsageError("--table", f"two of them would become {', '.join(sorted(twice))}", "Restore them one by one.")
    return wanted


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


def _check(server: Server, plan: Plan, wanted: Sequence[Wanted]) -> list[str]:
    """Refuse what would touch something that is there; the schemas that have to be made."""
    title = f"database {plan.into} on {server.title}"
    if not plan.live:
        raise Refused(title, "it does not exist", "Restore it whole first: holdfast restore.")
    if plan.proof is not None:
        there = plan.proof["objects"]["table"]
        for one in wanted:
            if one.source not in there:
                raise UsageError(
                    plan.title, f"it holds no table {one.source}", f"It holds: {', '.join(sorted(there))}."
                )
            if there[one.source].get("kind") == "f":
                raise Refused(one.source, "it is a foreign table, whose rows are in no backup", "Leave it out.")
    with server.session(plan.into) as session:
        for one in wanted:
            if session.execute("SELECT to_regclass(%s)", [one.target]).fetchall()[0][0] is not None:
                raise Refused(title, f"{one.target} exists", "Name another schema or table with --to.")
        schemas = {row[0] for row in session.execute("SELECT nspname FROM pg_namespace")}
    return sorted({one.new_schema for one in wanted} - schemas)


def _require_room(server: Server, plan: Plan, wanted: Sequence[Wanted]) -> None:
    tables = [(one.schema, one.name) for one in wanted]
    number = len(plan.proof["objects"]["table"]) if plan.proof else 0
    needed = room.for_tables(plan.details, tables, number, selects=plan.codec.format != "plain")
    require_room(server, needed, f"the restore of {count(len(wanted), 'table')}")


def _copy(server: Server, plan: Plan, wanted: Sequence[Wanted], made: Sequence[str], progress: Progress) -> None:
    select = only_tables((one.schema, one.name) for one in wanted)
    with beside.loaded(server, plan, progress, select) as working:
        with server.session(working) as session:
            # Names are compared below: they must always come with their schema.
            session.execute("SET search_path = ''")
            for schema in {one.new_schema for one in wanted}:
                session.execute(f"CREATE SCHEMA IF NOT EXISTS {identifier(schema)}")
            missing = [
                one for one in wanted if not session.execute("SELECT to_regclass(%s)", [one.source]).fetchall()[0][0]
            ]
            if missing:
                told = f"it holds no table {', '.join(one.source for one in missing)}"
                # The proof has it: it was there when the backup was made.
                raise UsageError(plan.title, told) if plan.proof is None else NotProved(plan.title, told, ANOTHER)
            _require_whole(session, wanted)
            for one in wanted:
                _detach(session, one, wanted)
            for one in wanted:
                _move(session, one)
        progress.step(f"copying them into {plan.into}")
        targets = [one.target for one in wanted]
        load.copy_tables(server, working, plan.into, targets, [identifier(schema) for schema in made])
        beside.drop(server, working)


def _require_whole(session: Session, wanted: Sequence[Wanted]) -> None:
    """Refuse what is no table, and a partitioned one without its partitions: a proof would have named both before."""
    named = [one.source for one in wanted]
    for kind, source in session.execute(KINDS, [named]).fetchall():
        if kind not in ("r", "p"):
            raise UsageError("--table", f"{source} is no table whose rows are in a backup", "Leave it out.")
    parts = [row[0] for row in session.execute(PARTITIONS, [named]).fetchall() if row[0] not in named]
    if parts:
        more = " ".join(f"--table {shlex.quote(part)}" for part in parts[:SHOWN])
        cause = f"{count(len(parts), 'partition')} of the tables would stay behind, with their rows"
        raise UsageError("--table", cause, f"Name them, too: {more}{' ...' if parts[SHOWN:] else ''}")


def _drop_needless(server: Server, created: Sequence[str]) -> list[str]:
    """Drop the roles that only other objects of the backup needed; those that stay. PostgreSQL drops none in use."""
    from psycopg import errors

    stay = list(created)
    with server.session() as session:
        for role in created:
            with contextlib.suppress(errors.DependentObjectsStillExist, errors.InsufficientPrivilege):
                session.execute(f"DROP ROLE {identifier(role)}")
                stay.remove(role)
    return stay


def _detach(session: Session, one: Wanted, wanted: Sequence[Wanted]) -> None:
    for (statement,) in session.execute(ATTACHED, {"table": one.source}).fetchall():
        session.execute(statement)
    for parent, partition in session.execute(PARENTS, [one.source]).fetchall():
        if partition and parent in {other.source for other in wanted}:
            continue
        if partition:
            session.execute(f"ALTER TABLE {parent} DETACH PARTITION {one.source}")
        else:
            session.execute(f"ALTER TABLE {one.source} NO INHERIT {parent}")


def _move(session: Session, one: Wanted) -> None:
    if one.new_schema != one.schema:
        session.execute(f"ALTER TABLE {one.source} SET SCHEMA {identifier(one.new_schema)}")
    if one.new_name == one.name:
        return
    schema = identifier(one.new_schema)
    moved = f"{schema}.{identifier(one.name)}"
    # Indexes and sequences share the names of a schema with the tables.
    for kind, name in session.execute(BELONGING, [moved, moved]).fetchall():
        new = one.new_name + (name[len(one.name) :] if name.startswith(one.name) else f"_{name}")
        session.execute(f"ALTER {kind} {schema}.{identifier(name)} RENAME TO {identifier(new)}")
    session.execute(f"ALTER TABLE {moved} RENAME TO {identifier(one.new_name)}")
