# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a swapped-in database has from the live one: its properties, and the positions of its sequences."""

from __future__ import annotations

import pytest

from ansible_collections.holdfast.postgres.tests.integration import sample
from ansible_collections.holdfast.postgres.tests.integration.content import DATABASE, assert_same, content, rows
from ansible_collections.holdfast.postgres.tests.integration.program import Holdfast
from ansible_collections.holdfast.postgres.tests.integration.sample import fill, small
from ansible_collections.holdfast.postgres.tests.integration.servers import Server

# name, how it counts, where the backup has it, where it goes afterwards, where it is after a swap
SEQUENCES = (
    ("plain", "", 10, 15, 15),
    ("ahead", "", 10, 5, 10),
    ("down", "INCREMENT -2 MINVALUE -1000 MAXVALUE -1 START -1", -11, -31, -31),
    ("round", "MAXVALUE 100 CYCLE", 10, 15, 10),
)


@pytest.fixture
def numbered(holdfast: Holdfast, cluster15: Server) -> str:
    """A database whose sequences went on after its backup was made."""
    database = small(cluster15, cluster15.unique())
    with cluster15.connect(database) as session:
        for name, how, then, _now, _after in SEQUENCES:
            session.execute(f"CREATE SEQUENCE {name} {how}")
            session.execute("SELECT setval(%s, %s)", [name, then])
        session.execute("CREATE SEQUENCE altered; CREATE SEQUENCE grown AS integer")
    holdfast.define("library", cluster15, database)
    holdfast.backup("library")
    fill(cluster15, database, 5)
    with cluster15.connect(database) as session:
        for name, _how, _then, now, _after in SEQUENCES:
            session.execute("SELECT setval(%s, %s)", [name, now])
        session.execute("ALTER SEQUENCE altered INCREMENT 10; ALTER SEQUENCE grown AS bigint; CREATE SEQUENCE newer")
        session.execute("SELECT setval('altered', 1000), setval('grown', 3000000000), setval('newer', 1000)")
    return database


def test_no_id_is_given_out_twice(holdfast: Holdfast, cluster15: Server, numbered: str) -> None:
    told = holdfast.json("restore", "latest", "--no-safety-backup")
    assert told["sequences_raised"] == [
        {"sequence": "public.altered", "from": 1, "to": 1000},
        {"sequence": "public.down", "from": -11, "to": -31},
        {"sequence": "public.items_id_seq", "from": 100, "to": 105},
        {"sequence": "public.plain", "from": 10, "to": 15},
    ]
    for name, _how, _then, _now, after in SEQUENCES:
        assert cluster15.query(f"SELECT last_value FROM {name}", numbered) == [(after,)]
    # That is no change since the swap, and hides none.
    assert holdfast.json("rollback", numbered, "--dry-run")["changes"] == []
    fill(cluster15, numbered, 1)
    assert rows(cluster15, numbered)[-1][0] == 106
    cluster15.query("SELECT nextval('plain'), setval('down', -29)", numbered)
    assert holdfast.json("rollback", numbered, "--dry-run")["changes"] == [
        "table public.items: 101 rows, and the restore brought 100",
        "sequence public.down: at -29, behind of the restore's -31",
        "sequence public.items_id_seq: at 106, ahead of the restore's 105",
        "sequence public.plain: at 16, ahead of the restore's 15",
    ]


def test_sequences_stay_where_the_backup_has_them_when_that_is_asked_for(
    holdfast: Holdfast, cluster15: Server, numbered: str
) -> None:
    told = holdfast.json("restore", "latest", "--no-safety-backup", "--keep-sequences")
    assert told["sequences_raised"] == []
    fill(cluster15, numbered, 1)
    assert rows(cluster15, numbered)[-1][0] == 101
    assert "--keep-sequences" in holdfast("restore", "latest", "--into", "x", "--keep-sequences", status=2).err


def test_over_the_empty_database_of_an_image_the_backups_properties_are_taken(
    holdfast: Holdfast, cluster15: Server
) -> None:
    database = sample.create(cluster15, cluster15.unique())
    holdfast.define("library", cluster15, database)
    holdfast.backup("library")
    expected = content(cluster15, database)
    cluster15.drop(database)
    cluster15.create(database)
    told = holdfast("restore", "latest", "--dry-run").out
    assert "The live database is empty" in told
    for one in ("owner: app owner instead of postgres", "setting work_mem: '9MB'", "privilege CONNECT of read only"):
        assert one in told
    told = holdfast.json("restore", "latest", "--no-safety-backup")
    assert told["itself"]["taken_from"] == "backup" and told["proof"]["result"] == "proved"
    assert_same(content(cluster15, database), expected)


def test_what_the_live_database_has_of_its_own_stays_and_is_named(holdfast: Holdfast, cluster15: Server) -> None:
    sample.create_roles(cluster15)
    database = small(cluster15, cluster15.unique())
    holdfast.define("library", cluster15, database)
    holdfast.backup("library")
    for statement in ("SET work_mem = '11MB'", 'OWNER TO "app owner"', "CONNECTION LIMIT 7"):
        with cluster15.connect() as session:
            session.execute(f'ALTER DATABASE "{database}" {statement}')
    expected = cluster15.query(DATABASE, database)
    differing = ["owner: app owner instead of postgres", "connection limit: 7 instead of -1"]
    differing.append("setting work_mem: '11MB' instead of none")
    assert holdfast.json("restore", "latest", "--dry-run")["itself"]["differences"] == differing
    told = holdfast("restore", "latest", "--no-safety-backup").out
    assert "stays that of the live one" in told and differing[2] in told
    assert cluster15.query(DATABASE, database) == expected
