# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which run of the program something belongs to, and whether that run is still there."""

from __future__ import annotations

import hashlib
import os
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar


@dataclass(frozen=True)
class Run:
    """host and boot: shortened, of the machine; process and start: the number of a process, and the ticks after which
    it was started. Source of the format: proc(5)."""

    PATTERN: ClassVar[str] = r"[0-9a-f]{8}\.[0-9a-f]{8}\.[0-9]+\.[0-9]+"

    host: str
    boot: str
    process: int
    start: int

    def __str__(self) -> str:
        return f"{self.host}.{self.boot}.{self.process}.{self.start}"

    @classmethod
    def parse(cls, text: str) -> Run:
        host, boot, process, start = text.split(".")
        return cls(host, boot, int(process), int(start))

    @classmethod
    def ours(cls) -> Run:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii")[:8]
        # Numbers of processes count within one name space of them.
        host = f"{socket.gethostname()} {Path('/proc/self/ns/pid').readlink()}"
        return cls(hashlib.sha256(host.encode()).hexdigest()[:8], boot, os.getpid(), _start(os.getpid()))

    @property
    def alive(self) -> bool:
        """Whether the process still runs. Of another host nobody here knows: it counts as alive."""
        ours = Run.ours()
        if self.host != ours.host:
            return True
        return self.boot == ours.boot and _start(self.process) == self.start


def _start(process: int) -> int:
    """-1 for a process that is not there."""
    try:
        stat = Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return -1
    state, *rest = stat.rpartition(")")[2].split()
    return -1 if state in "ZX" else int(rest[18])
