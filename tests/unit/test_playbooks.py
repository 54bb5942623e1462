# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

PLAYBOOKS = Path(__file__).parents[2] / "playbooks"


def test_a_checkout_runs_its_playbooks_wherever_it_lies(tmp_path: Path) -> None:
    checkout = tmp_path / "elsewhere"
    checkout.mkdir()
    for part in ("meta", "plugins", "roles"):
        (checkout / part).symlink_to(PLAYBOOKS.parent / part)
    subprocess.run(["cp", "--archive", str(PLAYBOOKS), str(checkout)], check=True)
    environment = {key: value for key, value in os.environ.items() if not key.startswith("ANSIBLE_")}
    environment["HOME"] = str(tmp_path)
    run = subprocess.run(
        [
            sys.executable,
            "-m",
            "ansible",
            "playbook",
            "deploy_backup.yml",
            "-l",
            "newserver",
            "--list-hosts",
            "--list-tasks",
        ],
        cwd=checkout / "playbooks",
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert "newserver" in run.stdout
    assert "holdfast.postgres.backup : Install the program" in run.stdout
