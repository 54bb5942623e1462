# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any, Callable

from ansible.errors import AnsibleFilterError

from ansible_collections.holdfast.postgres.plugins.module_utils._core import schedule
from ansible_collections.holdfast.postgres.plugins.module_utils._core.errors import HoldfastError


def on_calendar(expression: str) -> list[str]:
    """The OnCalendar= values of a cron expression; AnsibleFilterError when it is none."""
    try:
        return schedule.on_calendar(str(expression))
    except HoldfastError as error:
        raise AnsibleFilterError(str(error)) from error


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"on_calendar": on_calendar}
