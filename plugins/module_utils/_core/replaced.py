# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a restore is going to replace, and by what: for whoever has to decide."""

from __future__ import annotations

import contextlib
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from . import clock
from .errors import ServerError
from .plan import source_of
from .postgresql import catalog
from .postgresql.server import Server
from .repository.manifest import timestamp
from .request import RestoreRequest
from .which import Choice

# n_live_tup knows of rows that were deleted a moment ago, which is what a restore is for. It is lost in a crash, and
# right again once the table was vacuumed or analyzed; until then it is told what was there at the last ANALYZE.
ROWS = """
    SELECT count(*), coalesce(sum(CASE
        WHEN coalesce(s.last_vacuum, s.last_autovacuum, s.last_analyze, s.last_autoanalyze) IS NULL
        THEN greatest(c.reltuples, s.n_live_tup, 0) ELSE s.n_live_tup END), 0)::bigint
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_stat_user_tables s ON s.relid = c.oid
    WHERE c.relkind = 'r' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
"""
SESSIONS = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = %s AND backend_type = 'client backend' AND pid <> pg_backend_pid()
"""


def look(choice: Choice, server: Server, request: RestoreRequest) -> dict[str, Any] | None:
    """What is live now and the backup that would take its place; None when nothing would be replaced.

    database, server, size (octets), sessions; tables and rows, by PostgreSQL's statistics, or None when the database
    cannot be read; backup, created (when it was made, or for a file when it was written), age (seconds); proved: tables
    and rows in the backup, or None.
    """
    if not request.replaces:
        return None
    database, artifact = source_of(choice, request)
    now = holds(server, database)
    if now is None:
        return None
    manifest = choice.entry.manifest if choice.entry else None
    proof = manifest.proof_of(artifact) if manifest and artifact else None
    made = manifest.moment if manifest else _written(choice.file or Path())
    return {
        "database": database,
        "server": server.title,
        **now,
        "mode": request.mode,
        "safety": request.safety,
        "backup": manifest.id if manifest else str(choice.file),
        "created": timestamp(made),
        "age": since(made),
        "proved": {key: proof.details[key] for key in ("tables", "rows")} if proof else None,
    }


def holds(server: Server, database: str) -> dict[str, Any] | None:
    """size, sessions, tables and rows, as in :func:`look`; None when there is no such database."""
    with server.session() as session:
        if database not in catalog.databases(session):
            return None
        size = catalog.describe(session, database)["size"]
        sessions = session.execute(SESSIONS, [database]).fetchall()[0][0]
    tables = rows = None
    # A database that is too damaged to be read is replaced all the same.
    with contextlib.suppress(ServerError), server.session(database) as session:
        tables, rows = session.execute(ROWS).fetchall()[0]
    return {"size": size, "sessions": sessions, "tables": tables, "rows": rows}


def since(moment: datetime) -> int:
    """Seconds until now."""
    return round((datetime.now(timezone.utc) - moment).total_seconds())


def _written(path: Path) -> datetime:
    return clock.from_seconds(path.stat().st_mtime)
