# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How holdfast compares with what the four systems did, ``pg_dump | gzip`` and ``gunzip | psql``, in one run.

Prints seconds and ratios. Nothing here passes or fails: a machine's speed is not a property of the program.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from ansible_collections.holdfast.postgres.plugins.module_utils import _core
from ansible_collections.holdfast.postgres.plugins.plugin_utils.program import build
from ansible_collections.holdfast.postgres.tests.bench import under_load
from ansible_collections.holdfast.postgres.tests.integration.program import Holdfast
from ansible_collections.holdfast.postgres.tests.integration.servers import Server, cluster, container

FORMATS = ("custom", "directory")
MANY = 1000
BOOKS, LOANS = 3_500_000, 6_000_000


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--scale", type=float, default=1.0, help="size of the database, 1 for 1.7 GB")
    arguments.add_argument("--major", type=int, choices=(15, 17), action="append", help="only this PostgreSQL")
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="holdfast-bench-", dir="/var/tmp") as home:
        holdfast = Holdfast(_program(Path(home)), Path(home) / "host")
        _small(holdfast)
        for major in options.major or (15, 17):
            with cluster() if major == 15 else container(17) as server:
                _compare(holdfast, server, Path(home), options.scale)
                under_load.swap(holdfast, server, _address(server))


def _compare(holdfast: Holdfast, server: Server, home: Path, scale: float) -> None:
    database = "library"
    server.create(database)
    sizes = (f"--set=books={int(BOOKS * scale)}", f"--set=loans={int(LOANS * scale)}")
    content = Path(__file__).with_name("library.sql").read_bytes()
    server.run("psql", *_address(server), "-q", "-d", database, *sizes, source=content)
    size = server.query(f"SELECT pg_size_pretty(pg_database_size('{database}'))")[0][0]
    where = "in a container" if server.container else "on this host"
    print(f"\nPostgreSQL {server.major} {where}, database of {size}")
    print(f"{'':<34}{'seconds':>9}{'times as fast':>15}{'size':>10}")
    old = home / "old.sql.gz"
    dump = [*server.shell, f"{server.programs}pg_dump", *_address(server), "-d", database]
    base = _row("pg_dump | gzip", _time(lambda: _pipe([dump, ["gzip"]], target=old)), None, old.stat().st_size)
    for format in FORMATS:
        _backups(holdfast, server, database, format, base)
    _restores(holdfast, server, home, old)
    old.unlink()


def _backups(holdfast: Holdfast, server: Server, database: str, format: str, base: float) -> None:
    plain = 0.0
    for job, proof in ((f"{format}_unproved", "none"), (format, "full")):
        holdfast.define(job, server, {"database": database}, format=format, proof=proof)
        seconds = _time(lambda job=job: holdfast("backup", job))
        made = holdfast.json("list", job)["jobs"][0]["backups"][0]
        dumped = holdfast.json("show", made["id"], "--job", job)["artifacts"][0]["details"]["seconds"]
        title = f"holdfast backup, {format}" + (", no proof" if proof == "none" else "")
        _row(title, seconds, base, made["size"])
        if proof == "none":
            plain = dumped
        else:
            print(f"{'':<4}the proof adds {dumped / plain - 1:.0%} to the {plain:.1f} s of the dump alone")


def _restores(holdfast: Holdfast, server: Server, home: Path, old: Path) -> None:
    server.create("by_hand")
    load = [*server.shell, f"{server.programs}psql", *_address(server), "-X", "-q", "-d", "by_hand"]
    base = _row("gunzip | psql", _time(lambda: _pipe([["gunzip", "-c", str(old)], load])), None)
    server.drop("by_hand")
    bare = _row("pg_restore -j 2, by hand", _bare(holdfast, server, home), base)
    for format in FORMATS:
        seconds = _time(lambda job=format: holdfast("restore", "latest", "--job", job, "--into", f"back_{job}"))
        _row(f"holdfast restore, {format}", seconds, base)
        print(f"{'':<4}{seconds / bare:.2f} times as long as pg_restore by hand, the proof included")
        server.drop(f"back_{format}")
    seconds = _row("holdfast drill, custom", _time(lambda: holdfast("drill", "custom")), base)
    print(f"{'':<4}{seconds / bare:.2f} times as long as pg_restore by hand, with a server of its own and the proof")


