# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Having a database to oneself for a transaction: nobody else reads or writes its tables, or makes new ones."""

from __future__ import annotations

from typing import Any

from ..errors import Refused
from .inside import Inside

LOCK_TIMEOUT = "60s"
TABLES = r"""
    SELECT format('%I.%I', n.nspname, c.relname)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' ORDER BY c.oid
"""
# After the tables, or a session amid an ALTER TABLE would wait for us, and we for it. Only a superuser may.
CATALOGS = (
    "LOCK TABLE pg_catalog.pg_largeobject, pg_catalog.pg_largeobject_metadata IN EXCLUSIVE MODE",
    "LOCK TABLE pg_catalog.pg_class IN SHARE ROW EXCLUSIVE MODE",
)
SUPERUSER = "SELECT current_setting('is_superuser') = 'on'"
# Whoever makes something in a schema holds a lock on it until that is committed, and nobody sees it before.
MAKERS = r"""
    SELECT DISTINCT concat_ws(' ', coalesce(nullif(a.application_name, ''), a.backend_type), 'of', a.usename)
    FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
    WHERE l.locktype = 'object' AND l.classid = 'pg_namespace'::regclass AND l.pid <> pg_backend_pid()
      AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND l.objid IN (SELECT oid FROM pg_namespace WHERE nspname !~ '^pg_')
"""


def lock(inside: Inside) -> None:
    """Lock every table against everybody; what is seen from now on stays so until the transaction ends.

    Raises :class:`.ProgramFailed` when a lock cannot be had in time, and :class:`Refused` when another session is
    making something that nobody can see yet.
    """
    # Names go to and fro as text of ours, whatever the database is in.
    inside.run("SET client_encoding = 'UTF8'")
    inside.run(f"SET lock_timeout = '{LOCK_TIMEOUT}'")
    tables = _names(inside, TABLES)
    if tables:
        inside.run(f"LOCK TABLE {', '.join(f'ONLY {table}' for table in tables)} IN ACCESS EXCLUSIVE MODE")
    if inside.execute(SUPERUSER).fetchall()[0][0]:
        for statement in CATALOGS:
            inside.run(statement)
    makers = _names(inside, MAKERS)
    inside.run("RESET client_encoding")
    if makers:
        raise Refused(
            f"database {inside.info.dbname}",
            f"a session is creating something in it that is not committed yet: {', '.join(makers)}",
            "Stop the application, then restore again; nothing was replaced.",
        )


def _names(inside: Inside, query: str) -> list[Any]:
    return [row[0] for row in inside.execute(query)]
