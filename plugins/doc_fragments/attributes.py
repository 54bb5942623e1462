# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
attributes:
  check_mode:
    description: Can run in C(check_mode) and tell what would happen without changing anything.
  diff_mode:
    description: Returns what has changed, or would change, in C(diff).
  idempotent:
    description: Run again with the same options, it changes nothing.
  platform:
    description: The systems it runs on.
    platforms: posix
    support: full
options: {}
"""
