# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What somebody else rules leads nowhere else: links, archives, and the names of dead runs."""

from __future__ import annotations

import io
import os
import subprocess
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

from ansible_collections.holdfast.postgres.plugins.module_utils._core.beneath import open_beneath
from ansible_collections.holdfast.postgres.plugins.module_utils._core.errors import ProgramFailed
from ansible_collections.holdfast.postgres.plugins.module_utils._core.postgresql.living import Run
from ansible_collections.holdfast.postgres.plugins.module_utils._core.postgresql.unpacking import unpack

LINKS = {"short": "a", "absolute": "/a/b", "out": "/etc", "far": "../../../etc", "round": "round"}


@pytest.mark.parametrize(
    ("path", "leads_to"),
    [
        ("/a/b", "a/b"),
        ("a//./b", "a/b"),
        ("short/b", "a/b"),
        ("absolute", "a/b"),
        ("a/../a", "a"),
        ("..", ""),
        ("a/b/../../../..", ""),
        ("out", None),
        ("far", None),
        ("round", None),
        ("/etc", None),
        ("missing", None),
    ],
)
def test_nothing_leads_out(tmp_path: Path, path: str, leads_to: str | None):
    (tmp_path / "a/b").mkdir(parents=True)
    for name, target in LINKS.items():
        (tmp_path / name).symlink_to(target)
    root = os.open(tmp_path, os.O_PATH | os.O_DIRECTORY)
    before = len(list(Path("/proc/self/fd").iterdir()))
    try:
        if leads_to is None:
            with pytest.raises(OSError):
                open_beneath(root, path)
        else:
            found = open_beneath(root, path, os.O_RDONLY | os.O_DIRECTORY)
            assert os.path.samestat(os.fstat(found), (tmp_path / leads_to).stat())
            os.close(found)
        assert len(list(Path("/proc/self/fd").iterdir())) == before
    finally:
        os.close(root)


def archive(*members: tuple[str, bytes]) -> io.BufferedReader:
    octets = io.BytesIO()
    with tarfile.open(fileobj=octets, mode="w") as target:
        for name, kind in members:
            member = tarfile.TarInfo(name)
            member.type, member.size, member.linkname = kind, 3 * (kind == tarfile.REGTYPE), "/etc/passwd"
            target.addfile(member, io.BytesIO(b"row") if member.size else None)
    octets.seek(0)
    return io.BufferedReader(octets)


def test_files_side_by_side_are_unpacked(tmp_path: Path):
    directory = os.open(tmp_path, os.O_RDONLY)
    unpack([], archive(("./", tarfile.DIRTYPE), ("./toc.dat", tarfile.REGTYPE), ("7.dat", tarfile.REGTYPE)), directory)
    os.close(directory)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"toc.dat": b"row", "7.dat": b"row"}


@pytest.mark.parametrize(
    ("name", "kind"),
    [("../x", tarfile.REGTYPE), ("/tmp/x", tarfile.REGTYPE), ("d/x", tarfile.REGTYPE), ("d", tarfile.DIRTYPE)]
    + [("x", kind) for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE)]
    + [("there", tarfile.REGTYPE)],
)
def test_nothing_else_is_and_nothing_is_followed(tmp_path: Path, name: str, kind: bytes):
    (tmp_path / "inside").mkdir()
    (tmp_path / "inside/there").symlink_to(tmp_path / "victim")
    directory = os.open(tmp_path / "inside", os.O_RDONLY)
    with pytest.raises(ProgramFailed):
        unpack([], archive((name, kind)), directory)
    os.close(directory)
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["inside", "there"]


def test_a_run_is_known_to_be_alive_or_not():
    ours = Run.ours()
    assert ours.alive and Run.parse(str(ours)) == ours
    assert not replace(ours, start=ours.start + 1).alive
    assert not replace(ours, boot="00000000").alive
    # Of another host nobody here knows.
    assert replace(ours, host="00000000", start=0).alive
    with subprocess.Popen(["true"]) as process:
        process.wait()
    assert not replace(ours, process=process.pid).alive