def _bare(holdfast: Holdfast, server: Server, home: Path) -> float:
    """Seconds that pg_restore takes alone, with the archive where it can open it."""
    shown = holdfast.json("show", "latest", "--job", "custom")
    artifact = Path(shown["directory"]) / shown["artifacts"][0]["file"]
    archive = home / "bare.dump"
    with archive.open("wb") as target:
        subprocess.run(
            ["zstd", "-dcf", str(artifact)] if artifact.suffix == ".zst" else ["cat", str(artifact)],
            stdout=target,
            check=True,
        )
    place = str(archive)
    if server.container:
        place = "/var/tmp/bare.dump"
        subprocess.run(["docker", "cp", "--quiet", str(archive), f"{server.container}:{place}"], check=True)
    archive.chmod(0o644)
    server.create("by_hand")
    restore = ["pg_restore", *_address(server), "--exit-on-error", "-j", "2", "-d", "by_hand", place]
    seconds = _time(lambda: server.run(*restore))
    server.drop("by_hand")
    archive.unlink()
    if server.container:
        server.run("rm", place)
    return seconds


def _small(holdfast: Holdfast) -> None:
    """What is waited for many times a day: the program's start, and a long list."""
    repository = holdfast.define("many", {"socket": "/nowhere"}, {"database": "app"})
    repository.mkdir(parents=True)
    for number in range(MANY):
        stamp = time.strftime("%Y%m%d_%H%M%S", time.gmtime(1_700_000_000 + number * 86400))
        name = f"app_{stamp}.dump"
        (repository / name).write_bytes(b"x" * 64)
        created = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(1_700_000_000 + number * 86400))
        manifest = {
            "id": f"many_{stamp}",
            "job": "many",
            "created": created,
            "finished": created,
            "purpose": "backup",
            "host": "bench",
            "program": "0",
            "server": {"title": "", "version": "15.1", "major": 15},
            "artifacts": [
                {
                    "file": name,
                    "source": "app",
                    "kind": "database",
                    "format": "custom",
                    "compression": "zstd",
                    "size": 64,
                    "sha256": "0" * 64,
                    "database": "app",
                    "by_hand": [],
                    "details": {},
                }
            ],
            "verified": {"at": created},
            "manifest": 1,
        }
        (repository / f"many_{stamp}.manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    print(f"{'holdfast --help':<34}{min(_time(lambda: holdfast('--help')) for _run in range(5)):>9.3f} s")
    seconds = min(_time(lambda: holdfast("list", "many")) for _run in range(5))
    print(f"{f'holdfast list, {MANY:,} backups':<34}{seconds:>9.3f} s")


def _program(home: Path) -> Path:
    path = home / "holdfast"
    path.write_bytes(build(Path(_core.__file__).parent))
    path.chmod(0o755)
    home.chmod(0o755)
    return path


def _address(server: Server) -> list[str]:
    if server.container:
        return ["-U", "postgres"]
    return ["-h", server.connection["socket"], "-p", str(server.port)]


def _pipe(commands: Sequence[Sequence[str]], target: Path | None = None) -> None:
    with (target or Path("/dev/null")).open("wb") as sink:
        first = subprocess.Popen(commands[0], stdout=subprocess.PIPE)
        second = subprocess.run(commands[1], stdin=first.stdout, stdout=sink, check=True)
        if first.wait() or second.returncode:
            sys.exit(f"bench: {commands[0][0]} failed")


def _time(act: Callable[[], object]) -> float:
    start = time.monotonic()
    act()
    return time.monotonic() - start


def _row(title: str, seconds: float, base: float | None, size: int | None = None) -> float:
    ratio = "1.0" if base is None else f"{base / seconds:.1f}"
    print(f"{title:<34}{seconds:>9.1f}{ratio:>15}{f'{size / 1e6:,.0f} MB' if size else '':>10}", flush=True)
    return seconds


if __name__ == "__main__":
    main()
