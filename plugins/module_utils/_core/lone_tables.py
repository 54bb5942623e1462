# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Single tables in a database of their own: all there, without what ties them to others, under their new names."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .errors import UsageError
from .postgresql.quote import identifier
from .units import count
from .wanted_tables import Wanted

if TYPE_CHECKING:
    import psycopg

    Session = psycopg.Connection[Any]

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


def require_whole(session: Session, wanted: Sequence[Wanted]) -> None:
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


def detach(session: Session, one: Wanted, wanted: Sequence[Wanted]) -> None:
    """Take a table away from its triggers, its foreign keys, and what it inherits from, unless that comes along."""
    for (statement,) in session.execute(ATTACHED, {"table": one.source}).fetchall():
        session.execute(statement)
    for parent, partition in session.execute(PARENTS, [one.source]).fetchall():
        if partition and parent in {other.source for other in wanted}:
            continue
        if partition:
            session.execute(f"ALTER TABLE {parent} DETACH PARTITION {one.source}")
        else:
            session.execute(f"ALTER TABLE {one.source} NO INHERIT {parent}")


def move(session: Session, one: Wanted) -> None:
    """Give a table, with its indexes and sequences, the name that it is wanted under."""
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
