# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What work that takes long sets on the connection of its task. What the user has set comes first."""

from __future__ import annotations

import shlex

from ansible.plugins.connection import ConnectionBase

KEEP_ALIVE = "-o ServerAliveInterval=10 -o ServerAliveCountMax=3"
OLD = "-O"


def notice_its_death(connection: ConnectionBase) -> None:
    """Without this, ssh would wait for hours for a network that forgot us."""
    if connection.transport == "ssh":
        extra = connection.get_option("ssh_extra_args") or ""
        connection.set_option("ssh_extra_args", f"{extra} {KEEP_ALIVE}")
        # A master that is there already does not know of it.
        connection.reset()


def prefer_old_scp(connection: ConnectionBase) -> bool:
    """Whether files come by the protocol of the old scp from now on, a stream that costs half of what sftp costs."""
    if connection.transport != "ssh" or connection.get_option("ssh_transfer_method") not in (None, "smart"):
        return False
    connection.set_option("ssh_transfer_method", "scp")
    connection.set_option("scp_extra_args", f"{connection.get_option('scp_extra_args') or ''} {OLD}".strip())
    return True


def prefer_nothing(connection: ConnectionBase) -> None:
    """Take back prefer_old_scp."""
    connection.set_option("ssh_transfer_method", "smart")
    connection.set_option("scp_extra_args", connection.get_option("scp_extra_args").removesuffix(OLD).strip())


def leave_out_compression(connection: ConnectionBase) -> None:
    """Ansible has ssh compress, which costs most of the speed, and artifacts are compressed already."""
    if connection.transport == "ssh":
        arguments = shlex.split(connection.get_option("ssh_args") or "")
        connection.set_option("ssh_args", shlex.join(argument for argument in arguments if argument != "-C"))
        connection.reset()
