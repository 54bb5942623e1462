# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From a source of a job to its artifacts: a database with its proof, the roles of the server."""

from __future__ import annotations

import itertools
import time
from datetime import datetime
from pathlib import Path
from typing import Any, Callable

from . import by_hand, globals_dump, proof
from .codec import Codec
from .definition.model import Database, Job
from .postgresql import catalog, compression, dump, dump_locks, encodings, miswritten, properties, standby, untaken
from .postgresql.server import Server
from .progress import Progress
from .repository import names
from .repository.artifact import Writer
from .repository.manifest import Artifact
from .units import count, duration
from .units import size as in_units
from .visible import as_json
from .witness import witness

# Seconds, and as much more after each attempt: a migration comes to an end.
PAUSE = 0.5


def database(
    job: Job,
    server: Server,
    source: Database,
    directory: Path,
    moment: datetime,
    facts: dict[str, Any],
    progress: Progress,
) -> list[Artifact]:
    """Dump a database into the directory; its artifact and, unless the job wants none, that of its proof.

    facts: what is known of the database already (:func:`.catalog.describe`).
    """
    progress.step(f"dumping database {source.database} ({in_units(facts['size'])})")
    start = time.monotonic()
    major = server.client_major("pg_dump")
    with server.session(source.database) as session:
        encodings.require_readable(session, source.database)
        unlogged = standby.unlogged(session)
        if unlogged:
            told = untaken.told(unlogged)
            progress.warn(f"a standby has no rows of unlogged tables, and the backup none of {told}")
        for sentence in (*untaken.sentences(session), *miswritten.sentences(session)):
            progress.warn(f"database {source.database}: {sentence}")
    codec = compression.fitting(server, job.format, job.compression, job.compression_level)
    path = directory / names.artifact(source.name, moment, codec.extension)
    for attempt in itertools.count(1):
        try:
            written, proved = _dump(job, server, source, codec, path, progress)
            break
        except dump.BeginAgain as error:
            if attempt == error.attempts:
                raise
            progress.warn(f"{error.cause}: beginning again")
            path.unlink(missing_ok=True)
            time.sleep(PAUSE * attempt)
    with server.session(source.database) as session, server.session() as shared:
        details = {
            **facts,
            **properties.read(shared, source.database),
            "roles": catalog.needed_roles(shared, source.database, catalog.needs_first_role(session)),
            "user_data": catalog.user_data_size(session),
            "largest_tables": catalog.largest_tables(session),
            "dumped_with": major,
            "seconds": round(time.monotonic() - start, 3),
        }
    progress.step(f"wrote {path.name} ({in_units(written.size)} in {duration(details['seconds'])})")
    dumped = Artifact(
        path.name,
        source.name,
        "database",
        codec.format,
        codec.compression,
        written.size,
        written.sha256,
        source.database,
        by_hand.database(path.name, codec, source.database),
        details,
    )
    return [dumped] if proved is None else [dumped, _proof(source, directory, moment, proved, progress)]


def roles(job: Job, server: Server, directory: Path, moment: datetime, progress: Progress) -> Artifact:
    """Dump the roles of the server into the directory; their artifact."""
    progress.step("dumping the roles of the server")
    codec = compression.fitting(server, "plain", job.compression, job.compression_level)
    path = directory / names.artifact("globals", moment, codec.extension)
    with_passwords = False

    def produce(receive: Callable[[bytes], object]) -> None:
        nonlocal with_passwords
        with_passwords = dump.dump_globals(server, codec, receive)

    written = _write(path, produce)
    if not with_passwords:
        progress.warn(f"role {server.role} may not read passwords: the roles are kept without them")
    doubts = globals_dump.doubts(path, codec)
    if doubts:
        progress.warn(f"no restore and no drill can make the roles of this backup: {doubts}")
    return Artifact(
        path.name,
        "globals",
        "globals",
        codec.format,
        codec.compression,
        written.size,
        written.sha256,
        None,
        by_hand.globals(path.name, codec),
        {"passwords": with_passwords},
    )


def _dump(
    job: Job, server: Server, source: Database, codec: Codec, path: Path, progress: Progress
) -> tuple[Writer, dict[str, Any] | None]:
    with server.session(source.database) as session:
        needed = dump_locks.count(session)
    # Each process locks the tables, and so does the session with the snapshot.
    parallel = job.parallel if codec.format == "directory" and needed.allow(3) else 1
    if codec.format == "directory" and parallel < job.parallel:
        progress.warn(
            f"{needed.tables:,} tables are dumped in one process: the server has {needed.server.room:,} locks"
        )
    workers, locked = job.parallel, needed.allow(2)
    with (
        dump_locks.explained(source.database, needed),
        witness(server, source.database, job.proof, workers, locked) as sees,
    ):

        def stream(receive: Callable[[bytes], object]) -> None:
            dump.dump_database(server, source.database, codec, parallel, job.name, sees.watched(receive), sees.snapshot)

        return _write(path, stream), sees.finish()


def _proof(source: Database, directory: Path, moment: datetime, proved: dict[str, Any], progress: Progress) -> Artifact:
    path = directory / names.artifact(source.name, moment, names.PROOF)
    text = as_json(proved, indent=1) + "\n"
    written = _write(path, lambda receive: receive(text.encode("utf-8")))
    summary = proof.summary(proved)
    progress.step(f"proof of {source.database}: {count(summary['tables'], 'table')}, {count(summary['rows'], 'row')}")
    problem = proved["large_objects"].get("problem")
    if problem:
        progress.warn(f"the content of large objects is not proved: {problem}")
    return Artifact(
        path.name,
        source.name,
        "proof",
        "json",
        "none",
        written.size,
        written.sha256,
        source.database,
        (),
        summary,
    )


def _write(path: Path, produce: Callable[[Callable[[bytes], object]], object]) -> Writer:
    with Writer(path) as writer:
        produce(writer.write)
    return writer
