# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a scratch server needs before a backup can be restored into it: its roles and its tablespaces."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from . import globals_dump
from .postgresql import catalog, roles
from .postgresql.quote import identifier
from .postgresql.server import Server
from .repository.manifest import Artifact, Manifest

TABLESPACE = re.compile(rf"^CREATE TABLESPACE {roles.IDENTIFIER} ", re.MULTILINE)


def furnish(server: Server, directory: Path, manifest: Manifest, proofs: Iterable[Mapping[str, Any]]) -> list[str]:
    """Create the backup's roles and tablespaces; the roles that it needs and does not hold, made without any right.

    The directory's artifacts must have been verified.
    """
    script = globals_dump.text(directory, manifest)
    statements = roles.read_globals(script)
    with server.session() as session:
        existing = catalog.roles(session)
        create = [role for statement in statements if not statement.membership for role in statement.roles]
        create = sorted({*create} - {*existing})
        lost = sorted(needed_roles(manifest.databases()) - {*create, *existing})
        for statement in [f"CREATE ROLE {identifier(role)}" for role in lost]:
            session.execute(statement)
        with session.transaction():
            for statement in roles.script(statements, create, existing):
                session.execute(statement)
        session.execute("SET allow_in_place_tablespaces = on")
        for tablespace in sorted(_tablespaces(script, manifest.databases(), proofs)):
            session.execute(f"CREATE TABLESPACE {identifier(tablespace)} LOCATION ''")
    return lost


def needed_roles(databases: Iterable[Artifact]) -> set[str]:
    """The roles that the databases, what is in them, and their settings and privileges speak of."""
    found: set[str] = set()
    for artifact in databases:
        details = artifact.details
        found |= {*details.get("roles", []), details.get("owner", "")}
        found |= {role for role, _name, _value in details.get("settings") or []}
        found |= {grantee for grantee, _privilege, _grantable in details.get("privileges") or []}
    return found - {""}


def _tablespaces(script: str, databases: Iterable[Artifact], proofs: Iterable[Mapping[str, Any]]) -> set[str]:
    found = {roles.unquote(name) for name in TABLESPACE.findall(script)}
    found |= {artifact.details.get("tablespace") or "" for artifact in databases}
    for proof in proofs:
        for objects in proof["objects"].values():
            found |= {facts.get("tablespace") or "" for facts in objects.values()}
    return found - {"", "pg_default", "pg_global"}
