# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a role or database may have set for its application, and is not meant for a backup or a restore.

What a session asks for when it begins outranks ALTER DATABASE and ALTER ROLE. PostgreSQL's programs set some of this
themselves (setup_connection in pg_dump.c, _doSetFixedOutputState in pg_backup_archiver.c), but not all of it, and psql
nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

SETTINGS = {
    "statement_timeout": "0",
    "lock_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
    "idle_session_timeout": "0",
    "default_transaction_read_only": "off",
    "default_transaction_isolation": "read committed",
    "default_transaction_deferrable": "off",
    "role": "none",
    "exit_on_error": "off",
    "synchronize_seqscans": "off",
    # Where things go that a dump does not place itself, such as sequences
    "default_tablespace": "",
    "temp_tablespaces": "",
    "default_table_access_method": "heap",
    # How SQL is read: a text NULL in an array, a comparison with NULL in a view, an interval with a sign.
    "standard_conforming_strings": "on",
    "array_nulls": "on",
    "transform_null_equals": "off",
    "datestyle": "ISO, MDY",
    "intervalstyle": "postgres",
    "xmloption": "content",
    # How names and numbers are written
    "quote_all_identifiers": "off",
    "extra_float_digits": "1",
    "client_min_messages": "notice",
}
# Of those names and values that not every version knows, the first one that does
NEWER = {"transaction_timeout": (17, "0")}
# What only a superuser may set: a damaged page is an error and no empty one, triggers and rules are the usual ones, and
# messages are in the language in which they are looked at.
SUPERUSER = {
    "session_replication_role": "origin",
    "zero_damaged_pages": "off",
    "ignore_checksum_failure": "off",
    "temp_file_limit": "-1",
    "lc_messages": "C",
}
# A trigger that runs at a login, or forbids to alter tables
SUPERUSER_NEWER = {"event_triggers": (17, "off")}
# Functions and operators of anybody's schema would be ours to run. A script may count on the usual path.
OURS = {"search_path": ""}

# CVE-2024-7348: a relation that is replaced by a view, between a look at the catalog and the query, runs its owner's
# code as whoever asks. Minor versions since August 2024 know it; pg_dump does the same.
RESTRICTION = "restrict_nonsystem_relation_kind"
RESTRICT = f"SELECT set_config(name, 'view, foreign-table', false) FROM pg_settings WHERE name = '{RESTRICTION}'"


@dataclass(frozen=True)
class Known:
    """What must be known of a server before everything can be set. superuser: whether our role is one."""

    major: int = 0
    superuser: bool = False


def options(known: Known, more: dict[str, str] | None = None) -> str:
    """libpq's connection parameter ``options``, or PGOPTIONS. more: other settings, or other values."""
    wanted = dict(SETTINGS)
    newer = dict(NEWER)
    if known.superuser:
        wanted.update(SUPERUSER)
        newer.update(SUPERUSER_NEWER)
    wanted.update({name: value for name, (since, value) in newer.items() if known.major >= since})
    wanted.update(more or {})
    return " ".join(f"-c {name}={_escaped(value)}" for name, value in wanted.items())


def _escaped(value: str) -> str:
    return re.sub(r"([\\ ])", r"\\\1", value)
