# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a scratch server needs before a backup can be restored into it: its roles and its tablespaces."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from . import globals_dump, proof, reading
from .postgresql import catalog, globals_grammar, roles
from .postgresql.quote import identifier
from .postgresql.server import Server
from .repository.manifest import Artifact, Manifest


def furnish(server: Server, directory: Path, manifest: Manifest, source: Iterable[str]) -> list[str]:
    """Create the backup's roles and tablespaces; the roles that it needs and does not hold, made without any right.

    The backup's globals and proofs must have been verified. source: the roles of the source's server, which a dump
    may need that does not tell which it needs.
    """
    found = globals_grammar.read_globals(globals_dump.text(directory, manifest))
    globals_dump.require_understood(manifest.id, found)
    with server.session() as session:
        existing = catalog.roles(session)
        creation = roles.everything(found, existing)
        lost = sorted(needed_roles(manifest.databases(), source) - {*creation.create, *existing})
        for statement in [f"CREATE ROLE {identifier(role)}" for role in lost]:
            session.execute(statement)
        with session.transaction():
            for statement in creation.script:
                session.execute(statement)
        session.execute("SET allow_in_place_tablespaces = on")
        for tablespace in sorted(_tablespaces(found, directory, manifest)):
            session.execute(f"CREATE TABLESPACE {identifier(tablespace)} LOCATION ''")
    return lost


def needed_roles(databases: Iterable[Artifact], source: Iterable[str]) -> set[str]:
    """The roles that the databases, their content, settings and privileges speak of; else all of the source."""
    found: set[str] = set()
    for artifact in databases:
        details = artifact.details
        found |= {*details.get("roles", source), details.get("owner", "")}
        found |= {role for role, _name, _value in details.get("settings") or []}
        found |= {grantee for grantee, _privilege, _grantable in details.get("privileges") or []}
    return found - {""}


def _tablespaces(globals: roles.Globals, directory: Path, manifest: Manifest) -> set[str]:
    found = {*globals.tablespaces}
    for artifact in manifest.artifacts:
        found.add(artifact.details.get("tablespace") or "")
        if artifact.kind == "proof":
            path = directory / artifact.file
            objects = proof.read(path, reading.read(path))["objects"]
            found |= {facts.get("tablespace") or "" for names in objects.values() for facts in names.values()}
    return found - {"", "pg_default", "pg_global"}
