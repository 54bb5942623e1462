# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The directories where PostgreSQL's programs work: whoever rules the container leads nobody out of it, and those of
dead runs go, whatever they were for."""

from __future__ import annotations

import io
import secrets
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.holdfast.postgres.plugins.module_utils._core.postgresql.living import Run
from ansible_collections.holdfast.postgres.tests.integration import processes
from ansible_collections.holdfast.postgres.tests.integration.program import Holdfast
from ansible_collections.holdfast.postgres.tests.integration.sabotage import replace
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
    holdfast.define("library", cluster15, database, format="directory", globals=False)
    run = holdfast.start("verify", made["id"])
    try:
        (left,) = wait_until(lambda: list(work.glob(".holdfast-*")), "there is a workspace")
        # It is at work as long as it is there, however long that takes.
        processes.stop(run.pid)
        holdfast.backup("library")
        assert left.is_dir()
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


def test_those_of_other_users_stay_for_root_too(holdfast: Holdfast, container15: Server, tcp15: dict[str, Any]) -> None:
    dead = str(Run.ours()).rpartition(".")[0] + ".0"
    ours, theirs = (Path(f"/var/tmp/.holdfast-library-{dead}.{secrets.token_hex(4)}") for number in (1, 2))
    for directory in (ours, theirs):
        directory.mkdir()
    shutil.chown(theirs, "nobody")
    holdfast.define("library", tcp15, small(container15, container15.unique()), globals=False)
    holdfast.backup("library")
    assert theirs.is_dir() and not ours.exists()
    theirs.rmdir()


@pytest.mark.parametrize("reach", ["tcp15", "cluster15"])
def test_a_directory_archive_that_names_a_file_of_the_host_does_not_get_it(
    reach: str, request: pytest.FixtureRequest, holdfast: Holdfast, victim: Path
) -> None:
    server: Server = request.getfixturevalue("container15" if reach == "tcp15" else reach)
    connection = request.getfixturevalue(reach) if reach == "tcp15" else server
    database = small(server, server.unique())
    with server.connect(database) as session:
        session.execute("CREATE TABLE taken (line text); INSERT INTO taken VALUES ('own')")
    options = {"format": "directory", "compression": "none", "proof": "none"}
    repository = holdfast.define("library", connection, database, **options)
    made = holdfast.backup("library")
    secret = victim / "x"
    secret.write_text("secret\n\\.\n", encoding="utf-8")
    secret.chmod(0o600)
    path = repository / made["artifacts"][0]["file"]
    replace(repository, made["id"], path, naming(path.read_bytes(), secret))
    if reach == "tcp15":
        into = server.unique()
        told = holdfast("restore", made["id"], "--into", into, status=1).err
        assert into not in server.names()
        told += holdfast("restore", made["id"], "--in-place", status=1).err
        assert server.query("TABLE taken", database) == [("own",)]
    else:
        told = holdfast("drill", made["id"], status=1).err
    assert "could not open" in told and secret.name in told
    assert "secret" not in told


def naming(octets: bytes, file: Path) -> bytes:
    """A directory archive whose rows of the table taken are said to be in another file."""
    found = io.BytesIO()
    with tarfile.open(fileobj=io.BytesIO(octets)) as old, tarfile.open(fileobj=found, mode="w") as new:
        members = {member.name: old.extractfile(member) for member in old}
        contents = {name: source.read() for name, source in members.items() if source is not None}
        (row,) = (name for name, content in contents.items() if content.startswith(b"own\n"))
        name = Path(row).name.encode()
        told = b"../../../../../.." + str(file).encode()
        for key, content in contents.items():
            if key.endswith("toc.dat"):
                # A string is written as a sign and four octets of length. Source: WriteStr in pg_backup_archiver.c.
                before = b"\0" + len(name).to_bytes(4, "little") + name
                assert content.count(before) == 1
                content = content.replace(before, b"\0" + len(told).to_bytes(4, "little") + told)
            member = tarfile.TarInfo(key)
            member.size = len(content)
            new.addfile(member, io.BytesIO(content))
    return found.getvalue()
