# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Backups that are brought to the operator's machine, by ssh, as a user who may not read them."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.holdfast.postgres.plugins.module_utils._core.repository.manifest import Artifact, Manifest
from ansible_collections.holdfast.postgres.tests.integration.hosts import USER, Host, host

BACKUP = "library_20261120_020000"
DUMP = f"{BACKUP}.dump.zst"
REPOSITORY = "/var/backups/holdfast/library"
# More than one piece, and more than the controller may have in its memory
MEGABYTES = 140
LIMIT = 100 * 1024 * 1024
# Without the compression that Ansible asks for: random octets are not worth it.
SSH = "-o ControlMaster=auto -o ControlPersist=60s"
PIECES = (f"{DUMP}: 128 MiB of 140 MiB", f"{DUMP}: 140 MiB of 140 MiB")


@pytest.fixture(scope="module")
def content() -> bytes:
    return os.urandom(MEGABYTES * 1024 * 1024)


@pytest.fixture(scope="module")
def newserver(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> Iterator[Host]:
    """A host with one job and one backup, of which only root can read anything."""
    job, repository = tmp_path_factory.mktemp("job"), tmp_path_factory.mktemp("repository") / "library"
    (job / "library.json").write_text(json.dumps({"name": "library", "databases": [{"database": "library"}]}))
    repository.mkdir()
    (repository / DUMP).write_bytes(content)
    moment, checksum = "2026-11-20T02:00:00Z", hashlib.sha256(content).hexdigest()
    artifact = Artifact(DUMP, "library", "database", "custom", "zstd", len(content), checksum, "library")
    server = {"version": "15.14", "major": 15, "title": "a server"}
    manifest = Manifest(
        *(BACKUP, "library", moment, moment, "backup", "newserver", "holdfast", server, (artifact,), {"at": moment})
    )
    (repository / f"{BACKUP}.sha256").write_text(manifest.checksums())
    (repository / f"{BACKUP}.manifest.json").write_text(manifest.to_json())
    with host(tmp_path_factory.mktemp("operator")) as made:
        made.run("mkdir", "-p", "/etc/holdfast", "/var/backups/holdfast")
        made.put(job, "/etc/holdfast/jobs")
        made.put(repository, REPOSITORY)
        yield made


@pytest.fixture
def fetched(newserver: Host) -> Path:
    """Where the backup goes to when nothing is said."""
    directory = newserver.operator / "fetched" / "newserver" / BACKUP
    if directory.is_dir():
        for path in directory.iterdir():
            path.unlink()
    return directory


def left(newserver: Host) -> list[str]:
    """What lies in Ansible's temporary directory of the user who logs in."""
    return newserver.run("find", f"/home/{USER}/.ansible/tmp", "-mindepth", "1").split()


def test_it_comes_to_where_the_command_is_run_and_only_once(newserver: Host, fetched: Path, content: bytes) -> None:
    planned = newserver.playbook("fetch_backup", "--check").told
    assert f"would fetch 1 file (140 MiB) of {BACKUP} to {fetched}" in planned
    assert "changed=1" in planned and not (newserver.operator / "fetched").exists()

    told, memory = newserver.playbook("fetch_backup")
    assert f"{BACKUP} is in {fetched}, complete and unchanged." in told
    assert [piece for piece in PIECES if piece not in told] == []
    assert 1024 * 1024 < memory < LIMIT
    assert (fetched / DUMP).read_bytes() == content
    names = {path.name: path.stat().st_mode & 0o777 for path in fetched.iterdir()}
    assert names == {DUMP: 0o600, f"{BACKUP}.sha256": 0o600, f"{BACKUP}.manifest.json": 0o600}
    assert [path.stat().st_mode & 0o777 for path in (fetched, *list(fetched.parents)[:2])] == [0o700] * 3
    assert left(newserver) == []

    told = newserver.playbook("fetch_backup").told
    assert "changed=0" in told and "MiB of" not in told
    with (fetched / DUMP).open("r+b") as stream:
        stream.write(b"rot")
    told = newserver.playbook("fetch_backup", "-e", f"dest={fetched.parents[1]}").told
    assert "changed=1" in told and (fetched / DUMP).read_bytes() == content


@pytest.mark.parametrize(("rotten", "pieces"), [(False, PIECES[1:]), (True, PIECES)], ids=["good part", "rotten part"])
def test_it_goes_on_where_an_earlier_attempt_ended(
    newserver: Host, fetched: Path, content: bytes, rotten: bool, pieces: tuple[str, ...]
) -> None:
    fetched.mkdir(parents=True, exist_ok=True)
    half = len(content) // 2
    # As a machine leaves it that lost its power
    (fetched / f".{DUMP}.part").write_bytes(bytes(half) if rotten else content[:half])
    # Without the old scp, as on systems that have done with it
    newserver.run("mv", "/usr/bin/scp", "/usr/bin/no-scp")
    try:
        told = newserver.playbook("fetch_backup").told
    finally:
        newserver.run("mv", "/usr/bin/no-scp", "/usr/bin/scp")
    assert (fetched / DUMP).read_bytes() == content
    assert sorted(path.name for path in fetched.iterdir()) == [DUMP, f"{BACKUP}.manifest.json", f"{BACKUP}.sha256"]
    assert [piece for piece in PIECES if piece in told] == list(pieces)


def test_what_was_fetched_is_published_again_under_the_lock_of_its_job(
    newserver: Host, fetched: Path, content: bytes, program: Path
) -> None:
    told = newserver.playbook("status", status=2).told
    assert "newserver: holdfast is not installed, so that it backs up nothing there." in told
    newserver.put(program, "/usr/local/bin/holdfast")
    newserver.run("chmod", "755", "/usr/local/bin/holdfast")
    newserver.playbook("fetch_backup")
    # What lies beside a backup is not uploaded.
    (fetched / "notes").write_text("mine", encoding="utf-8")
    said = {"upload": f"fetched/newserver/{BACKUP}", "into": "look", "ansible_ssh_args": SSH}
    upload = ("restore", "-e", json.dumps(said))
    newserver.run("mv", REPOSITORY, "/root/lost")
    try:
        planned = newserver.playbook(*upload, "--check").told
        assert f"Would bring {BACKUP} to the host" in planned
        assert newserver.run("ls", "-A", "/var/tmp", "/var/backups/holdfast").split() == [
            "/var/backups/holdfast:",
            "/var/tmp:",
        ]
        # There is no server to restore it into.
        told = newserver.playbook(*upload, status=2).told
        assert "TASK [Import it]" in told and "python3-psycopg" in told
        checksum = newserver.run("sha256sum", f"{REPOSITORY}/{DUMP}").split()[0]
        assert checksum == hashlib.sha256(content).hexdigest()
        (imported,) = json.loads(newserver.run("holdfast", "list", "--json"))["jobs"][0]["backups"]
        assert (imported["id"], imported["problem"]) == (BACKUP, "")
        assert newserver.run("ls", "-A", "/var/tmp") == ""
        assert newserver.run("find", REPOSITORY, "-name", "notes") == ""
        # What is there already does not come again; what is another backup is refused.
        told = newserver.playbook(*upload, status=2).told
        assert "TASK [Import it]" in told and "skipping: [newserver]" in told.partition("TASK [Import it]")[2]
        newserver.run("sed", "-Ei", r's/("sha256": ")(.{32})(.{32})/\1\3\2/', f"{REPOSITORY}/{BACKUP}.manifest.json")
        told = newserver.playbook(*upload, status=2).told
        assert f"upload: another backup {BACKUP} is in {REPOSITORY} already." in told
    finally:
        newserver.run("rm", "-rf", REPOSITORY)
        newserver.run("mv", "/root/lost", REPOSITORY)


def test_what_is_damaged_on_the_host_is_no_backup_here(newserver: Host, fetched: Path) -> None:
    path = f"{REPOSITORY}/{DUMP}"
    newserver.run("cp", path, "/root/good")
    newserver.run("sh", "-c", f"echo rot | dd of={path} conv=notrunc seek=1000 status=none")
    try:
        told = newserver.playbook("fetch_backup", status=2).told
    finally:
        newserver.run("mv", "/root/good", path)
    assert f"{DUMP}: what arrived is not what the manifest says" in told and "holdfast verify" in told
    assert list(fetched.iterdir()) == []
    assert left(newserver) == []
