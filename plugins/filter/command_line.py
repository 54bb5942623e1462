# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any


def command_line(command: Mapping[str, Any]) -> str:
    """One of the commands of the role restore as a person would type it, without its environment."""
    line = shlex.join(map(str, command["argv"])) if "argv" in command else str(command.get("shell", ""))
    return line + (" (on the operator's machine)" if command.get("where") == "controller" else "")


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"command_line": command_line}
