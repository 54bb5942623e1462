# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The manifest: the JSON file, written last, that makes artifacts a backup."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from .. import reading, shape
from ..errors import Damaged
from ..shape import moment
from ..visible import as_json
from . import manifest_shape, names

__all__ = ["VERSION", "Artifact", "Manifest", "moment", "parse", "read", "timestamp"]
VERSION = 1
NEWER = "Use the version of holdfast that wrote it, or a newer one. Nothing of this backup is deleted."


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
        return as_json(asdict(self), indent=2) + "\n"

    def checksums(self) -> str:
        """The lines that ``sha256sum -c`` reads."""
        return "".join(f"{artifact.sha256}  {artifact.file}\n" for artifact in self.artifacts)


def read(path: Path, backup: str | None = None) -> Manifest:
    """Read a manifest; :class:`Damaged` when it is not one, or not that of the backup, which its file name tells."""
    try:
        text = reading.read(path)
    except OSError as error:
        raise Damaged(str(path), f"cannot be read: {error.strerror or error}") from error
    return parse(text, path, backup or path.name[: -len(names.MANIFEST)])


def parse(text: bytes, path: Path, backup: str) -> Manifest:
    """The manifest of a backup from its text; path is for messages. Raises as :func:`read`."""
    try:
        raw = shape.loads(text)
        if isinstance(raw, dict) and isinstance(raw.get("manifest"), int) and raw["manifest"] != VERSION:
            cause = f"it has version {raw['manifest']!r}, and this program reads version {VERSION}"
            raise Damaged(str(path), cause, NEWER)
        manifest_shape.check(raw, backup)
    except shape.UnknownKey as error:
        raise Damaged(str(path), f"a newer version wrote it: {error}", NEWER) from error
    except shape.Misshapen as error:
        cause = f"it does not have the shape of a manifest ({error})"
        step = "Its artifacts may be whole: check them with sha256sum -c, or restore one by its path."
        raise Damaged(str(path), cause, step) from error
    artifacts = tuple(Artifact(**{**one, "by_hand": tuple(one["by_hand"])}) for one in raw.pop("artifacts"))
    return Manifest(**raw, artifacts=artifacts)


def timestamp(at: datetime) -> str:
    return at.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
