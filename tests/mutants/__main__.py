# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Break the code on purpose, one promise at a time, and say which changes no test notices."""

from __future__ import annotations

import argparse
import os
import queue
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ansible_collections.holdfast.postgres.tests.mutants.table import Mutant, read, unfit

TOP = Path(__file__).resolve().parents[2]
PASSED, FAILED = 0, 1
NOTICED, SURVIVED, BROKEN = "noticed", "SURVIVED", "ERROR"
FAILED_TEST = re.compile(r"^FAILED (.+?)(?: - .*)?$", re.MULTILINE)
# Seconds: a mutant may make its tests wait.
PATIENCE = 900
STOPPED = threading.Event()
# The tests that were seen to pass on the code as it is
SOUND: set[str] = set()


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="make mutants", description=__doc__)
    parser.add_argument("words", nargs="*", help="only mutants whose table, file or promise has one of these words")
    parser.add_argument("--jobs", type=int, default=2, help="how many at a time (2)")
    arguments = parser.parse_args(argv)

    mutants = [one for one in read() if not arguments.words or any(word in one.title for word in arguments.words)]
    misfits = [f"{one.title}: {problem}" for one in mutants if (problem := unfit(one, TOP))]
    if misfits or not mutants:
        print(*misfits or ["there is no such mutant"], sep="\n", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="holdfast-mutants-") as scratch:
        copies: queue.Queue[Path] = queue.Queue()
        for number in range(arguments.jobs):
            copies.put(_copy(Path(scratch, str(number))))
        with ThreadPoolExecutor(arguments.jobs) as pool:
            try:
                outcomes = list(pool.map(lambda one: _try(one, copies), mutants))
            except KeyboardInterrupt:
                STOPPED.set()
                pool.shutdown(cancel_futures=True)
                raise
    bad = [f"{outcome}: {one.title}" for one, outcome in zip(mutants, outcomes) if not outcome.startswith(NOTICED)]
    print(*bad, f"{len(mutants)} mutants, {len(mutants) - len(bad)} noticed", sep="\n")
    return 1 if bad else 0


def _try(mutant: Mutant, copies: queue.Queue[Path]) -> str:
    """Apply it in a copy that nobody else uses, and run the tests that must notice; what came of it."""
    copy = copies.get()
    file = copy / mutant.file
    sound = file.read_bytes()
    begun = time.monotonic()
    try:
        file.write_text(mutant.applied(sound.decode("utf-8")), encoding="utf-8")
        status = _run(copy, mutant.noticed_by)
        failed = FAILED_TEST.findall(_output(copy).read_text(encoding="utf-8"))
        file.write_bytes(sound)
        # A test that cannot even begin has noticed nothing, nor has one that fails on sound code.
        if status == PASSED:
            outcome = SURVIVED
        elif status is None:
            outcome = f"{NOTICED}, by tests that did not end"
        elif status == FAILED and failed and (failed[0] in SOUND or _run(copy, failed[:1]) == PASSED):
            SOUND.add(failed[0])
            outcome = NOTICED
        else:
            outcome = BROKEN
        print(f"{outcome:10}  {time.monotonic() - begun:5.0f} s  {mutant.title}", flush=True)
        if outcome == BROKEN:
            print(_output(copy).read_text(encoding="utf-8")[-3000:], flush=True)
        return outcome
    finally:
        file.write_bytes(sound)
        copies.put(copy)


def _copy(where: Path) -> Path:
    """Every file of the checkout that git knows or would take, seen as an installed collection."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=TOP,
        capture_output=True,
        check=True,
    )
    for name in listed.stdout.decode().split("\0")[:-1]:
        if (TOP / name).is_file():
            (where / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(TOP / name, where / name)
    (where / ".build/ansible_collections/holdfast").mkdir(parents=True)
    (where / ".build/ansible_collections/holdfast/postgres").symlink_to(where)
    (where / ".venv").symlink_to((TOP / ".venv").resolve())
    return where


def _run(copy: Path, tests: Sequence[str]) -> int | None:
    """Return pytest's status, or None when it did not end in time."""
    command = [str(copy / ".venv/bin/pytest"), "-x", "-q", "-p", "no:cacheprovider"]
    environment = {
        **os.environ,
        "ANSIBLE_COLLECTIONS_PATH": str(copy / ".build"),
        # Compiled code is told from its source by the second, and a mutant comes and goes within one.
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    begun = time.monotonic()
    with _output(copy).open("w", encoding="utf-8") as output:
        process = subprocess.Popen(
            [*command, *tests],
            cwd=copy,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            while process.poll() is None and not STOPPED.is_set():
                if time.monotonic() - begun > PATIENCE:
                    break
                time.sleep(0.2)
            status = process.poll()
        finally:
            if process.poll() is None:
                # pytest ends its servers when it is interrupted.
                os.killpg(process.pid, signal.SIGINT)
                try:
                    process.wait(60)
                except subprocess.TimeoutExpired:
                    os.killpg(process.pid, signal.SIGKILL)
                    process.wait()
    return status


def _output(copy: Path) -> Path:
    return copy.with_suffix(".txt")


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
