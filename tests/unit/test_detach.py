# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ansible_collections.holdfast.postgres.plugins.module_utils._core import detach

# The first one takes its time to tell; the second deletes at its end what both need.
BOTH = """
import importlib.util, os, sys, time
from pathlib import Path
spec = importlib.util.spec_from_file_location("detach", sys.argv[1])
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
home = Path(sys.argv[2])
if module.detach(home / "output", home / "errors"):
    print("going on", flush=True)
    time.sleep(float(sys.argv[3]))
    print((home / "needed").read_text(), flush=True)
    os._exit(0)
(home / "needed").unlink()
print("done")
"""


def started(home: Path, pause: float) -> subprocess.Popen[str]:
    (home / "needed").write_text("there", encoding="utf-8")
    words = [sys.executable, "-c", BOTH, str(detach.__file__), str(home), str(pause)]
    return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def done(home: Path) -> str:
    """What the second one printed, once it has ended; both end soon, or never."""
    for _attempt in range(200):
        text = (home / "output").read_text(encoding="utf-8")
        if text:
            return text
        time.sleep(0.05)
    return ""


def test_the_second_waits_until_the_first_has_told(tmp_path: Path) -> None:
    first = started(tmp_path, 0.5)
    assert first.communicate(timeout=30)[0] == "going on\nthere\n"
    assert done(tmp_path) == "done\n"


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGHUP])
def test_the_second_goes_on_when_the_first_is_killed(tmp_path: Path, ending: signal.Signals) -> None:
    first = started(tmp_path, 600)
    assert first.stdout is not None and first.stdout.readline() == "going on\n"
    first.send_signal(ending)
    first.communicate(timeout=30)
    assert done(tmp_path) == "done\n"
