# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Break the code on purpose, one promise at a time, and say which changes no test notices."""

from __future__ import annotations

import argparse
import os
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from xml.etree import ElementTree

from ansible_collections.holdfast.postgres.tests.mutants.table import Mutant, read, unfit

TOP = Path(__file__).resolve().parents[2]
PASSED, FAILED = 0, 1
NOTICED, SURVIVED, BROKEN = "noticed", "SURVIVED", "ERROR"
# Of what the tests take on sound code: a mutant may make them wait.
PATIENCE = 5


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
        tests = sorted({test for one in mutants for test in one.noticed_by})
        print(f"{len(tests)} tests on the code as it is", flush=True)
        first = copies.get()
        status, seconds = _run(first, tests, None)
        copies.put(first)
        if status != PASSED:
            print(f"they fail; see {_output(first)}", file=sys.stderr)
            print(_output(first).read_text(encoding="utf-8")[-4000:], file=sys.stderr)
            return 2
        limit = 60 + PATIENCE * seconds
        with ThreadPoolExecutor(arguments.jobs) as pool:
            outcomes = list(pool.map(lambda one: _try(one, copies, limit), mutants))
    bad = [f"{outcome}: {one.title}" for one, outcome in zip(mutants, outcomes) if outcome != NOTICED]
    print(*bad, f"{len(mutants)} mutants, {len(mutants) - len(bad)} noticed", sep="\n")
    return 1 if bad else 0


def _try(mutant: Mutant, copies: queue.Queue[Path], limit: float) -> str:
    """Apply it in a copy that nobody else uses, and run the tests that must fail."""
    copy = copies.get()
    file = copy / mutant.file
    sound = file.read_bytes()
    try:
        file.write_text(mutant.applied(sound.decode("utf-8")), encoding="utf-8")
        status, seconds = _run(copy, mutant.noticed_by, limit)
        if status is None or (status == FAILED and _failures(copy)):
            outcome = NOTICED
        else:
            # A test that cannot even begin has noticed nothing.
            outcome = SURVIVED if status == PASSED else BROKEN
        said = outcome if status is not None else f"{outcome}, the tests did not end"
        print(f"{said:10}  {seconds:5.0f} s  {mutant.title}", flush=True)
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


def _run(copy: Path, tests: Sequence[str], limit: float | None) -> tuple[int | None, float]:
    """Return pytest's status, None when it did not end within the limit, and the seconds."""
    command = [str(copy / ".venv/bin/pytest"), "-x", "-q", "-p", "no:cacheprovider", f"--junitxml={_report(copy)}"]
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
            status: int | None = process.wait(limit)
        except subprocess.TimeoutExpired:
            status = None
        finally:
            if process.poll() is None:
                # pytest ends its servers when it is interrupted.
                os.killpg(process.pid, signal.SIGINT)
                try:
                    process.wait(60)
                except subprocess.TimeoutExpired:
                    os.killpg(process.pid, signal.SIGKILL)
                    process.wait()
    return status, time.monotonic() - begun


def _failures(copy: Path) -> int:
    suites = ElementTree.parse(_report(copy)).getroot().iter("testsuite")
    return sum(int(suite.attrib["failures"]) for suite in suites)


def _report(copy: Path) -> Path:
    return copy.with_suffix(".xml")


def _output(copy: Path) -> Path:
    return copy.with_suffix(".txt")


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
