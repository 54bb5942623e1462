# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A scratch server in a container of the source's own image.

Its main process reads our pipe, and ends when that is closed: the container does not outlive us, however we end.
"""

from __future__ import annotations

import contextlib
import json
import secrets
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .. import space
from ..definition.model import Connection
from ..errors import ProgramFailed, ServerError
from ..process import Command, Pipeline, run
from ..progress import Progress
from . import scratch
from .container import ContainerServer
from .scratch import Need

LABEL = "holdfast.drill"
# Short, for the path of a socket may have 107 octets.
HOME = "/tmp/holdfast"
CPU_SHARES = 64
PROCESSES = 1024
ALONE = "The scratch server ran in a container of its own, without a network, capabilities or volumes of the source."
GONE_WITHIN = 60
DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True)
class Image:
    """path: where its programs are looked for; user: who may run a server in it."""

    id: str
    name: str
    path: str
    user: str


class ScratchContainer(ContainerServer):
    """Its client programs run as the container's root, for whom this host can put files there."""

    @property
    def title(self) -> str:
        return f"scratch {super().title}"

    @property
    def engine(self) -> str:
        return self._engine()


@contextlib.contextmanager
def container(source: Connection, need: Need, progress: Progress) -> Iterator[ScratchContainer]:
    """A server of the image that the source's container was made from. It is reached by nobody, and reaches nobody."""
    name = f"holdfast-drill-{need.job}-{secrets.token_hex(4)}"
    connection = Connection(container=name, engine=source.engine, socket=HOME, user=need.superuser, work_dir="/tmp")
    server = ScratchContainer(connection, need.superuser, None)
    image = look(source, need)
    progress.step(f"starting a scratch server in a container of image {image.name}")

    def as_user(*argv: str) -> Command:
        return Command(
            (server.engine, "exec", "--user", image.user, name, "nice", "-n", "19", *argv),
            label=f"{argv[0]} in {server.title}",
        )

    with _kept_alive(server, name, image, need):
        seen = server.seen("/tmp")
        if seen is not None:
            step = "Free space on the disk of the container engine."
            space.require(seen, need.room, need.purpose, step, server.title)
        run(as_user("mkdir", "-m", "711", HOME))
        scratch.make_cluster(f"{HOME}/data", need.superuser, as_user)
        with scratch.serve(server, f"{HOME}/data", HOME, need.libraries, as_user, progress):
            yield server


def look(source: Connection, need: Need) -> Image:
    """The image that :func:`container` would use; its absence is raised."""
    return _image(ScratchContainer(source, source.user, None).engine, source, need.major)


def clear(source: Connection, owner: str) -> int:
    """Remove the containers that killed drills left; how many there were. Must be called under the drills' lock."""
    engine = ScratchContainer(source, source.user, None).engine
    listed = Command((engine, "ps", "--all", "--quiet", "--no-trunc", "--filter", f"label={LABEL}={owner}"))
    deadline = time.monotonic() + GONE_WITHIN
    removed = 0
    while left := run(listed).split():
        removed = max(removed, len(left))
        try:
            run(Command((engine, "rm", "--force", "--volumes", *left)))
        except ProgramFailed:
            # One that is being removed already cannot be removed.
            if time.monotonic() > deadline:
                raise
        time.sleep(0.1)
    return removed


@contextlib.contextmanager
def _kept_alive(server: ScratchContainer, name: str, image: Image, need: Need) -> Iterator[None]:
    options = (
        *("--rm", "--interactive", "--pull=never", f"--name={name}", "--network=none", "--log-driver=none"),
        *(f"--label={LABEL}={need.owner}", f"--label=holdfast.job={need.job}", f"--cpu-shares={CPU_SHARES}"),
        *("--cap-drop=ALL", "--security-opt=no-new-privileges", f"--pids-limit={PROCESSES}"),
        # A parallel query wants more shared memory than the 64 MB that a container gets.
        *("--shm-size=1g", "--user=0", f"--env=PATH={image.path}", "--entrypoint=cat"),
    )
    run_it = Command((server.engine, "run", *options, image.id), label=f"{server.engine} run {image.name}")
    with Pipeline([run_it], source=subprocess.PIPE, sink=subprocess.PIPE) as keeper:
        keeper.write(b"ready\n")
        if not next(keeper.chunks(), b""):
            keeper.finish()
        try:
            yield
        finally:
            # With the end of its input everything in the container ends.
            with contextlib.suppress(ProgramFailed):
                keeper.finish()


def _image(engine: str, source: Connection, major: int) -> Image:
    """The image of the source's container, which need not be running."""
    try:
        container = _inspect(engine, "container", source.container or "")
    except ProgramFailed as error:
        raise ServerError(
            source.describe(),
            f"its image cannot be found: {error.failures[0][2] or error.cause}",
            f"Create the container again, or drill in a cluster (--where cluster, with postgresql-{major}).",
        ) from error
    image = container["Image"]
    user = str(_inspect(engine, "image", image)["Config"].get("User") or "").partition(":")[0]
    variables = dict(item.split("=", 1) for item in container["Config"].get("Env") or [] if "=" in item)
    # Where distributions put a server's programs, for images that have them on no path.
    homes = (f"/usr/lib/postgresql/{major}", f"/usr/pgsql-{major}", "/opt/bitnami/postgresql")
    path = [variables.get("PATH", DEFAULT_PATH), *(f"{home}/bin" for home in homes)]
    name = str(container["Config"].get("Image") or container.get("ImageName") or image)
    return Image(image, name, ":".join(path), "postgres" if user in ("", "0", "root") else user)


def _inspect(engine: str, kind: str, name: str) -> dict[str, Any]:
    found: list[dict[str, Any]] = json.loads(run(Command((engine, kind, "inspect", name))))
    return found[0]
