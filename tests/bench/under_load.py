# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A swap while ``pgbench`` works on the live database: how long that was out of reach, and whether a commit is lost."""

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
