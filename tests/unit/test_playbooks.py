# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PLAYBOOKS = Path(__file__).parents[2] / "playbooks"


def test_a_checkout_runs_its_playbooks_wherever_it_lies(tmp_path: Path) -> None:
    checkout = tmp_path / "elsewhere"
    checkout.mkdir()
    for part in ("galaxy.yml", "meta", "plugins", "roles"):
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
    for role in ("backup", "restore"):
        asked = subprocess.run(
            [sys.executable, "-m", "ansible", "doc", "-t", "role", f"holdfast.postgres.{role}"],
            cwd=checkout / "playbooks",
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert f"{role}_" in asked.stdout, asked.stderr


LOCAL = {"ansible_connection": "local", "ansible_become": False, "ansible_python_interpreter": sys.executable}


def play(folder: Path, playbook: str, *arguments: str) -> str:
    """What a playbook of the collection says to two hosts, neither of which has a job; it fails."""
    hosts = {"all": {"hosts": {"newserver": LOCAL, "oldserver": LOCAL}}}
    (folder / "hosts.yml").write_text(json.dumps(hosts), encoding="utf-8")
    run = subprocess.run(
        [
            *(sys.executable, "-m", "ansible", "playbook", "-i", "hosts.yml", f"holdfast.postgres.{playbook}"),
            *arguments,
        ],
        cwd=folder,
        env={**os.environ, "HOME": str(folder), "HOLDFAST_CONFIG_DIR": str(folder / "config")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode != 0, run.stdout
    return run.stdout + run.stderr


REFUSED = "This is for one host at a time, and 2 are named: newserver, oldserver. Nothing was done."


@pytest.mark.parametrize(
    ("playbook", "arguments", "refused"),
    [
        ("restore", [], True),
        ("restore", ["-l", "newserver:oldserver", "-e", "every_host=no", "--check"], True),
        ("restore", ["-e", "every_host=true"], False),
        ("rollback", [], True),
        ("rollback", ["-l", "oldserver"], False),
    ],
)
def test_the_databases_of_several_hosts_are_never_replaced_without_a_word(
    tmp_path: Path, playbook: str, arguments: list[str], refused: bool
) -> None:
    told = play(tmp_path, playbook, *arguments)
    assert (REFUSED in told) is refused
    # The next thing that is wrong with these hosts
    assert ("no job is deployed" in told) is not refused


def test_an_upload_goes_to_one_host_whatever_is_said(tmp_path: Path) -> None:
    told = play(tmp_path, "restore", "-e", "every_host=true", "-e", "upload=library.sql.gz")
    assert f"{REFUSED} Name the one with -l; what is uploaded never goes to several." in told


def test_the_backup_system_is_not_taken_off_every_host_without_a_word(tmp_path: Path) -> None:
    # In check mode, because it would be taken off the machine that runs this
    assert REFUSED in play(tmp_path, "deploy_backup", "-e", "backup_state=absent", "--check")


@pytest.mark.parametrize(
    ("playbook", "told"),
    [
        ("backup", "backup_jobs lists no job for newserver, so that there is nothing to back up."),
        ("drill", "backup_jobs lists no job for newserver, so that there is nothing to drill."),
    ],
)
def test_a_host_without_jobs_is_no_success(tmp_path: Path, playbook: str, told: str) -> None:
    assert told in play(tmp_path, playbook, "-l", "newserver")
