# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What starts the backups and drills of a job on this host: a systemd timer, a cron file, or nothing."""

from __future__ import annotations

import re
from pathlib import Path

from .errors import HoldfastError
from .process import Command, run

SYSTEMD_RUNS = Path("/run/systemd/system")
TIMERS = Path("/etc/systemd/system")
CRON = Path("/etc/cron.d")
CRON_PIDS = (Path("/run/crond.pid"), Path("/run/cron.pid"))


def find(job: str, verb: str) -> tuple[list[str], str]:
    """(what starts a verb, backup or drill, of the job; why it does not work or nothing)."""
    starts = re.compile(rf"holdfast {verb} ['\"]?{re.escape(job)}['\"]?(?:\s|$)")
    timer = TIMERS / f"holdfast-{verb}-{job}.timer"
    if timer.exists():
        return [timer.name], _timer_problem(timer.name)
    files = [path for path in sorted(CRON.glob("holdfast-*")) if starts.search(_read(path))]
    if files:
        return [str(path) for path in files], "" if _cron_runs() else "no cron daemon is running"
    return [], ""


def _timer_problem(name: str) -> str:
    if not SYSTEMD_RUNS.exists():
        return "systemd is not running"
    try:
        run(Command(("systemctl", "is-active", name)))
    except HoldfastError:
        return "the timer is not active"
    return ""


def _cron_runs() -> bool:
    for file in CRON_PIDS:
        pid = _read(file).strip()
        if pid.isdigit() and Path(f"/proc/{pid}").exists():
            return True
    return False


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
