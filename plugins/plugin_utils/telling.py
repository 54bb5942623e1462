# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lines that an action plugin shows while it works."""

from __future__ import annotations

from ansible import constants
from ansible.utils.display import Display

from ansible_collections.holdfast.postgres.plugins.module_utils._core.visible import visible


def tell(host: str, text: str) -> None:
    """Show a line of a host."""
    # Somebody may be reading the JSON of these callbacks.
    machine = constants.DEFAULT_STDOUT_CALLBACK.rpartition(".")[2] in ("json", "jsonl")
    Display().display(f"{host}  {visible(text)}", color=constants.COLOR_VERBOSE, stderr=machine)
