#!/usr/bin/python
# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: fetch_backup
short_description: Bring a backup to the controller
version_added: 0.1.0
description:
  - Brings all files of a backup to the machine that runs Ansible, and compares the SHA-256 of each artifact with the
    manifest there.
  - What is there already with the right content does not come again, and a file of which a part has arrived goes on
    where it ended.
  - The files come in pieces of at most 128 MiB. Each is copied on the host into Ansible's temporary directory for the
    user who logs in, mode 0600, transferred as the connection transfers files, and deleted. So neither the controller's
    memory nor the host's disk needs more for a larger backup.
  - The progress is shown while it works.
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
    description: An id, V(latest), V(latest-verified), a time such as V(2025-08-16T15:55) in UTC, or a path on the host.
    type: str
    default: latest
  dest:
    description:
      - The directory to put it below, as C(<dest>/<host>/<backup>/).
      - A relative one begins in the directory where the command is run.
      - Directories that are created, and the files, are for the user who runs Ansible alone.
    type: str
    default: fetched
author:
  - The holdfast.postgres contributors (@holdfast)
seealso:
  - module: holdfast.postgres.backup_info
  - module: ansible.builtin.fetch
notes:
  - If the connection breaks while a piece lies on the host, it lies there until somebody deletes Ansible's temporary
    directory.
"""

EXAMPLES = r"""
- name: Fetch the newest good backup
  holdfast.postgres.fetch_backup:
    job: curriculum_library_api
    dest: /srv/backups
  register: fetched

- name: Say where it is
  ansible.builtin.debug:
    msg: "{{ fetched.directory }}"
"""

RETURN = r"""
directory:
  description: The directory on the controller that holds the backup, as an absolute path.
  returned: success
  type: str
  sample: /srv/backups/newserver/curriculum_library_api_20250816_155503
backup:
  description: The backup, as M(holdfast.postgres.backup_info) describes it.
  returned: success
  type: dict
fetched:
  description: The artifacts that came, or in check mode would come, because they were not there.
  returned: success
  type: list
  elements: str
  sample: [curriculum_library_api_20250816_155503.sql.gz]
summary:
  description: The result in lines for people.
  returned: success
  type: list
  elements: str
"""
