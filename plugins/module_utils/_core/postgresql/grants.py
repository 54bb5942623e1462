# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What to grant to a role that may not read something."""

from __future__ import annotations

from .quote import identifier


def next_step(told: str, role: str) -> str:
    """From what PostgreSQL or pg_dump said to the way out, or nothing when it is about something else."""
    name = identifier(role)
    if "permission denied for large object" in told:
        return (
            f"Role {role} cannot be given all large objects at once: grant it each of them (docs/security.md has the"
            " statement), or back up as a superuser."
        )
    if "permission denied for" in told:
        return f"GRANT pg_read_all_data TO {name}; or back up as a superuser."
    if "row-level security policy" in told:
        return f"ALTER ROLE {name} BYPASSRLS; or back up as a superuser: its policies would hide rows."
    return ""
