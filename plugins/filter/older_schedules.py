# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Callable

from ansible_collections.holdfast.postgres.plugins.plugin_utils import older


def older_schedules(grep: str, crontabs: str, scripts: Sequence[str]) -> list[str]:
    return older.told(str(grep), str(crontabs), [str(script) for script in scripts])


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"older_schedules": older_schedules}
