# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files of a host that only root can read, brought to the controller in pieces.

The connection's own file transfer streams, but as the user who logs in, who can read none of these files. So each
piece is copied for that user alone, fetched, and deleted. Whatever the size of a file, little is needed of the host's
disk and of the controller's memory, and what has arrived need not come again.
"""

from __future__ import annotations

import contextlib
import itertools
import shlex
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from ansible.errors import AnsibleError
from ansible.plugins.action import ActionBase

from ansible_collections.holdfast.postgres.plugins.module_utils._core.errors import HoldfastError, NoSpace
from ansible_collections.holdfast.postgres.plugins.module_utils._core.units import size
from ansible_collections.holdfast.postgres.plugins.plugin_utils.connection import prefer_nothing, prefer_old_scp
from ansible_collections.holdfast.postgres.plugins.plugin_utils.incoming import Incoming

# Octets. Each piece costs two commands on the host, whatever its size.
PIECE = 128 * 1024 * 1024
LEAST = 1024 * 1024


class Pieces:
    """Takes files of the host of an action into a directory of the controller. Use it in a with statement."""

    def __init__(self, action: ActionBase, directory: Path) -> None:
        self._action = action
        self._remote = ""
        self._local = (directory / ".piece", directory / ".next")
        self._size = PIECE
        self._old_scp = prefer_old_scp(action._connection)

    def __enter__(self) -> Pieces:
        # Ansible makes its temporary directory for the user who logs in, and nobody else can enter it.
        temporary = self._action._connection._shell.tmpdir or self._action._make_tmp_path()
        self._remote = f"{temporary}/piece"
        room = int(self._run(["df", "--block-size=1", "--output=avail", temporary]).split()[-1])
        self._size = min(PIECE, room // 2)
        if self._size < LEAST:
            raise NoSpace(
                f"{temporary} on the host",
                f"{size(room)} are free, and pieces of the backup pass through it",
                "Free space there, or set ansible_remote_tmp to a directory that has it.",
            )
        # Who owns a file may read it, whoever fills it.
        self._run(["install", "-m", "600", "/dev/null", self._remote])
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        for local in self._local:
            local.unlink(missing_ok=True)
        # What went wrong before is what there is to tell.
        with contextlib.suppress(*([] if kind is None else [AnsibleError, HoldfastError])):
            self._run(["rm", "-f", self._remote])

    def take(self, source: str, incoming: Incoming, whole: int | None, told: Callable[[int], None]) -> None:
        """All of a file from where the incoming one ends; whole is how much there should be, where that is known.

        told is called after each piece, with what has arrived.
        """
        arrived = incoming.size
        # A piece is read, hashed and written here while the next one is on its way.
        with ThreadPoolExecutor(max_workers=1) as here:
            added: Future[None] | None = None
            for local in itertools.cycle(self._local):
                flags = [
                    "iflag=skip_bytes,count_bytes",
                    "bs=1M",
                    "status=none",
                    f"skip={arrived}",
                    f"count={self._size}",
                ]
                self._run(["dd", f"if={source}", f"of={self._remote}", *flags], root=True)
                self._fetch(local)
                if added is not None:
                    added.result()
                    told(incoming.size)
                piece = local.stat().st_size
                arrived += piece
                added = here.submit(incoming.add, local)
                if piece < self._size or arrived == whole:
                    break
            added.result()
            told(incoming.size)

    def _fetch(self, local: Path) -> None:
        connection = self._action._connection
        if self._old_scp:
            try:
                connection.fetch_file(self._remote, str(local))
                return
            except AnsibleError:
                # One of the two sides has none.
                self._old_scp = False
                prefer_nothing(connection)
        connection.fetch_file(self._remote, str(local))

    def _run(self, argv: list[str], root: bool = False) -> str:
        """What a command prints, which is run as the user who logs in, or as the one that the task becomes."""
        done = self._action._low_level_execute_command(shlex.join(argv), sudoable=root)
        if done["rc"] != 0:
            raise HoldfastError(f"{argv[0]} on the host", (done["stderr"] or done["stdout"]).strip())
        return str(done["stdout"])
