# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The program as users run it: one file, the distribution's interpreter, its own directories."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PYTHON = "/usr/bin/python3"
# Nothing starts these jobs, and nothing of theirs is overdue.
UNSCHEDULED = {"schedule": "", "drill_schedule": ""}


@dataclass(frozen=True)
class Result:
    status: int
    out: str
    err: str

    @property
    def data(self) -> dict[str, Any]:
        return json.loads(self.out)


class Holdfast:
    """An installation of the program under a directory. Called, it runs a command."""

    def __init__(self, program: Path, home: Path) -> None:
        self.program = program
        self.home = home
        self.backups = home / "backups"
        # What runs the program, such as nohup
        self.prefix: tuple[str, ...] = ()
        self.environment = {
            **os.environ,
            **{f"HOLDFAST_{name}_DIR": str(home / name.lower()) for name in ("CONFIG", "STATE", "RUN")},
            "HOLDFAST_BACKUP_DIR": str(self.backups),
            # What a cron job has
            "PATH": "/usr/bin:/bin",
        }
        self.jobs = home / "config" / "jobs"
        self.jobs.mkdir(parents=True)

    def define(self, name: str, server: Any, *databases: str | dict[str, str], **rest: Any) -> Path:
        """Deploy a job; its repository. server is a server or a connection."""
        connection = server if isinstance(server, dict) else server.connection
        sources = [{"database": source} if isinstance(source, str) else source for source in databases]
        definition = {"name": name, "connection": connection, "databases": sources, **UNSCHEDULED, **rest}
        self.write(name, json.dumps(definition))
        return Path(rest.get("repository") or self.backups / name)

    def write(self, name: str, text: str) -> None:
        (self.jobs / f"{name}.json").write_text(text, encoding="utf-8")

    def argv(self, *args: str | Path) -> list[str]:
        return [*self.prefix, PYTHON, str(self.program), *map(str, args)]

    def __call__(self, *args: str | Path, status: int | None = 0, env: dict[str, str] | None = None) -> Result:
        """Run to the end; AssertionError, with all that was printed, unless it exits with that status."""
        done = subprocess.run(
            self.argv(*args),
            env={**self.environment, **(env or {})},
            cwd="/",
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        if status is not None and done.returncode != status:
            raise AssertionError(
                f"holdfast {' '.join(map(str, args))}: exit status {done.returncode}, not {status}\n"
                f"{done.stdout}{done.stderr}"
            )
        if "Traceback" in done.stderr:
            raise AssertionError(f"holdfast {' '.join(map(str, args))}: {done.stderr}")
        return Result(done.returncode, done.stdout, done.stderr)

    def json(self, *args: str | Path, status: int = 0) -> dict[str, Any]:
        """What a command tells with --json."""
        return self(*args, "--json", status=status).data

    def backup(self, job: str) -> dict[str, Any]:
        """Make a backup; its manifest."""
        return self.json("backup", job)

    def start(self, *args: str | Path, env: dict[str, str] | None = None) -> subprocess.Popen[str]:
        """Run in the background. Whoever calls this waits for it or kills it."""
        return subprocess.Popen(
            self.argv(*args),
            env={**self.environment, **(env or {})},
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def history(self, job: str) -> list[dict[str, Any]]:
        text = (self.home / "state" / job / "history.jsonl").read_text(encoding="utf-8")
        return [json.loads(line) for line in text.splitlines()]
