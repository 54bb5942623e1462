# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``holdfast verify``: is a backup all there, unchanged, and readable to its end?"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from . import history, proof, reading
from .codec import Codec
from .definition.model import Job
from .errors import Damaged, HoldfastError
from .pipes import CHUNK
from .places import Places
from .postgresql import archive, workspace
from .postgresql.reach import reach
from .postgresql.server import Server
from .progress import Progress
from .repository import names
from .repository.local import Entry
from .repository.manifest import Artifact, Manifest
from .units import size as in_units

CHECKS = ("present", "size", "plausible size", "checksum", "readable to its end")
SMALLEST = 256
SMALLEST_WITH_DATA = 1024
DATA = 1024 * 1024


@dataclass(frozen=True)
class Verdict:
    """One check of one artifact. problem is empty when it passed."""

    artifact: str
    check: str
    problem: str = ""


def verify(job: Job, places: Places, entry: Entry, progress: Progress) -> dict[str, Any]:
    """Check a backup and write the outcome to the history; :class:`Damaged` when a check fails."""
    with history.record(places, job.name, "verify") as line:
        line["backup"] = entry.id
        if entry.manifest is None:
            raise Damaged(entry.id, entry.problem, "Its artifacts may be whole: holdfast restore takes their paths.")
        server = reach(job.connection)
        workspace.clear(server)
        verdicts = check(entry.directory, entry.manifest, server, progress)
        verdicts += _check_sums(entry)
        line["size"] = entry.manifest.size
        raise_problems(entry.id, verdicts)
        return {
            "backup": entry.id,
            "job": job.name,
            "result": "ok",
            "size": entry.manifest.size,
            "checks": [{"artifact": verdict.artifact, "check": verdict.check} for verdict in verdicts],
        }


def check(directory: Path, manifest: Manifest, server: Server | None, progress: Progress) -> list[Verdict]:
    """Every check of every artifact; the checks after a failed one are left out, for they would tell nothing.

    server lends its programs to read each artifact to its end. Without one that check is left out: a right checksum
    says that the artifact is still the one that was read to its end when the backup was made.
    """
    verdicts: list[Verdict] = []
    for artifact in manifest.artifacts:
        progress.step(f"verifying {artifact.file} ({in_units(artifact.size)})")
        verdicts += _check_artifact(directory / artifact.file, artifact, server, manifest)
    return verdicts


def raise_problems(backup: str, verdicts: Sequence[Verdict]) -> None:
    problems = [f"{verdict.artifact}: {verdict.problem}" for verdict in verdicts if verdict.problem]
    if problems:
        raise Damaged(
            backup,
            "\n".join(problems),
            "Do not restore it; take another (holdfast list), and find out what damaged this one.",
        )


def implausible(artifact: Artifact) -> str:
    """Why an artifact is too small to be true, or nothing.

    A dump of a database that holds a mebibyte of rows must be over 1 KB. An empty database's is smaller.
    """
    if artifact.kind != "database":
        return ""
    least = SMALLEST_WITH_DATA if artifact.details.get("user_data", 0) >= DATA else SMALLEST
    if artifact.size < least:
        return f"{artifact.size} octets are too few for a dump of database {artifact.database} (at least {least})"
    return ""


class HashingReader:
    """A file that is hashed while somebody else reads it. A disk that cannot give its content raises
    :class:`Damaged`."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._hash = hashlib.sha256()

    def read(self, octets: int = CHUNK) -> bytes:
        try:
            chunk = self._stream.read(octets)
        except OSError as error:
            if error.errno == errno.EIO:
                raise Damaged(self._stream.name, f"the disk cannot read it ({error.strerror})") from error
            raise HoldfastError(self._stream.name, f"cannot be read: {error.strerror or error}") from error
        self._hash.update(chunk)
        return chunk

    def finish(self) -> str:
        """The SHA-256 of the whole file, whoever stopped reading where."""
        while self.read():
            pass
        return self._hash.hexdigest()


def codec_of(artifact: Artifact) -> Codec:
    """How to read an artifact: what is around its archive shows in its name."""
    inside = not artifact.file.endswith((".gz", ".zst"))
    return Codec(artifact.format, artifact.compression, inside=inside, level=None)


def _require_agreement(path: Path, proved: Mapping[str, Any], artifact: Artifact, manifest: Manifest) -> None:
    """A proof of another database, or of another server's version, would be compared with less than it seems."""
    told = {"database": artifact.database, "major": manifest.server["major"], **artifact.details}
    says = {"database": proved["database"], "major": proved["major"], **proof.summary(proved)}
    for key, value in says.items():
        if told.get(key) != value:
            raise Damaged(str(path), f"it says {key} {value}, and the manifest {told.get(key)}")


def _check_artifact(path: Path, artifact: Artifact, server: Server | None, manifest: Manifest) -> list[Verdict]:
    verdicts: list[Verdict] = []

    def passed(problem: str = "") -> bool:
        verdicts.append(Verdict(artifact.file, CHECKS[len(verdicts)], problem))
        return not problem

    try:
        if not stat.S_ISREG(path.stat().st_mode):
            passed("it is no regular file")
            return verdicts
        stream = path.open("rb", buffering=0)
    except FileNotFoundError:
        passed("it is missing")
        return verdicts
    except OSError as error:
        raise HoldfastError(str(path), f"cannot be opened: {error.strerror or error}", "Run this as root.") from error
    with stream:
        passed()
        found = os.fstat(stream.fileno()).st_size
        if not passed("" if found == artifact.size else f"it has {found} octets, not {artifact.size}"):
            return verdicts
        if not passed(implausible(artifact)):
            return verdicts
        reader = HashingReader(stream)
        unreadable = ""
        undecided: HoldfastError | None = None
        try:
            if artifact.kind == "proof":
                proved = proof.read(path, b"".join(iter(reader.read, b"")))
                _require_agreement(path, proved, artifact, manifest)
            elif server is not None:
                archive.read_to_end(path, reader, codec_of(artifact), server)
        except Damaged as error:
            unreadable = error.cause
        except HoldfastError as error:
            # A server that is down lends no programs: that is no damage, and must not be taken for it.
            undecided = error
        try:
            same = reader.finish() == artifact.sha256
        except Damaged as error:
            passed(error.cause)
            return verdicts
        if passed("" if same else "its checksum is wrong: its content has changed"):
            if undecided is not None:
                raise undecided
            if server is not None or unreadable:
                passed(unreadable)
    return verdicts


def _check_sums(entry: Entry) -> list[Verdict]:
    """The .sha256 beside the manifest must say the same: it is what a person without this software uses."""
    name = entry.id + names.CHECKSUMS
    try:
        octets = reading.read(entry.directory / name)
    except OSError as error:
        return [Verdict(name, "present", error.strerror or str(error))]
    same = entry.manifest is not None and octets == entry.manifest.checksums().encode()
    return [Verdict(name, "agrees", "" if same else "it does not agree with the manifest")]
