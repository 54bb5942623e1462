# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The jobs that are deployed on this host."""

from __future__ import annotations

import difflib

from .. import reading, shape
from ..errors import DefinitionError, UnknownJob
from ..places import Places
from .model import Job
from .parse import parse


def names(places: Places) -> list[str]:
    """The names of the deployed jobs, sorted."""
    try:
        # Hidden ones are files that somebody is about to put in place.
        found = [path.stem for path in (places.config / "jobs").glob("*.json")]
        return sorted(name for name in found if not name.startswith("."))
    except OSError as error:
        next_step = "Run this as root." if isinstance(error, PermissionError) else ""
        raise DefinitionError(str(places.config / "jobs"), error.strerror or str(error), next_step) from error


def load(places: Places, name: str | None = None) -> Job:
    """A deployed job; without a name, the only one there is."""
    deployed = names(places)
    if name is None:
        if len(deployed) == 1:
            name = deployed[0]
        elif deployed:
            raise UnknownJob("job", "there are several", f"Name one of {', '.join(deployed)}.")
        else:
            raise UnknownJob(
                "job",
                f"no job is deployed in {places.config / 'jobs'}",
                "Deploy one with the playbook deploy_backup.yml.",
            )
    if name not in deployed:
        close = difflib.get_close_matches(name, deployed, n=1)
        raise UnknownJob(
            f"job {name!r}",
            f"it is not deployed in {places.config / 'jobs'}",
            f"Did you mean {close[0]!r}?" if close else f"Deployed are: {', '.join(deployed) or 'none'}.",
        )
    path = places.definition(name)
    try:
        raw = shape.loads(reading.read(path))
    except OSError as error:
        next_step = "Run this as root." if isinstance(error, PermissionError) else ""
        raise DefinitionError(str(path), error.strerror or str(error), next_step) from error
    except shape.Misshapen as error:
        raise DefinitionError(str(path), str(error), "Deploy the job again.") from error
    job = parse(raw, places.backups)
    if job.name != name:
        raise DefinitionError(str(path), f"it defines the job {job.name!r}", "Deploy the job again.")
    return job
