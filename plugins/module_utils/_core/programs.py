# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where a program is, and what brings it."""

from __future__ import annotations

import os
import shutil

from .errors import MissingProgram

PACKAGES = {
    "zstd": "zstd",
    "gzip": "gzip",
    "tar": "tar",
    "docker": "docker.io (or Docker's own docker-ce-cli)",
    "podman": "podman",
    "setpriv": "util-linux",
    "prlimit": "util-linux",
    "unshare": "util-linux",
    "nsenter": "util-linux",
}


def found(program: str, path: str | None = None) -> str:
    """Where a program is; :class:`MissingProgram` names the package that brings it."""
    where = shutil.which(program, path=path)
    if where is None:
        package = PACKAGES.get(os.path.basename(program))
        raise MissingProgram(
            program, "this program is not installed", f"Install the package {package}." if package else ""
        )
    return where
