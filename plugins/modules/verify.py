#!/usr/bin/python
# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
module: verify
short_description: Check a backup without restoring it
version_added: 0.1.0
description:
  - Checks that every artifact of a backup is there, has its size and its SHA-256, and can be read to its end.
  - Fails when one does not. The outcome is remembered, and a damaged backup is passed over when the latest is wanted.
extends_documentation_fragment:
  - holdfast.postgres.attributes
  - holdfast.postgres.job
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
  idempotent:
    support: full
options:
  backup:
    description: An id, V(latest), V(latest-verified), a time such as V(2025-08-16T15:55) in UTC, or a path.
    type: str
    default: latest
author:
  - The holdfast.postgres contributors (@holdfast)
seealso:
  - module: holdfast.postgres.dump
  - module: holdfast.postgres.restore
"""

EXAMPLES = r"""
- name: Check the newest backup
  holdfast.postgres.verify:
    job: curriculum_library_api

- name: Check a certain backup
  holdfast.postgres.verify:
    job: curriculum_library_api
    backup: curriculum_library_api_20250816_155503
"""

RETURN = r"""
backup:
  description: The backup that was checked.
  returned: success
  type: str
  sample: curriculum_library_api_20250816_155503
size:
  description: Octets of all its artifacts.
  returned: success
  type: int
  sample: 12288
checks:
  description: The checks, all of which passed.
  returned: success
  type: list
  elements: dict
  sample: [{"artifact": "curriculum_library_api_20250816_155503.sql.gz", "check": "checksum"}]
summary:
  description: The result in lines for people, as the program prints it.
  returned: success
  type: list
  elements: str
steps:
  description: What was done, in order.
  returned: always
  type: list
  elements: str
"""

from typing import Any

from ansible_collections.holdfast.postgres.plugins.module_utils._core import verify
from ansible_collections.holdfast.postgres.plugins.module_utils._core.terminal import views
from ansible_collections.holdfast.postgres.plugins.module_utils._core.which import find_backup
from ansible_collections.holdfast.postgres.plugins.module_utils._module import Request, run


def check(request: Request) -> dict[str, Any]:
    entry = find_backup(request.places, request.parameters["backup"], job=request.job)[1]
    return {"changed": False, **verify.verify(request.job, request.places, entry, request.progress)}


def main() -> None:
    run({"backup": {"type": "str", "default": "latest"}}, check, views.verified)


if __name__ == "__main__":
    main()
