# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A host that is reached by ssh, as an ordinary user who may become root."""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from .playbook import COLLECTIONS
from .servers import docker
from .waiting import wait_until

USER = "op"
PREPARE = f"""
useradd --create-home --shell /bin/sh {USER}
echo '{USER} ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/{USER}
install -d -o {USER} -m 700 /home/{USER}/.ssh
echo "$KEY" >/home/{USER}/.ssh/authorized_keys
mkdir -p /run/sshd
exec /usr/sbin/sshd -D -e
"""
FIRST = "-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR"
# In a small process, because what it starts begins with its size: the peak of the largest process, in KiB
MEASURE = """
import resource, subprocess, sys
status = subprocess.run(sys.argv[1:]).returncode
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, flush=True)
sys.exit(status)
"""


class Run(NamedTuple):
    """What a playbook printed, and the most octets that one of its processes had resident."""

    told: str
    memory: int


@dataclass(frozen=True)
class Host:
    """The host newserver of an inventory, and the directory of whoever operates it."""

    container: str
    operator: Path

    def run(self, *argv: str) -> str:
        """What a command prints that root runs on the host."""
        return docker("exec", self.container, *argv)

    def put(self, source: Path, target: str) -> None:
        """Copy a file or directory to the host, where it belongs to root alone."""
        docker("cp", "--quiet", str(source), f"{self.container}:{target}")
        self.run("chown", "-R", "root:root", target)
        self.run("chmod", "-R", "u=rwX,go=", target)

    def playbook(self, name: str, *args: str, status: int = 0) -> Run:
        """Run a playbook of the collection by its full name; AssertionError unless it exits with that status."""
        program = str(Path(sys.executable).parent / "ansible-playbook")
        argv = [program, "-i", "hosts.yml", f"holdfast.postgres.{name}", *args]
        environment = {key: value for key, value in os.environ.items() if not key.startswith("ANSIBLE_")}
        environment.update(HOME=str(self.operator), ANSIBLE_COLLECTIONS_PATH=str(COLLECTIONS))
        run = subprocess.run(
            [sys.executable, "-c", MEASURE, *argv],
            cwd=self.operator,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert run.returncode == status, run.stdout + run.stderr
        told, kibibytes = run.stdout.rstrip().rsplit("\n", 1)
        return Run(told + run.stderr, int(kibibytes) * 1024)


@contextlib.contextmanager
def host(operator: Path) -> Iterator[Host]:
    """A host without PostgreSQL or systemd; operator is a new directory."""
    name = f"holdfast-it-{secrets.token_hex(4)}"
    key = operator / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    public = key.with_suffix(".pub").read_text(encoding="utf-8").strip()
    options = ["--detach", "--init", "--name", name, "--label", "holdfast.test", "--env", f"KEY={public}"]
    try:
        docker("run", *options, "holdfast-host:bookworm", "sh", "-ec", PREPARE)
        address = docker("inspect", "--format", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", name)
        (operator / "hosts.yml").write_text(
            f"""
all:
  hosts:
    newserver:
      ansible_host: {address}
      ansible_user: {USER}
      ansible_ssh_private_key_file: {key}
      ansible_ssh_common_args: {FIRST}
      ansible_ssh_pipelining: true
      ansible_python_interpreter: /usr/bin/python3
""",
            encoding="utf-8",
        )
        made = Host(name, operator)
        wait_until(lambda: _answers(address), f"the ssh server of {name} answers", seconds=60)
        yield made
    finally:
        docker("rm", "--force", "--volumes", name)


def _answers(address: str) -> bool:
    try:
        with socket.create_connection((address, 22), timeout=5):
            return True
    except OSError:
        return False
