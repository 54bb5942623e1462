#!/usr/bin/python
# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
module: drill
short_description: Prove that a backup can be restored
version_added: 0.1.0
description:
  - Restores every database of a backup into a scratch server, compares it with the proof of the backup, measures how
    long that takes, and keeps the evidence. The scratch server is removed afterwards.
  - Fails when the backup cannot be restored, or differs from its proof.
  - Shows its steps as they happen. Works apart from the connection; when that breaks, the same task finds it again.
extends_documentation_fragment:
  - holdfast.postgres.attributes
  - holdfast.postgres.job
attributes:
  check_mode:
    support: full
    details: Checks all that can be checked, the checksums of the backup included, and restores nothing.
  diff_mode:
    support: none
  idempotent:
    support: full
    details: Nothing but the history and the evidence tells of it afterwards, so that it is never a change.
options:
  backup:
    description: An id, V(latest), V(latest-verified), or a time such as V(2025-08-16T15:55) in UTC.
    type: str
    default: latest
  where:
    description:
      - V(container) is a container of the image of the job's server, V(cluster) a cluster of the host's own PostgreSQL,
        V(database) are databases beside the live ones.
      - V(auto) is a container when the job's server is in one, else a cluster.
    type: str
    choices: [auto, container, cluster, database]
    default: auto
author:
  - The holdfast.postgres contributors (@holdfast)
seealso:
  - module: holdfast.postgres.verify
  - module: holdfast.postgres.restore
"""

EXAMPLES = r"""
- name: Prove that the newest backup can be restored
  holdfast.postgres.drill:
    job: curriculum_library_api
  register: drilled

- name: Say how long a recovery takes
  ansible.builtin.debug:
    var: drilled.recovery.seconds
"""

RETURN = r"""
backup:
  description: The backup.
  returned: success
  type: str
  sample: curriculum_library_api_20250816_155503
result:
  description: V(proved), or V(not proved) for a backup that was taken without a proof.
  returned: success, not in check mode
  type: str
  sample: proved
recovery:
  description: The seconds from nothing to a proved database, and those of each part.
  returned: success, not in check mode
  type: dict
  sample: {"seconds": 12.8, "parts": {"check": 0.2, "server": 2.1, "restore": 9.0, "prove": 1.5}}
databases:
  description: Each database with its verdict, its tables and its kinds of objects; in check mode their names.
  returned: success
  type: list
  elements: raw
where:
  description: What it was or would be restored into, V(container), V(cluster) or V(database).
  returned: success
  type: str
  sample: container
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

from ansible_collections.holdfast.postgres.plugins.module_utils._core import drill, which
from ansible_collections.holdfast.postgres.plugins.module_utils._core.terminal import drill_views
from ansible_collections.holdfast.postgres.plugins.module_utils._module import Long, Request, run

OPTIONS = {
    "backup": {"type": "str", "default": "latest"},
    "where": {"type": "str", "choices": ["auto", "container", "cluster", "database"], "default": "auto"},
}


def rehearse(request: Request) -> dict[str, Any]:
    choice = which.find(request.places, request.parameters["backup"], job=request.job)
    where = request.parameters["where"]
    report = drill.drill(choice, request.places, request.progress, where, dry_run=request.check_mode)
    if report.get("result") == "not proved":
        request.progress.warn(f"{report['backup']} was restored, but has no proof to compare it with")
    return {"changed": False, **report}


def main() -> None:
    run(OPTIONS, rehearse, drill_views.drilled, Long("drill", lasting=True))


if __name__ == "__main__":
    main()
