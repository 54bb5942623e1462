# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where things are kept on a host."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Places:
    """The directories of an installation.

    config:  job definitions, ``jobs/<job>.json``, and the secrets beside them
    state:   ``<job>/history.jsonl``
    run:     ``<job>.lock``, ``.<job>.drill.lock``, and ``.drills.lock``
    backups: the repositories of jobs that do not name their own
    """

    config: Path = Path("/etc/holdfast")
    state: Path = Path("/var/lib/holdfast")
    run: Path = Path("/run/holdfast")
    backups: Path = Path("/var/backups/holdfast")

    @classmethod
    def from_environment(cls) -> Places:
        """The defaults, each replaced by its ``HOLDFAST_*_DIR`` variable when that is set."""
        default = cls()
        return cls(
            config=Path(os.environ.get("HOLDFAST_CONFIG_DIR", default.config)),
            state=Path(os.environ.get("HOLDFAST_STATE_DIR", default.state)),
            run=Path(os.environ.get("HOLDFAST_RUN_DIR", default.run)),
            backups=Path(os.environ.get("HOLDFAST_BACKUP_DIR", default.backups)),
        )

    def definition(self, job: str) -> Path:
        return self.config / "jobs" / f"{job}.json"

    def history(self, job: str) -> Path:
        return self.state / job / "history.jsonl"

    def lock(self, job: str) -> Path:
        return self.run / f"{job}.lock"

    def drill_lock(self, job: str) -> Path:
        # No job's name begins with a dot.
        return self.run / f".{job}.drill.lock"

    def drills_lock(self) -> Path:
        return self.run / ".drills.lock"
