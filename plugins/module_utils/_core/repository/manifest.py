# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The manifest: the JSON file, written last, that makes artifacts a backup."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ..errors import Damaged
from . import names

VERSION = 1


@dataclass(frozen=True)
class Artifact:
    """One file of a backup.

    kind: database, proof (of the database of that source) or globals. size: in octets. sha256: of the file, in
    hexadecimal. by_hand: shell lines that restore it without this software. details: for a database what restoring
    needs (encoding, locale, owner, roles) and what was measured (octets of it and of its largest tables, seconds).
    """

    file: str
    source: str
    kind: str
    format: str
    compression: str
    size: int
    sha256: str
    database: str | None = None
    by_hand: tuple[str, ...] = ()
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Manifest:
    """One backup. created and finished are ISO 8601 in UTC; purpose is backup, safety or adopted.

    server holds the server's version (text), major (number) and title; verified what was checked before the manifest
    was written; imported when it was brought to this host from elsewhere, or None.
    """

    id: str
    job: str
    created: str
    finished: str
    purpose: str
    host: str
    program: str
    server: dict[str, Any]
    artifacts: tuple[Artifact, ...]
    verified: dict[str, Any]
    manifest: int = VERSION
    imported: str | None = None

    @property
    def moment(self) -> datetime:
        return moment(self.created)

    @property
    def size(self) -> int:
        return sum(artifact.size for artifact in self.artifacts)

    def databases(self) -> list[Artifact]:
        return [artifact for artifact in self.artifacts if artifact.kind == "database"]

    def proof_of(self, artifact: Artifact) -> Artifact | None:
        """The proof that was taken with a database's dump."""
        return next(
            (found for found in self.artifacts if (found.kind, found.source) == ("proof", artifact.source)), None
        )

    def globals(self) -> Artifact | None:
        return next((artifact for artifact in self.artifacts if artifact.kind == "globals"), None)

    def with_verification(self, at: str) -> Manifest:
        """The same backup, whose checks all passed at that time."""
        return replace(self, verified={"at": at})

    def only(self, artifacts: tuple[Artifact, ...]) -> Manifest:
        """The same backup with fewer artifacts."""
        return replace(self, artifacts=artifacts)

    def to_json(self) -> str:
        return json.dumps(asdict(self), indent=2, ensure_ascii=False) + "\n"

    def checksums(self) -> str:
        """The lines that ``sha256sum -c`` reads."""
        return "".join(f"{artifact.sha256}  {artifact.file}\n" for artifact in self.artifacts)


def read(path: Path, backup: str | None = None) -> Manifest:
    """Read a manifest; :class:`Damaged` when it is not one, or not that of the backup, which its file name tells."""
    try:
        text = path.read_bytes()
    except OSError as error:
        raise Damaged(str(path), f"cannot be read: {error.strerror or error}") from error
    return parse(text, path, backup or path.name[: -len(names.MANIFEST)])


def parse(text: bytes, path: Path, backup: str) -> Manifest:
    """The manifest of a backup from its text; path is for messages. Raises as :func:`read`."""
    try:
        raw = json.loads(text.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise _damaged(path, f"it is not JSON ({error})") from error
    try:
        if raw["manifest"] != VERSION:
            raise Damaged(
                str(path),
                f"it has version {raw['manifest']!r}, and this program reads version {VERSION}",
                "Use the version of holdfast that wrote it, or a newer one.",
            )
        artifacts = tuple(
            Artifact(**{**artifact, "by_hand": tuple(artifact["by_hand"])}) for artifact in raw.pop("artifacts")
        )
        manifest = Manifest(**raw, artifacts=artifacts)
        _check(path, manifest, backup)
    except (KeyError, TypeError, ValueError) as error:
        raise _damaged(path, f"it does not have the shape of a manifest ({error})") from error
    return manifest


def _check(path: Path, manifest: Manifest, backup: str) -> None:
    if manifest.id != backup:
        raise _damaged(path, f"it calls itself {manifest.id!r}")
    moment(manifest.created)
    if not manifest.artifacts:
        raise _damaged(path, "it lists no artifacts")
    for artifact in manifest.artifacts:
        # A manifest may only speak of files beside it.
        if artifact.file != Path(artifact.file).name or artifact.file.startswith("."):
            raise _damaged(path, f"{artifact.file!r} is not the name of an artifact")
        if not isinstance(artifact.size, int) or len(artifact.sha256) != 64:
            raise _damaged(path, f"the size or checksum of {artifact.file} is not one")


def moment(text: str) -> datetime:
    """A time as manifests and histories carry it."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)


def timestamp(at: datetime) -> str:
    return at.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def _damaged(path: Path, cause: str) -> Damaged:
    return Damaged(
        str(path),
        cause,
        "Its artifacts may be whole: check them with sha256sum -c, or restore one by its path.",
    )
