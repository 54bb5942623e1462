# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""As whom a program runs, and what it may do."""

from __future__ import annotations

import os
import secrets
import signal
from pathlib import Path

from .programs import found

# For a program that must start none: nowhere to find any, and nothing to run for it.
NO_PROGRAMS = dict.fromkeys(("PATH", "SHELL", "PAGER", "PSQL_PAGER", "EDITOR", "VISUAL", "PSQL_EDITOR"), "/nonexistent")
# Beyond what distributions, systemd and user namespaces give to anybody by default.
FIRST_STRANGER, STRANGERS = 3 << 29, 1 << 28
NOBODY = 65534


def guard(user: str | int | None, ending: signal.Signals, confined: bool) -> list[str]:
    """What goes before a program's words. user, ending, confined: as in :class:`.process.Command`.

    A child must not outlive us: the kernel ends it when we are killed.
    """
    words = [found("setpriv"), "--pdeathsig", ending.name[3:]]
    if isinstance(user, int):
        words += [f"--reuid={user}", f"--regid={user}", "--clear-groups"]
    elif user is not None:
        words += [f"--reuid={user}", f"--regid={_group(user)}", "--init-groups"]
    if not confined:
        return [*words, "--"]
    if os.geteuid() == 0:
        words += ["--bounding-set=-all", "--inh-caps=-all"]
    # The limit counts when a process is made: what runs already, and threads of the user's others, are not in its way.
    return [*words, "--no-new-privs", "--", found("prlimit"), "--nproc=0:0", "--"]


def stranger() -> int | None:
    """The number of a user whom nothing belongs to and no other process runs as; None when we cannot become one.

    In a user namespace without such numbers it is nobody's.
    """
    if os.geteuid() != 0:
        return None
    with Path("/proc/self/uid_map").open(encoding="ascii") as stream:
        last = max(int(first) + int(number) for first, _outside, number in map(str.split, stream)) - 1
    if last >= FIRST_STRANGER + STRANGERS:
        return FIRST_STRANGER + secrets.randbelow(STRANGERS)
    return NOBODY if last >= NOBODY else None


def _group(user: str) -> int:
    import pwd

    return pwd.getpwnam(user).pw_gid
