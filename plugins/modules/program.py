#!/usr/bin/python
# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: program
short_description: Install the program holdfast on a host
version_added: 0.1.0
description:
  - Builds the program C(holdfast) on the controller, from the library that the modules of this collection use too,
    and copies it to the host.
  - It is one executable file, the same byte for byte whenever it is built from the same sources,
    so that nothing changes without a reason.
  - The file is replaced in one step, and only by a program that the host's Python can start.
author:
  - The holdfast.postgres contributors (@holdfast)
extends_documentation_fragment:
  - holdfast.postgres.attributes
options:
  dest:
    description: Where the program is put.
    type: path
    default: /usr/local/bin/holdfast
  owner:
    description: The user who owns it.
    type: str
    default: root
  group:
    description: The group that owns it.
    type: str
    default: root
  mode:
    description: Its permissions, as in M(ansible.builtin.copy).
    type: raw
    default: "0755"
attributes:
  check_mode:
    support: full
  diff_mode:
    support: partial
    details: The program is binary, so the difference says no more than that.
  idempotent:
    support: full
requirements:
  - On the host, C(/usr/bin/python3) of version 3.9 or newer.
seealso:
  - module: ansible.builtin.copy
notes:
  - The role P(holdfast.postgres.backup#role) uses this module; it is seldom needed apart from the role.
"""

EXAMPLES = r"""
- name: Install the program
  holdfast.postgres.program:

- name: Install it where root's own programs are
  holdfast.postgres.program:
    dest: /usr/local/sbin/holdfast
    mode: "0700"
"""

RETURN = r"""
dest:
  description: Where the program is.
  returned: success
  type: str
  sample: /usr/local/bin/holdfast
checksum:
  description: SHA-1 of the program.
  returned: success
  type: str
  sample: 6e642bb8dd5c2e027bf21dd923337cbb4214f827
"""
