# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Backups that are whole, whose checksums are right, and that do not hold what they should."""

from __future__ import annotations

import hashlib
import json
import subprocess
from pathlib import Path
from typing import Any

from . import files
from .servers import Server


def alter(server: Server, repository: Path, manifest: dict[str, Any], statement: str, position: int = 0) -> None:
    """Replace a database's artifact (custom or plain) by a dump of the same database after a statement changed it.

    Manifest and checksums are made to fit, as by somebody who knows how.
    """
    artifact = manifest["artifacts"][position]
    path = repository / artifact["file"]
    scratch = server.unique("altered")
    server.create(scratch)
    content = through(path.read_bytes(), path.suffix, "-d")
    if artifact["format"] == "plain":
        server.run("psql", *_address(server), "-X", "-q", "-d", scratch, source=content)
    else:
        server.run("pg_restore", *_address(server), "--exit-on-error", "-d", scratch, source=content)
    with server.connect(scratch) as session:
        session.execute(statement)
    options = ["-Fp"] if artifact["format"] == "plain" else ["-Fc", "-Z0" if path.suffix == ".zst" else "-Z1"]
    dump = server.run("pg_dump", *_address(server), *options, "-d", scratch)
    replace(repository, manifest["id"], path, through(dump, path.suffix))


def replace(repository: Path, backup: str, path: Path, content: bytes) -> None:
    """Give an artifact another content, and make manifest and checksums fit."""
    path.write_bytes(content)
    where = files.manifest_file(repository, backup)
    manifest = json.loads(where.read_text(encoding="utf-8"))
    for artifact in manifest["artifacts"]:
        if artifact["file"] == path.name:
            artifact.update(size=len(content), sha256=hashlib.sha256(content).hexdigest())
    where.write_text(json.dumps(manifest), encoding="utf-8")
    lines = [f"{artifact['sha256']}  {artifact['file']}\n" for artifact in manifest["artifacts"]]
    (repository / f"{backup}.sha256").write_text("".join(lines), encoding="utf-8")


def through(content: bytes, suffix: str, *options: str) -> bytes:
    """Compress content as the ending of a file's name says, or with -d decompress it."""
    program = {".zst": "zstd", ".gz": "gzip"}.get(suffix)
    if program is None:
        return content
    return subprocess.run([program, "-c", *options], input=content, capture_output=True, check=True).stdout


def _address(server: Server) -> list[str]:
    if server.container:
        return ["-U", "postgres"]
    return ["-h", server.connection["socket"], "-p", str(server.port)]
