# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ending a run with SIGKILL exactly before its n-th step, of which the interpreter tells: the program is untouched."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

from . import processes
from .program import Holdfast
from .waiting import wait_until

# Python runs a module of this name first. What it sees are the interpreter's audit events.
HOOK = """
import os
import signal
import sys

left = int(os.environ["CRASH_AT"])
under = os.environ.get("CRASH_UNDER")
changes = ("os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.chmod", "os.truncate", "shutil.rmtree")


def step(event, args):
    if under is None:
        return event == "subprocess.Popen"
    if event == "open":
        writes = args[2] is not None and args[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        return writes and str(args[0]).startswith(under)
    # Names without a directory are those of a tree that is being removed.
    return event in changes and (str(args[0]).startswith(under) or "/" not in str(args[0]))


def hook(event, args):
    global left
    if step(event, args):
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


sys.addaudithook(hook)
"""


def crash(holdfast: Holdfast, step: int, *args: str, under: Path | None = None) -> bool:
    """Run a command that is killed before its n-th change below a directory, or, without one, before it starts its n-th
    program. False when it came to its end before that."""
    hook = holdfast.home / "crash"
    hook.mkdir(exist_ok=True)
    (hook / "sitecustomize.py").write_text(HOOK, encoding="utf-8")
    environment = {"PYTHONPATH": str(hook), "CRASH_AT": str(step)}
    if under is not None:
        environment["CRASH_UNDER"] = str(under)
    run = holdfast.start(*args, env=environment)
    had: dict[int, str] = {}
    while True:
        had.update(processes.children(run.pid))
        try:
            out, error = run.communicate(timeout=0.05)
            break
        except subprocess.TimeoutExpired:
            continue
    if run.returncode == -signal.SIGKILL:
        wait_until(lambda: not any(processes.alive(child) for child in had), f"the children {had} are gone")
        return True
    if run.returncode:
        raise AssertionError(f"holdfast {' '.join(args)}: exit status {run.returncode}\n{out}{error}")
    return False
