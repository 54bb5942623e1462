# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What pg_dump writes in a way of which no restore makes the same again, for whoever makes a backup.

Seen with pg_dump 15 and 17. It writes each function at once, and CREATE FUNCTION looks for what a body of SQL calls. It
writes the storage and compression of a column when they are not the usual ones, but a table that inherits the column
gets those of its parent.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from .fragments import OURS, free
from .untaken import told

if TYPE_CHECKING:
    import psycopg

    Session = psycopg.Connection[Any]

ROUND = f"""
    WITH RECURSIVE calls AS (
      SELECT d.objid AS caller, d.refobjid AS called FROM pg_depend d JOIN pg_proc p ON p.oid = d.objid
      WHERE d.classid = 'pg_proc'::regclass AND d.refclassid = 'pg_proc'::regclass AND p.prosqlbody IS NOT NULL
    ), reach AS (
      SELECT caller, called FROM calls UNION SELECT r.caller, c.called FROM reach r JOIN calls c ON c.caller = r.called
    )
    SELECT format('%I.%I(%s)', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid))
    FROM reach JOIN pg_proc p ON p.oid = caller JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE caller = called AND {OURS} AND {free("pg_proc", "p")} ORDER BY 1
"""
INHERITED = f"""
    WITH RECURSIVE above AS (
      SELECT inhrelid AS child, inhparent AS parent FROM pg_inherits
      UNION SELECT a.child, i.inhparent FROM above a JOIN pg_inherits i ON i.inhrelid = a.parent
    )
    SELECT DISTINCT format('%I.%I.%I', n.nspname, c.relname, a.attname)
    FROM above JOIN pg_class c ON c.oid = child JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_attribute a ON a.attrelid = child AND a.attnum > 0 AND NOT a.attisdropped
    JOIN pg_attribute p ON p.attrelid = parent AND p.attname = a.attname AND p.attnum > 0
    JOIN pg_type t ON t.oid = a.atttypid
    WHERE NOT c.relispartition AND c.relkind = 'r' AND c.relpersistence <> 't' AND {free("pg_class", "c")}
      AND (a.attstorage = t.typstorage AND p.attstorage <> t.typstorage
        OR a.attcompression = '' AND p.attcompression <> '') ORDER BY 1
"""


def sentences(session: Session) -> Iterator[str]:
    """What in the session's database no restore makes the same again, a sentence for each kind of thing."""
    for query, said in (
        (
            ROUND,
            "functions with a body of SQL (BEGIN ATOMIC) call themselves, alone or in a circle, so no dump of them can"
            " be loaded until they have their body as a text",
        ),
        (
            INHERITED,
            "columns are stored otherwise than their parents', and a restore gives them their parents' storage and"
            " compression, which the proof tells",
        ),
    ):
        found = [name for (name,) in session.execute(query)]
        if found:
            yield f"{said}: {told(found)}"
