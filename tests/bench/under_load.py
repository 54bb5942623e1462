# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What happens while ``pgbench`` works on the live database: a swap, and a backup of what is being inserted."""

from __future__ import annotations

import re
import subprocess
import threading
import time
from collections.abc import Sequence

from ansible_collections.holdfast.postgres.tests.integration.program import Holdfast
from ansible_collections.holdfast.postgres.tests.integration.servers import Server

CLIENTS = 4
BEFORE_AND_AFTER = 3
COMMITTED = re.compile(r"number of transactions actually processed: (\d+)")
ROWS = 3_000_000
INSERTING = 2
EVENTS = "INSERT INTO events (what) SELECT md5(n::text) FROM generate_series(1, %s) n"
INSERT = b"INSERT INTO events (what) VALUES (md5(random()::text));\n"
# Every transaction of pgbench's leaves a row here.
TIMES = "SELECT extract(epoch FROM mtime)::float8 FROM pgbench_history ORDER BY 1"


def swap(holdfast: Holdfast, server: Server, address: Sequence[str]) -> None:
    """Print the outage that holdfast measured, the longest time without a commit, and the commits that are there."""
    database = "bench_swap"
    server.create(database)
    pgbench = [*server.shell, f"{server.programs}pgbench", *address]
    subprocess.run([*pgbench, "--initialize", "--quiet", "--scale=10", database], check=True, capture_output=True)
    holdfast.define("swap", server, {"database": database})
    holdfast("backup", "swap")
    stop = threading.Event()
    told: list[int] = []

    def work() -> None:
        while not stop.is_set():
            # Each transaction connects anew, and a client that is ended begins again at once.
            run = [*pgbench, "--no-vacuum", "--connect", "--time=1", "--builtin=simple-update", database]
            out = subprocess.run(run, capture_output=True, text=True, check=False).stdout
            told.append(sum(map(int, COMMITTED.findall(out))))

    clients = [threading.Thread(target=work) for _number in range(CLIENTS)]
    for client in clients:
        client.start()
    time.sleep(BEFORE_AND_AFTER)
    done = holdfast.json("restore", "latest", "--job", "swap")
    time.sleep(BEFORE_AND_AFTER)
    stop.set()
    for client in clients:
        client.join()
    before, after = ([row[0] for row in server.query(TIMES, name)] for name in (done["before"], database))
    times = [*before, *after]
    pause = max(later - earlier for earlier, later in zip(times, times[1:]))
    print(f"{f'swap under {CLIENTS} pgbench clients':<34}{done['outage']:>9.3f} s out of reach", flush=True)
    print(f"{'':<4}{pause:.3f} s was the longest time without a commit")
    print(f"{'':<4}{sum(told):,} transactions were committed for pgbench, {len(times):,} are there")
    server.drop(database, done["before"])


def backup(holdfast: Holdfast, server: Server, address: Sequence[str], scale: float) -> None:
    """Print how fast rows come in with a serial, alone and beside a backup, and whether that can be proved."""
    database, into = "bench_serial", "bench_serial_back"
    server.create(database)
    with server.connect(database) as session:
        session.execute("CREATE TABLE events (id bigserial PRIMARY KEY, at timestamptz DEFAULT now(), what text)")
        session.execute(EVENTS, [int(ROWS * scale)])
    for proof in ("none", "full"):
        holdfast.define(f"serial_{proof}", server, {"database": database}, proof=proof)
    client = [*server.shell, f"{server.programs}psql", *address, "-X", "-q", "-d", database, "-f", "-"]
    rates: dict[str, float] = {}
    clients = [subprocess.Popen(client, stdin=subprocess.PIPE) for _number in range(INSERTING)]
    stop = threading.Event()

    def insert(client: subprocess.Popen[bytes]) -> None:
        assert client.stdin is not None
        while not stop.is_set():
            client.stdin.write(INSERT)
        client.communicate()

    threads = [threading.Thread(target=insert, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for what in ("alone", "none", "full"):
        start, before = time.monotonic(), _given_out(server, database)
        if what == "alone":
            time.sleep(BEFORE_AND_AFTER)
        else:
            holdfast("backup", f"serial_{what}")
        rates[what] = (_given_out(server, database) - before) / (time.monotonic() - start)
    stop.set()
    for thread in threads:
        thread.join()
    done = holdfast.json("restore", "latest", "--job", "serial_full", "--into", into)
    print(f"{'INSERTs into a table with a serial':<34}{rates['alone']:>9,.0f} a second")
    print(f"{'':<4}{rates['none']:,.0f} beside a backup without a proof, {rates['full']:,.0f} beside one with it")
    print(f"{'':<4}restored: {done['proof']['result']}, {done['proof']['rows']:,} rows", flush=True)
    server.drop(database, into)


def _given_out(server: Server, database: str) -> int:
    return int(server.query("SELECT last_value FROM events_id_seq", database)[0][0])
