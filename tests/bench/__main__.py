# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How holdfast compares with what the four systems did, ``pg_dump | gzip`` and ``gunzip | psql``, in one run.

Prints seconds and ratios. A machine's speed is no property of the program, but two ratios are: what the proof adds to
a dump, and what a drill adds to a restore. They are taken in pairs, one right after the other, several times, and
the median counts. Exits with 1 when one of them is beyond its bound; a small database, which shows what every run
costs, has none.
"""

from __future__ import annotations

import argparse
import json
import statistics
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
PAIRS = 3
# At most so many times as long as without a proof, and as pg_restore by hand
PROOF_BOUND = {"custom": 1.3, "directory": 1.5}
DRILL_BOUND = 1.5
beyond: list[str] = []


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
                under_load.backup(holdfast, server, _address(server), options.scale)
    if beyond and options.scale >= 1:
        sys.exit("bench: beyond its bound: " + "; ".join(beyond))


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
    jobs = {f"{format}_unproved": "none", format: "full"}
    for job, proof in jobs.items():
        holdfast.define(job, server, {"database": database}, format=format, proof=proof)
    seconds: dict[str, list[float]] = {job: [] for job in jobs}
    dumped: dict[str, list[float]] = {job: [] for job in jobs}
    size = 0
    for number in range(PAIRS):
        # In turns, so that neither is always the first.
        for job in list(jobs)[:: 1 if number % 2 else -1]:
            seconds[job].append(_time(lambda job=job: holdfast("backup", job)))
            made = holdfast.json("list", job)["jobs"][0]["backups"][0]
            size = made["size"]
            artifact = holdfast.json("show", made["id"], "--job", job)["artifacts"][0]
            dumped[job].append(artifact["details"]["seconds"])
            for file in (holdfast.backups / job).iterdir() if number < PAIRS - 1 else ():
                file.unlink()
    for job, proof in jobs.items():
        title = f"holdfast backup, {format}" + (", no proof" if proof == "none" else "")
        _row(title, statistics.median(seconds[job]), base, size)
    ratios = [full / none for none, full in zip(*dumped.values())]
    told = ", ".join(f"{ratio - 1:.0%}" for ratio in sorted(ratios))
    alone = statistics.median(dumped[f"{format}_unproved"])
    print(
        f"{'':<4}the proof adds {statistics.median(ratios) - 1:.0%} to the {alone:.1f} s of the dump alone (of {told})"
    )
    _hold(f"the proof, {format}, {server.major}", statistics.median(ratios), PROOF_BOUND[format])


def _hold(what: str, ratio: float, bound: float) -> None:
    if ratio > bound:
        beyond.append(f"{what}: {ratio:.2f}, at most {bound}")


def _restores(holdfast: Holdfast, server: Server, home: Path, old: Path) -> None:
    server.create("by_hand")
    load = [*server.shell, f"{server.programs}psql", *_address(server), "-X", "-q", "-d", "by_hand"]
    base = _row("gunzip | psql", _time(lambda: _pipe([["gunzip", "-c", str(old)], load])), None)
    server.drop("by_hand")
    bares, drills = [], []
    for _number in range(PAIRS):
        bares.append(_bare(holdfast, server, home))
        drills.append(_time(lambda: holdfast("drill", "custom")))
    bare = _row("pg_restore -j 2, by hand", statistics.median(bares), base)
    for format in FORMATS:
        seconds = _time(lambda job=format: holdfast("restore", "latest", "--job", job, "--into", f"back_{job}"))
        _row(f"holdfast restore, {format}", seconds, base)
        print(f"{'':<4}{seconds / bare:.2f} times as long as pg_restore by hand, the proof included")
        server.drop(f"back_{format}")
    _row("holdfast drill, custom", statistics.median(drills), base)
    ratios = sorted(drilled / alone for alone, drilled in zip(bares, drills))
    ratio = statistics.median(ratios)
    told = ", ".join(f"{one:.2f}" for one in ratios)
    print(f"{'':<4}{ratio:.2f} times as long as pg_restore by hand, with a server of its own and the proof (of {told})")
    _hold(f"a drill, {server.major}", ratio, DRILL_BOUND)


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
