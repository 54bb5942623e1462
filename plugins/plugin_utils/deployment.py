# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From an item of ``backup_jobs`` to what lies on the host: a definition without secrets, and the secrets."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ansible_collections.holdfast.postgres.plugins.module_utils._core.definition.model import Job
from ansible_collections.holdfast.postgres.plugins.module_utils._core.definition.parse import ENGINES, parse
from ansible_collections.holdfast.postgres.plugins.module_utils._core.errors import DefinitionError
from ansible_collections.holdfast.postgres.plugins.module_utils._core.places import Places

SECRETS = ("password", "restore_password")


def jobs(raw: Iterable[object], backups: str) -> list[dict[str, Any]]:
    """What the tasks need to know of each job; nothing in it is secret.

    Raises DefinitionError for an item that is no definition, and for two that are in each other's way.
    """
    items = [plain(item) for item in raw]
    parsed = [parse(item, Path(backups)) for item in items]
    for attribute, noun in (("name", "name"), ("repository", "repository")):
        for value, count in Counter(getattr(job, attribute) for job in parsed).items():
            if count > 1:
                names = ", ".join(job.name for job in parsed if getattr(job, attribute) == value)
                raise DefinitionError(
                    f"backup_jobs, {names}", f"they have the same {noun} {value}", f"Give each job a {noun} of its own."
                )
    return [_describe(item, job) for item, job in zip(items, parsed)]


def secrets(raw: Iterable[object]) -> list[dict[str, str]]:
    """The files that hold the jobs' passwords: path and content."""
    files = []
    for item in map(plain, raw):
        connection = item.get("connection") or {}
        for key in SECRETS:
            if connection.get(key):
                files.append({"path": _secret(item["name"], key), "content": connection[key]})
    return files


def unused_secrets(raw: Iterable[object]) -> list[str]:
    """The files for passwords that these jobs do not have. They may be left from when the jobs had them."""
    items = [plain(item) for item in raw]
    used = {file["path"] for file in secrets(items)}
    for item in items:
        # Somebody may keep an own file at our place.
        used.update(str((item.get("connection") or {}).get(f"{key}_file")) for key in SECRETS)
    return [path for item in items for key in SECRETS if (path := _secret(item["name"], key)) not in used]


def plain(value: Any) -> Any:
    """The same without Ansible's types, of which older versions have one for encrypted text that is no str."""
    if isinstance(value, Mapping):
        return {str(key): plain(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(entry) for entry in value]
    if isinstance(value, str) or getattr(value, "__ENCRYPTED__", False):
        return str(value)
    return value


def _describe(item: Mapping[str, Any], job: Job) -> dict[str, Any]:
    return {
        "name": job.name,
        "repository": str(job.repository),
        # The nearest of these that is there tells which disk the repository will be on.
        "disk": [str(path) for path in (job.repository, *job.repository.parents)],
        "runs": [_run(job.name, "backup", job.schedule), _run(job.name, "drill", job.drill_schedule)],
        "scheduled": job.schedule is not None or job.drill_schedule is not None,
        "cron_file": f"holdfast-{_cron_name(job.name)}",
        "kind": job.connection.kind,
        "container": job.connection.container or "",
        "engines": [job.connection.engine] if job.connection.engine else list(ENGINES),
        "databases": [database.database for database in job.databases],
        "compression": job.compression,
        "definition": _definition(item, job),
    }


def _run(job: str, verb: str, schedule: str | None) -> dict[str, str]:
    """What is started for a job: its verb, its cron expression or nothing, the name of its systemd units."""
    return {"verb": verb, "schedule": schedule or "", "unit": f"holdfast-{verb}-{job}"}


def _definition(item: Mapping[str, Any], job: Job) -> dict[str, Any]:
    connection = {key: value for key, value in (item.get("connection") or {}).items() if value is not None}
    for key in SECRETS:
        if connection.pop(key, None):
            connection[f"{key}_file"] = _secret(job.name, key)
    keys = {key: value for key, value in item.items() if value is not None}
    return {**keys, "connection": connection, "repository": str(job.repository)}


def _secret(job: str, key: str) -> str:
    return str(Places().definition(job).with_name(f"{job}.{key}"))


def _cron_name(job: str) -> str:
    """cron skips files whose names hold a dot; two jobs that differ only there still need two files."""
    if "." not in job:
        return job
    return f"{job.replace('.', '_')}-{hashlib.sha256(job.encode()).hexdigest()[:8]}"
