# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any, Callable

from ansible_collections.holdfast.postgres.plugins.plugin_utils import readers


def backup_readers(raw: list[Any], backup_root: str, engines: dict[str, str]) -> list[dict[str, Any]]:
    """How to look for the roles that only read, and to create them; nothing in it is secret."""
    return readers.readers(raw, str(backup_root), engines)


def backup_reader_secrets(raw: list[Any], backup_root: str) -> dict[str, dict[str, str]]:
    """The passwords that go with backup_readers."""
    return readers.reader_secrets(raw, str(backup_root))


def backup_reader_needs_password(answer: list[str], user: str, secret: dict[str, str], rewritten: bool) -> bool:
    """Whether the server does not have the role's password, by its answer."""
    return readers.sets_password(answer, user, secret["password"], bool(rewritten))


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {
            "backup_readers": backup_readers,
            "backup_reader_needs_password": backup_reader_needs_password,
            "backup_reader_secrets": backup_reader_secrets,
        }
