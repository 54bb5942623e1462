# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is in a repository, seen without the product's eyes."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any


def visible(repository: Path) -> list[str]:
    return sorted(path.name for path in repository.iterdir() if not path.name.startswith("."))


def hidden(repository: Path) -> list[str]:
    return sorted(path.name for path in repository.iterdir() if path.name.startswith("."))


def snapshot(repository: Path) -> dict[str, tuple[int, str]]:
    """Mode and checksum of every visible file, by name."""
    return {
        name: ((repository / name).stat().st_mode, hashlib.sha256((repository / name).read_bytes()).hexdigest())
        for name in visible(repository)
    }


def artifact(repository: Path, manifest: dict[str, Any], position: int = 0) -> Path:
    return repository / manifest["artifacts"][position]["file"]


def manifest_file(repository: Path, backup: str) -> Path:
    return repository / f"{backup}.manifest.json"


def files_of(manifest: dict[str, Any]) -> set[str]:
    """The names of all files of a backup."""
    own = {f"{manifest['id']}.manifest.json", f"{manifest['id']}.sha256"}
    return own | {one["file"] for one in manifest["artifacts"]}


def edit_manifest(repository: Path, backup: str, **changes: Any) -> None:
    """Change keys of a manifest, or of its first artifact (as artifact__KEY)."""
    path = manifest_file(repository, backup)
    manifest = json.loads(path.read_text(encoding="utf-8"))
    for key, value in changes.items():
        where, *option = key.split("__")
        if option:
            manifest["artifacts"][0][option[0]] = value
        else:
            manifest[where] = value
    path.write_text(json.dumps(manifest), encoding="utf-8")


def flip_bit(path: Path, position: int | None = None) -> None:
    """Damage a file in its middle, or at a position, without changing its size."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2 if position is None else position] ^= 1
    path.write_bytes(content)


def age(repository: Path, manifest: dict[str, Any], days: float) -> str:
    """Move a backup back in time as if it had been made then; its new id."""
    moment = datetime.strptime(manifest["created"], "%Y-%m-%dT%H:%M:%SZ") - timedelta(days=days)
    old, new = manifest["id"][-15:], moment.strftime("%Y%m%d_%H%M%S")
    created = moment.strftime("%Y-%m-%dT%H:%M:%SZ")
    for name in files_of(manifest):
        (repository / name).rename(repository / name.replace(old, new))
    backup = manifest["id"].replace(old, new)
    for path in (manifest_file(repository, backup), repository / f"{backup}.sha256"):
        text = path.read_text(encoding="utf-8").replace(old, new).replace(manifest["created"], created)
        path.write_text(text, encoding="utf-8")
    return backup
