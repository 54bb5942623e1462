# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a backup looks like on the disk, and that nobody needs this software to use it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.holdfast.postgres.tests.integration import files, servers
from ansible_collections.holdfast.postgres.tests.integration.content import assert_same, content
from ansible_collections.holdfast.postgres.tests.integration.program import Holdfast
from ansible_collections.holdfast.postgres.tests.integration.sample import WEIRD, small
from ansible_collections.holdfast.postgres.tests.integration.servers import Server


def test_names_and_modes_are_the_promised_ones(holdfast: Holdfast, cluster15: Server) -> None:
    database = small(cluster15, cluster15.unique())
    repository = holdfast.define("library", cluster15, database, format="plain", compression="gzip")
    made = holdfast.backup("library")

    stamp = made["id"].removeprefix("library_")
    assert files.visible(repository) == sorted(
        [
            f"{database}_{stamp}.proof.json",
            f"{database}_{stamp}.sql.gz",
            f"globals_{stamp}.sql.gz",
            f"library_{stamp}.manifest.json",
            f"library_{stamp}.sha256",
        ]
    )
    assert files.hidden(repository) == []
    assert repository.stat().st_mode & 0o7777 == 0o700
    assert {path.stat().st_mode & 0o7777 for path in repository.iterdir()} == {0o600}
    assert made["created"] == f"{stamp[:4]}-{stamp[4:6]}-{stamp[6:8]}T{stamp[9:11]}:{stamp[11:13]}:{stamp[13:]}Z"
    assert made["created"] <= made["finished"] <= made["verified"]["at"]


def test_a_repository_that_others_could_read_is_closed(holdfast: Holdfast, cluster15: Server) -> None:
    repository = holdfast.define("library", cluster15, small(cluster15, cluster15.unique()))
    repository.mkdir(parents=True)
    repository.chmod(0o755)
    holdfast.backup("library")
    assert repository.stat().st_mode & 0o7777 == 0o700


def test_sha256sum_checks_a_backup(holdfast: Holdfast, cluster15: Server) -> None:
    repository = holdfast.define("library", cluster15, small(cluster15, cluster15.unique()))
    made = holdfast.backup("library")
    check = ["sha256sum", "--strict", "-c", f"{made['id']}.sha256"]
    assert subprocess.run(check, cwd=repository, capture_output=True, text=True, check=True).stdout.count(": OK") == 3
    files.flip_bit(files.artifact(repository, made))
    assert subprocess.run(check, cwd=repository, capture_output=True, check=False).returncode == 1


@pytest.mark.parametrize(
    ("format", "compression"), [("plain", "gzip"), ("custom", "zstd"), ("custom", "none"), ("directory", "zstd")]
)
def test_the_lines_of_the_manifest_restore_it_with_a_shell_alone(
    holdfast: Holdfast, container15: Server, tcp15: dict[str, Any], samples: Any, format: str, compression: str
) -> None:
    expected = samples(container15)
    source = {"database": WEIRD, "name": "weird"}
    repository = holdfast.define("library", tcp15, source, format=format, compression=compression)
    made = holdfast.backup("library")
    container15.databases.append(f"{WEIRD}_restored")

    lines = [line for one in reversed(made["artifacts"]) for line in one["by_hand"]]
    person = {"PGHOST": "127.0.0.1", "PGPORT": str(container15.port), "PGUSER": "postgres"}
    environment = {**os.environ, **person, "PGPASSWORD": servers.PASSWORD}
    for line in lines:
        subprocess.run(["sh", "-ec", line], cwd=repository, env=environment, capture_output=True, check=True)
    assert_same(content(container15, f"{WEIRD}_restored", itself=False), {**expected, "database": None})


@pytest.mark.parametrize("format", ["plain", "custom", "directory"])
def test_the_lines_work_inside_a_container_of_17(
    holdfast: Holdfast, container17: Server, samples: Any, format: str
) -> None:
    expected = samples(container17)
    source = {"database": WEIRD, "name": "weird"}
    repository = holdfast.define("library", container17, source, format=format, compression="gzip", globals=False)
    made = holdfast.backup("library")
    container17.databases.append(f"{WEIRD}_restored")

    servers.docker("cp", str(repository), f"{container17.container}:/root/{format}")
    inside = ["docker", "exec", "--workdir", f"/root/{format}", "--env", "PGUSER=postgres", container17.container]
    for line in made["artifacts"][0]["by_hand"]:
        subprocess.run([*inside, "sh", "-ec", line], capture_output=True, check=True)
    assert_same(content(container17, f"{WEIRD}_restored", itself=False), {**expected, "database": None})


def test_show_tells_the_same_lines(holdfast: Holdfast, cluster15: Server) -> None:
    repository = holdfast.define("library", cluster15, small(cluster15, cluster15.unique()))
    made = holdfast.backup("library")
    text = holdfast("show", made["id"]).out
    lines = [line for one in made["artifacts"] for line in one["by_hand"]]
    assert len(lines) == 3
    assert all(line in text for line in [*lines, f"cd {repository}", f"sha256sum -c {made['id']}.sha256"])
    assert holdfast.json("show", Path(made["id"]))["artifacts"] == made["artifacts"]
