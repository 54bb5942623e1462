# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an older backup system left in the schedules of a host, and that goes on beside ours: pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePosixPath

from ansible_collections.holdfast.postgres.plugins.module_utils._core.visible import visible

# What grep writes with --null and --line-number: a path, an octet 0, a number, a colon, the line
FOUND = re.compile(r"([^\0\n]+)\0(\d+):(.*)")
DUMP = re.compile(r"\bpg_dump(all)?\b")
# cron and run-parts pass over files of other names, such as those with a dot.
RUN = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
SECRET = re.compile(r"""(\bPGPASSWORD=|://[^\s:/@]*:)('[^']*'|"[^"]*"|[^\s@'"]+)""")


def told(grep: str, crontabs: str, scripts: Sequence[str]) -> list[str]:
    """What to tell of the lines that grep found: where each one is, the line without passwords, and what to do.

    grep: its output, of the lines that may start a dump; crontabs: the directory of the users' crontabs; scripts: the
    names of scripts that this system has replaced.
    """
    words = re.compile("|".join(rf"(?<![\w.-]){re.escape(word)}(?![\w.-])" for word in scripts))
    text = []
    for found in FOUND.finditer(grep):
        path, line = PurePosixPath(found[1]), SECRET.sub(r"\1***", found[3].strip())
        theirs = str(path.parent) == crontabs
        if (words.search(line) or DUMP.search(line)) and _is_run(path, line, theirs):
            # crontab -e leaves out the first lines of the file, which say not to edit it.
            where = f"the crontab of {path.name}" if theirs else f"{path}, line {found[2]}"
            text += [visible(f"{where}: {line}"), visible(_next_step(path, theirs))]
    return text


def _is_run(path: PurePosixPath, line: str, theirs: bool) -> bool:
    if path.parent.name == "system":
        return path.suffix == ".service" and line.startswith("Exec")
    return not line.startswith("#") and (theirs or RUN.fullmatch(path.name) is not None)


def _next_step(path: PurePosixPath, theirs: bool) -> str:
    if path.suffix == ".service":
        return f"  -> systemctl disable --now {path.stem}.timer, or whatever else starts it"
    if theirs:
        return f"  -> crontab -e -u {path.name}, and delete that line"
    if path.parent.name.startswith("cron.") and path.parent.name != "cron.d":
        return f"  -> delete that file, or that line of it: {path}"
    return f"  -> delete that line of {path}"
