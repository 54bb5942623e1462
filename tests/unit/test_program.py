# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from ansible_collections.holdfast.postgres.plugins.module_utils import _core
from ansible_collections.holdfast.postgres.plugins.plugin_utils.program import build

CORE = Path(_core.__file__).parent


@pytest.fixture
def program(tmp_path: Path) -> Path:
    path = tmp_path / "holdfast"
    path.write_bytes(build(CORE))
    path.chmod(0o755)
    return path


def test_two_checkouts_of_the_same_sources_make_the_same_bytes(tmp_path: Path) -> None:
    copy = tmp_path / "elsewhere"
    shutil.copytree(CORE, copy)
    for path in copy.rglob("*"):
        os.utime(path, (1, 1))
        path.chmod(0o700)
    assert build(copy) == build(CORE)


def test_a_changed_source_makes_another_program(tmp_path: Path) -> None:
    copy = tmp_path / "elsewhere"
    shutil.copytree(CORE, copy)
    (copy / "errors.py").write_text("changed = True\n", encoding="utf-8")
    assert build(copy) != build(CORE)


def test_bytecode_is_left_out(tmp_path: Path) -> None:
    copy = tmp_path / "elsewhere"
    shutil.copytree(CORE, copy)
    before = build(copy)
    (copy / "__pycache__").mkdir(exist_ok=True)
    (copy / "__pycache__" / "cli.cpython-399.pyc").write_bytes(b"bytecode")
    assert build(copy) == before


def test_it_runs_away_from_the_checkout_with_the_interpreter_of_the_distribution(program: Path) -> None:
    environment = {"PATH": "/usr/bin:/bin"}
    run = subprocess.run([str(program), "--help"], cwd="/", env=environment, capture_output=True, text=True, check=True)
    assert run.stdout.startswith("usage: holdfast ")
    assert not run.stderr


def test_help_comes_at_once(program: Path) -> None:
    def seconds() -> float:
        start = time.monotonic()
        subprocess.run([str(program), "--help"], capture_output=True, check=True)
        return time.monotonic() - start

    # The best of a few: the machine may be busy, the program may not be slow.
    assert min(seconds() for _attempt in range(5)) < 0.15
