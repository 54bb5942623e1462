# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The collection as users get it: built, installed without a network, and run from where it was installed."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from ansible_collections.holdfast.postgres.tests.integration.program import Holdfast
from ansible_collections.holdfast.postgres.tests.integration.sample import small
from ansible_collections.holdfast.postgres.tests.integration.servers import Server

CHECKOUT = Path(__file__).resolve().parents[2]
TOP = {"CHANGELOG.md", "FILES.json", "LICENSE", "MANIFEST.json", "README.md"}
FOLDERS = {"changelogs", "docs", "meta", "playbooks", "plugins", "roles"}


def ansible(program: str, *args: str | Path, cwd: Path, env: dict[str, str]) -> str:
    argv = [str(Path(sys.executable).parent / program), *map(str, args)]
    done = subprocess.run(argv, cwd=cwd, env=env, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def tarball(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("built")
    ansible("ansible-galaxy", "collection", "build", "--output-path", folder, cwd=CHECKOUT, env={**os.environ})
    (built,) = folder.iterdir()
    return built


def test_only_what_belongs_in_it_is_in_it(tarball: Path) -> None:
    with tarfile.open(tarball) as archive:
        names = [member.name for member in archive.getmembers() if member.isfile()]
    tops = {name.partition("/")[0] for name in names}
    assert tops - TOP <= FOLDERS
    assert tops >= FOLDERS - {"changelogs"}
    assert not [name for name in names if "__pycache__" in name or name.endswith((".pyc", ".retry"))]


def test_the_installed_copy_backs_up_and_restores(
    tarball: Path, holdfast: Holdfast, cluster15: Server, tmp_path: Path
) -> None:
    database, restored = small(cluster15, cluster15.unique()), cluster15.unique()
    holdfast.define("library", cluster15, database)
    environment = {
        **holdfast.environment,
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "ANSIBLE_COLLECTIONS_PATH": str(tmp_path / "collections"),
        "ANSIBLE_PYTHON_INTERPRETER": "/usr/bin/python3",
    }
    ansible(
        *("ansible-galaxy", "collection", "install", tarball, "--offline", "-p", tmp_path / "collections"),
        cwd=tmp_path,
        env=environment,
    )
    here = ("--inventory", "localhost,", "--connection", "local", "--extra-vars", "ansible_become=false")
    program = tmp_path / "holdfast"
    ansible(
        *("ansible", "localhost", *here, "-m", "holdfast.postgres.program", "-a", f"dest={program}"),
        cwd=tmp_path,
        env=environment,
    )
    # The role finds its files in the installed copy, and the same program is built from it as from the checkout.
    assert "Install the program" in ansible(
        "ansible-playbook", *here, "holdfast.postgres.deploy_backup", "--list-tasks", cwd=tmp_path, env=environment
    )
    assert program.read_bytes() == holdfast.program.read_bytes()

    ansible(
        *("ansible", "localhost", *here, "-m", "holdfast.postgres.dump", "-a", "job=library"),
        cwd=tmp_path,
        env=environment,
    )
    # What a relative path begins in is never the installed copy, which the next upgrade replaces.
    told = ansible(
        *("ansible-playbook", *here, "holdfast.postgres.fetch_backup"),
        *("--extra-vars", "job=library"),
        cwd=tmp_path,
        env=environment,
    )
    (fetched,) = (tmp_path / "fetched" / "localhost").iterdir()
    assert f"{fetched.name} is in {fetched}, complete and unchanged." in told
    assert not list((tmp_path / "collections").rglob("*.manifest.json"))

    ansible(
        *("ansible-playbook", *here, "holdfast.postgres.restore"),
        *("--extra-vars", "backup=latest job=library", "--extra-vars", f"into={restored}"),
        cwd=tmp_path,
        env=environment,
    )
    assert cluster15.query("SELECT count(*), sum(id) FROM items", restored) == [(100, 5050)]
