# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Nothing is said to be restored that is not, when single tables are."""

from __future__ import annotations

import json
from pathlib import Path

from ansible_collections.holdfast.postgres.tests.integration import sabotage
from ansible_collections.holdfast.postgres.tests.integration.content import assert_same, content
from ansible_collections.holdfast.postgres.tests.integration.program import Holdfast
from ansible_collections.holdfast.postgres.tests.integration.sample import small
from ansible_collections.holdfast.postgres.tests.integration.servers import Server

SHAPES = """
    CREATE TABLE events (n integer) PARTITION BY RANGE (n);
    CREATE TABLE "Part 1" PARTITION OF events FOR VALUES FROM (0) TO (50) PARTITION BY LIST (n);
    CREATE TABLE part_1a PARTITION OF "Part 1" DEFAULT;
    CREATE TABLE part_2 PARTITION OF events FOR VALUES FROM (50) TO (100);
    INSERT INTO events SELECT generate_series(0, 99);
    CREATE VIEW seen AS SELECT * FROM items;
    CREATE FOREIGN DATA WRAPPER away; CREATE SERVER far FOREIGN DATA WRAPPER away;
    CREATE FOREIGN TABLE foreign_items (id integer) SERVER far;
"""


def test_what_differs_is_a_failure_that_names_the_table_and_how_to_undo_it(
    holdfast: Holdfast, cluster15: Server
) -> None:
    database = small(cluster15, cluster15.unique())
    repository = holdfast.define("library", cluster15, database)
    made = holdfast.backup("library")
    sabotage.alter(cluster15, repository, made, "UPDATE items SET name = 'item 71x' WHERE id = 71")
    before = content(cluster15, database)
    error = holdfast("restore", made["id"], "--table", "items", "--to", "back", status=1).err
    assert "table back.items: the same number of rows (100), and other content" in error
    assert holdfast.history("library")[-1]["result"] == "failed"
    undo = error[error.index("To undo: ") + len("To undo: ") :].strip()
    with cluster15.connect(database) as session:
        session.execute(undo)
    assert_same(content(cluster15, database), before)
    # Who accepts it gets it, and no exit status of a success.
    told = holdfast.json("restore", made["id"], "--table", "items", "--to", "back", "--accept-differences", status=1)
    assert told["proof"]["result"] == "differs"
    assert cluster15.query("SELECT name FROM back.items WHERE id = 71", database) == [("item 71x",)]


def test_a_proof_without_a_hash_proves_nothing(holdfast: Holdfast, cluster15: Server) -> None:
    database = small(cluster15, cluster15.unique())
    repository = holdfast.define("library", cluster15, database)
    made = holdfast.backup("library")
    path = repository / made["artifacts"][1]["file"]
    proof = json.loads(path.read_text(encoding="utf-8"))
    del proof["tables"]["public.items"]["content"]
    sabotage.replace(repository, made["id"], path, json.dumps(proof).encode())
    assert "cannot be compared" in holdfast("restore", made["id"], "--table", "items", "--to", "back", status=1).err


def test_without_a_proof_nothing_stays_behind_unsaid(holdfast: Holdfast, cluster15: Server, tmp_path: Path) -> None:
    database = small(cluster15, cluster15.unique())
    with cluster15.connect(database) as session:
        session.execute(SHAPES)
    holdfast.define("library", cluster15, database)
    address = (f"--port={cluster15.port}", f"--host={cluster15.connection['socket']}")
    path = tmp_path / "by_hand.sql"
    path.write_bytes(cluster15.run("pg_dump", *address, database))
    before, names = content(cluster15, database), cluster15.names()
    error = holdfast("restore", path, "--table", "events", "--to", "back", status=2).err
    assert "3 partitions" in error
    assert """--table 'public."Part 1"' --table public.part_1a --table public.part_2""" in error
    for other in ("seen", "foreign_items"):
        assert "is no table" in holdfast("restore", path, "--table", other, "--to", "back", status=2).err
    assert_same(content(cluster15, database), before)
    assert cluster15.names() == names

    wanted = ("events", 'public."Part 1"', "part_1a", "part_2")
    told = holdfast.json("restore", path, *(word for name in wanted for word in ("--table", name)), "--to", "back")
    assert sum(one["rows"] for one in told["tables"]) == 100
    assert cluster15.query("SELECT count(*) FROM back.events", database) == [(100,)]


def test_a_proof_knows_what_no_backup_holds_and_the_undo_takes_partitions(
    holdfast: Holdfast, cluster15: Server
) -> None:
    database = small(cluster15, cluster15.unique())
    with cluster15.connect(database) as session:
        session.execute(SHAPES)
        session.execute("CREATE SCHEMA back")
    holdfast.define("library", cluster15, database)
    holdfast.backup("library")
    before = content(cluster15, database)
    assert "a foreign table" in holdfast("restore", "--table", "foreign_items", "--to", "back", status=1).err
    assert "it holds no table public.seen" in holdfast("restore", "--table", "seen", "--to", "back", status=2).err
    for long in ("x" * 64, f"back.{'x' * 64}"):
        assert "longer than 63" in holdfast("restore", "--table", "items", "--to", long, status=2).err
    told = holdfast.json("restore", "--table", "events", "--to", "back")
    assert told["proof"]["result"] == "proved" and told["proof"]["rows"] == 100
    with cluster15.connect(database) as session:
        session.execute(told["undo"])
    assert_same(content(cluster15, database), before)
