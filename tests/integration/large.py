# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Databases with more tables than a server with default settings has locks for.

Each is made once for the test session, in a few seconds: never change them, copy them (CREATE DATABASE ... TEMPLATE).
"""

from __future__ import annotations

from .servers import Server

TABLES = 20_000
# Two levels: PostgreSQL looks at all sisters of a partition that it makes, which takes minutes for so many.
BRANCHES = 100
LEAVES = 100

PLAIN = f"""
DO $$ BEGIN
  FOR n IN 1 .. {TABLES} LOOP
    EXECUTE format('CREATE TABLE plain_%s (id integer)', n);
    IF n % 1000 = 0 THEN
      EXECUTE format('INSERT INTO plain_%s SELECT generate_series(1, 10)', n);
    END IF;
    IF n % 200 = 0 THEN COMMIT; END IF;
  END LOOP;
END $$
"""
PARENT = "CREATE TABLE events (branch integer, leaf integer) PARTITION BY LIST (branch)"
PARTITIONS = f"""
DO $$ BEGIN
  FOR n IN 1 .. {BRANCHES} LOOP
    EXECUTE format('CREATE TABLE events_%1$s PARTITION OF events FOR VALUES IN (%1$s) PARTITION BY LIST (leaf)', n);
    FOR m IN 1 .. {LEAVES} LOOP
      EXECUTE format('CREATE TABLE events_%1$s_%2$s PARTITION OF events_%1$s FOR VALUES IN (%2$s)', n, m);
    END LOOP;
    COMMIT;
  END LOOP;
END $$
"""
ROWS = f"INSERT INTO events SELECT n, n FROM generate_series(1, {min(BRANCHES, LEAVES)}) n"
CONTENT = {"many_tables": (PLAIN,), "many_partitions": (PARENT, PARTITIONS, ROWS)}


def create(server: Server, name: str) -> str:
    """One of :data:`CONTENT`, unless the server has it already; its name, which is no test's to drop."""
    if name not in server.names():
        server.create(name)
        with server.connect(name) as session:
            for statement in CONTENT[name]:
                session.execute(statement)
    return name
