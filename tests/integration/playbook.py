# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ansible as users run it, against an installation of the program."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .processes import children
from .program import Holdfast

COLLECTIONS = Path(__file__).resolve().parents[2] / ".build"
LOCAL = {"ansible_connection": "local", "ansible_python_interpreter": "/usr/bin/python3"}


class Playbook:
    """A play with some tasks on one host, run as often as it is called."""

    def __init__(self, holdfast: Holdfast, *tasks: dict[str, Any]) -> None:
        self.folder = holdfast.home / "playbook"
        self.folder.mkdir(exist_ok=True)
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")},
            "HOME": str(self.folder),
            "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
            "ANSIBLE_ASYNC_DIR": str(self.folder / "async"),
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_CALLBACK_RESULT_FORMAT": "yaml",
        }
        places = {name: value for name, value in holdfast.environment.items() if name.startswith("HOLDFAST_")}
        play = {"hosts": "all", "gather_facts": False, "environment": places, "tasks": list(tasks)}
        # JSON is YAML.
        (self.folder / "play.yml").write_text(json.dumps([play]), encoding="utf-8")
        (self.folder / "hosts.yml").write_text(json.dumps({"all": {"hosts": {"newserver": LOCAL}}}), encoding="utf-8")

    def start(self, *args: str, env: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
        """Run in the background, in a group of processes of its own. Whoever calls this waits for it or kills it."""
        return subprocess.Popen(
            [str(Path(sys.executable).parent / "ansible-playbook"), "-i", "hosts.yml", "play.yml", *args],
            cwd=self.folder,
            env={**self._environment, **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def __call__(self, *args: str, status: int = 0, env: Mapping[str, str] | None = None) -> str:
        """What it prints; AssertionError unless it exits with that status."""
        run = self.start(*args, env=env)
        out = run.communicate(timeout=180)[0]
        assert run.returncode == status, out
        return out


def kill(run: subprocess.Popen[str]) -> str:
    """End every process of a playbook at once, as the loss of the operator's machine does; what it had printed.

    What it has started on the host is none of its processes any more.
    """
    for pid in [run.pid, *children(run.pid)]:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return run.communicate(timeout=30)[0]
