# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The directories where PostgreSQL's programs work: whoever rules the container leads nobody out of it, and those of
dead runs go, whatever they were for."""

from __future__ import annotations

import secrets
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.holdfast.postgres.tests.integration import processes
from ansible_collections.holdfast.postgres.tests.integration.program import Holdfast
from ansible_collections.holdfast.postgres.tests.integration.sample import large, small
from ansible_collections.holdfast.postgres.tests.integration.servers import Server, docker
from ansible_collections.holdfast.postgres.tests.integration.waiting import wait_until

# Each new workspace is put aside, and a link to a directory of the host takes its place.
SWITCH = """
    while :; do for made in /var/tmp/.holdfast-* /tmp/.holdfast-*; do
      [ -d "$made" ] && [ ! -L "$made" ] && mv "$made" "/var/tmp/aside-$$" && ln -s {victim} "$made" &&
        rm -r "/var/tmp/aside-$$"
    done; done
"""


@pytest.fixture
def victim() -> Iterator[Path]:
    path = Path(f"/var/tmp/holdfast-it-victim-{secrets.token_hex(4)}")
    path.mkdir()
    yield path
    shutil.rmtree(path)


@pytest.mark.parametrize("format", ["custom", "directory"])
def test_a_link_in_its_place_leads_nobody_out_of_the_container(
    holdfast: Holdfast, container17: Server, victim: Path, format: str
) -> None:
    database = small(container17, container17.unique())
    holdfast.define("library", container17, database, format=format)
    holdfast.backup("library")
    argv = ["docker", "exec", container17.container, "sh", "-c", SWITCH.format(victim=victim)]
    with subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as switching:
        try:
            holdfast("backup", "library", status=None)
            holdfast("restore", "latest", "--into", container17.unique(), status=None)
            assert list(victim.iterdir()) == []
        finally:
            docker("exec", container17.container, "pkill", "-f", "aside-")
            switching.wait()
    docker("exec", container17.container, "sh", "-c", "rm -rf /var/tmp/.holdfast-* /var/tmp/aside-*")
    holdfast.backup("library")


def test_those_of_dead_runs_go_and_those_of_others_stay(holdfast: Holdfast, cluster15: Server) -> None:
    work = Path(cluster15.connection["work_dir"])
    # A job may have any name.
    database = large(cluster15, cluster15.unique(), 2)
    holdfast.define("verify", cluster15, database, format="directory", compression="none")
    made = holdfast.backup("verify")
    run = holdfast.start("verify", made["id"])
    try:
        (left,) = wait_until(lambda: list(work.glob(".holdfast-*")), "there is a workspace")
    finally:
        processes.kill(run)
    link, theirs = (work / f"{left.name[:-8]}{number:08}" for number in (1, 2))
    link.symlink_to("/etc")
    theirs.mkdir()
    shutil.chown(theirs, "nobody")
    try:
        holdfast("verify", made["id"])
        assert not left.exists()
        holdfast.backup("verify")
        assert link.is_symlink() and theirs.is_dir()
    finally:
        link.unlink()
        theirs.rmdir()
