# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any, Callable

from ansible.errors import AnsibleFilterError

from ansible_collections.holdfast.postgres.plugins.module_utils._core.errors import HoldfastError
from ansible_collections.holdfast.postgres.plugins.plugin_utils import deployment


def backup_jobs(raw: list[Any], backup_root: str) -> list[dict[str, Any]]:
    """Validated jobs without their secrets; AnsibleFilterError names the job, the key and the way out."""
    try:
        return deployment.jobs(raw, str(backup_root))
    except HoldfastError as error:
        raise AnsibleFilterError(str(error)) from error


def backup_secrets(raw: list[Any]) -> list[dict[str, str]]:
    """The files that hold the secrets of jobs which backup_jobs has validated."""
    return deployment.secrets(raw)


def backup_unused_secrets(raw: list[Any]) -> list[str]:
    """The files for secrets that jobs which backup_jobs has validated do not have."""
    return deployment.unused_secrets(raw)


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {
            "backup_jobs": backup_jobs,
            "backup_secrets": backup_secrets,
            "backup_unused_secrets": backup_unused_secrets,
        }
