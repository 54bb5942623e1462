# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Brings a backup to the controller, and checks it there."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ansible_collections.holdfast.postgres.plugins.module_utils._core.errors import HoldfastError, NoSpace
from ansible_collections.holdfast.postgres.plugins.module_utils._core.units import count, size
from ansible_collections.holdfast.postgres.plugins.plugin_utils.connection import (
    leave_out_compression,
    notice_its_death,
)
from ansible_collections.holdfast.postgres.plugins.plugin_utils.incoming import (
    alone,
    is_there,
    plain_name,
    private,
    receive,
)
from ansible_collections.holdfast.postgres.plugins.plugin_utils.pieces import PIECE, Pieces
from ansible_collections.holdfast.postgres.plugins.plugin_utils.telling import tell

Result = dict[str, Any]


class ActionModule(ActionBase):
    TRANSFERS_FILES = True
    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: Result | None = None) -> Result:
        result: Result = super().run(tmp, task_vars)
        _valid, arguments = self.validate_argument_spec(
            {
                "job": {"type": "str"},
                "definition": {"type": "dict"},
                "backup": {"type": "str", "default": "latest"},
                "dest": {"type": "str", "default": "fetched"},
            },
            mutually_exclusive=[("job", "definition")],
        )
        notice_its_death(self._connection)
        leave_out_compression(self._connection)
        self._host = str((task_vars or {}).get("inventory_hostname", ""))
        asked = {name: arguments[name] for name in ("job", "definition", "backup") if arguments[name] is not None}
        found = self._execute_module("holdfast.postgres.backup_info", asked, task_vars=task_vars)
        if found.get("failed") or found.get("unreachable"):
            return {**result, **found}
        try:
            # Relative to where the command is run, never to the playbook, which may lie in an installed collection.
            below = Path(arguments["dest"]).expanduser().absolute()
            directory = below / plain_name(self._host) / plain_name(found["backup"]["id"])
            return {**result, **self._bring(found["backup"], directory)}
        except (HoldfastError, OSError) as error:
            raise AnsibleActionFail(str(error)) from error

    def _bring(self, backup: Result, directory: Path) -> Result:
        artifacts = backup["artifacts"]
        missing = [
            one for one in artifacts if not is_there(directory / plain_name(one["file"]), one["size"], one["sha256"])
        ]
        result = {"directory": str(directory), "backup": backup, "fetched": [one["file"] for one in missing]}
        if self._task.check_mode:
            complete = not missing and (directory / f"{backup['id']}.manifest.json").is_file()
            return {**result, "changed": not complete, "summary": [_plan(backup, missing, directory)]}
        private(directory)
        with alone(directory):
            _check_room(directory, sum(one["size"] for one in missing))
            with Pieces(self, directory) as pieces:
                for artifact in missing:
                    self._fetch(pieces, backup, artifact, directory)
                # Without a manifest it is no backup, here neither: the manifest comes last.
                small = [self._fetch_small(pieces, backup, directory, end) for end in ("sha256", "manifest.json")]
        told = f"{backup['id']} is in {directory}, complete and unchanged."
        return {**result, "changed": bool(missing) or any(small), "summary": [told]}

    def _fetch(self, pieces: Pieces, backup: Result, artifact: Result, directory: Path) -> None:
        name, whole = artifact["file"], artifact["size"]
        with receive(directory / name) as incoming:
            # What an earlier attempt left may never have reached the disk whole.
            for resumed in (True, False) if 0 < incoming.size < whole else (False,):
                if not resumed:
                    incoming.forget()
                told = self._telling(name, incoming.size, whole)
                pieces.take(f"{backup['directory']}/{name}", incoming, whole, told)
                if incoming.matches(artifact["sha256"]):
                    incoming.publish()
                    return
            raise incoming.damaged()

    def _fetch_small(self, pieces: Pieces, backup: Result, directory: Path, end: str) -> bool:
        """Whether the file was not there, or another one."""
        name = f"{backup['id']}.{end}"
        with receive(directory / name) as incoming:
            incoming.forget()
            pieces.take(f"{backup['directory']}/{name}", incoming, None, lambda _arrived: None)
            return incoming.publish()

    def _telling(self, name: str, begin: int, whole: int) -> Callable[[int], None]:
        since = time.monotonic()

        def told(arrived: int) -> None:
            if not self._task.no_log:
                speed = size((arrived - begin) / max(time.monotonic() - since, 0.001))
                tell(self._host, f"{time.strftime('%H:%M:%S')}  {name}: {size(arrived)} of {size(whole)}, {speed}/s")

        return told


def _plan(backup: Result, missing: list[Result], directory: Path) -> str:
    if not missing:
        return f"{backup['id']} is in {directory} already."
    octets = size(sum(one["size"] for one in missing))
    return f"would fetch {count(len(missing), 'file')} ({octets}) of {backup['id']} to {directory}"


def _check_room(directory: Path, needed: int) -> None:
    arrived = sum(path.stat().st_size for path in directory.glob(".*.part"))
    free = shutil.disk_usage(directory).free
    if needed - arrived + PIECE > free:
        raise NoSpace(
            str(directory),
            f"{size(free)} are free, and {size(needed - arrived + PIECE)} are needed",
            "Free space, or name another directory with dest.",
        )
