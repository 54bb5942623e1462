# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A drill restores a backup where it harms nobody, proves it, and names what is not as it was."""

from __future__ import annotations

import json
import os
import secrets
import shutil
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.holdfast.postgres.tests.integration import files, sample, servers
from ansible_collections.holdfast.postgres.tests.integration.content import assert_same, content, rows
from ansible_collections.holdfast.postgres.tests.integration.leftovers import nothing_left
from ansible_collections.holdfast.postgres.tests.integration.program import Holdfast
from ansible_collections.holdfast.postgres.tests.integration.sabotage import alter
from ansible_collections.holdfast.postgres.tests.integration.sample import small
from ansible_collections.holdfast.postgres.tests.integration.servers import Server

SHELVES = """
    CREATE TABLE shelves (id integer PRIMARY KEY, place text);
    INSERT INTO shelves SELECT n, 'place ' || n FROM generate_series(1, 20) AS n;
    GRANT SELECT ON shelves TO "read only";
"""
ALTERED = {
    "UPDATE items SET name = 'item 8' WHERE id = 7": (
        "table public.items: the same number of rows (100), and other content"
    ),
    "DELETE FROM items WHERE id = 100": "table public.items: 99 rows, and the backup has 100",
    "DROP TABLE shelves": "table public.shelves: it is missing",
    "SELECT setval('items_id_seq', 42)": "sequence public.items_id_seq: at 42, behind of the backup's 100",
    'ALTER TABLE shelves OWNER TO "app owner"': "table public.shelves: its owner is app owner, and was postgres",
    'REVOKE SELECT ON shelves FROM "read only"': "table public.shelves: its privileges are not set, and were",
    "ALTER TABLE shelves DROP CONSTRAINT shelves_pkey": "shelves_pkey: it is missing",
}


@pytest.fixture
def job() -> str:
    """A name that no other test has: what is left of its drills is found by it."""
    return f"library-{secrets.token_hex(4)}"


def library(server: Server) -> str:
    """A new database with the tables items and shelves."""
    sample.create_roles(server)
    database = small(server, server.unique())
    with server.connect(database) as session:
        session.execute(SHELVES)
    return database


def evidence(holdfast: Holdfast, job: str) -> tuple[dict[str, Any], str]:
    """The newest evidence, as JSON and as text."""
    text = Path(holdfast.history(job)[-1]["evidence"])
    for path in (text, text.with_suffix(".json")):
        assert path.stat().st_mode & 0o777 == 0o600
    return json.loads(text.with_suffix(".json").read_text(encoding="utf-8")), text.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("reach", "where"),
    [("cluster15", "cluster"), ("container17", "container"), ("container15", "container"), ("cluster15", "database")],
)
def test_a_backup_of_everything_is_proved(
    reach: str, where: str, request: pytest.FixtureRequest, holdfast: Holdfast, job: str
) -> None:
    server: Server = request.getfixturevalue(reach)
    database = sample.create(server, server.unique())
    holdfast.define(job, server, database)
    made = holdfast.backup(job)
    before, databases = content(server, database), server.names()
    report = holdfast.json("drill", *(["--where", where] if where == "database" else []))
    assert (report["result"], report["where"], report["backup"]) == ("proved", where, made["id"])
    (found,) = report["databases"]
    assert {table["table"]: table["rows"] for table in found["tables"]} == {
        key[len("rows of ") :]: value[0] for key, value in _by_table(server, database).items()
    }
    assert {table["verdict"] for table in found["tables"]} == {"ok"}
    counted = {kind["kind"]: kind["count"] for kind in found["objects"]}
    assert (counted["sequence"], counted["large objects"], counted["extension"]) == (3, 2, 3)
    # The live database is as it was, nobody is in it, and nothing else is left.
    assert_same(content(server, database), before)
    nothing_left(server, job, databases)
    assert server.sessions() == 0

    (line,) = [line for line in holdfast.history(job) if line["verb"] == "drill"]
    assert (line["result"], line["verdict"], line["backup"]) == ("ok", "proved", made["id"])
    assert 0 < line["recovery"] <= line["seconds"]
    as_data, text = evidence(holdfast, job)
    assert as_data == report
    assert "PROVED: the backup was restored" in text
    assert max(map(len, text.splitlines())) <= 100
    for artifact in made["artifacts"]:
        assert artifact["sha256"] in text
    for table in found["tables"]:
        assert table["table"] in text
    assert made["id"] in holdfast("show", "latest-verified").out


def _by_table(server: Server, database: str) -> dict[str, Any]:
    """The rows of each table, by its quoted name."""
    with server.connect(database) as session:
        query = (
            "SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE c.relkind IN ('r', 'm') AND n.nspname !~ '^(pg_|information_schema)'"
        )
        names = [row[0] for row in session.execute(query).fetchall()]
        return {f"rows of {name}": session.execute(f"SELECT count(*) FROM ONLY {name}").fetchone() for name in names}


@pytest.mark.parametrize("statement", ALTERED)
def test_what_was_altered_is_named(holdfast: Holdfast, cluster15: Server, job: str, statement: str) -> None:
    database = library(cluster15)
    repository = holdfast.define(job, cluster15, database)
    made = holdfast.backup(job)
    alter(cluster15, repository, made, statement)
    # Whoever altered it has made the checksums fit.
    holdfast("verify", "latest")
    databases = cluster15.names()
    told = holdfast("drill", job, status=1)
    assert ALTERED[statement] in told.err
    assert "FAILED: " in told.out
    nothing_left(cluster15, job, databases)

    line = holdfast.history(job)[-1]
    assert (line["verb"], line["result"], line["verdict"]) == ("drill", "failed", "differs")
    assert ALTERED[statement] in line["error"]
    as_data, text = evidence(holdfast, job)
    assert as_data["result"] == "differs"
    assert ALTERED[statement] in " ".join(text.split())
    assert "FAILED: what was restored is not what was backed up" in text


def test_globals_and_proof_are_checked_before_they_are_used(holdfast: Holdfast, cluster15: Server, job: str) -> None:
    repository = holdfast.define(job, cluster15, small(cluster15, cluster15.unique()), compression="none")
    made, names = holdfast.backup(job), cluster15.names()
    for path in (next(repository.glob("*globals*")), next(repository.glob("*proof*"))):
        sound = path.read_bytes()
        # Whoever would use it could: both are read like this.
        path.write_bytes(
            sound.replace(b"PostgreSQL database cluster dump", b"PostgreSQL Database cluster dump") + b"\n"
        )
        told = holdfast("drill", made["id"], status=1)
        assert path.name in told.err and "scratch server" not in told.out + told.err
        path.write_bytes(sound)
    assert "starting a scratch server" in holdfast("drill", made["id"]).out
    assert cluster15.names() == names


@pytest.mark.parametrize("reach", ["cluster15", "container17"])
def test_an_altered_backup_is_used_no_more(
    reach: str, request: pytest.FixtureRequest, holdfast: Holdfast, job: str
) -> None:
    server: Server = request.getfixturevalue(reach)
    database, into = library(server), server.unique()
    repository = holdfast.define(job, server, database, format="plain", compression="gzip")
    good = files.age(repository, holdfast.backup(job), 1)
    assert "holdfast drill" in holdfast("restore", "latest-verified", "--into", into, status=2).err
    holdfast("drill", good)
    bad = holdfast.backup(job)
    alter(server, repository, bad, "UPDATE shelves SET place = 'nowhere' WHERE id = 3")
    assert "table public.shelves" in holdfast("drill", status=1).err
    # What a drill found is beyond a check of the files.
    holdfast("verify", bad["id"])
    listed = {one["id"]: one for one in holdfast.json("list")["jobs"][0]["backups"]}
    assert (listed[bad["id"]]["drill"], listed[good]["drill"]) == ("differs", "proved")
    assert "table public.shelves" in listed[bad["id"]]["problem"] and not listed[good]["problem"]
    for wanted in ("latest", "latest-verified"):
        assert holdfast.json("restore", wanted, "--into", into, "--dry-run")["backup"] == good
    point = holdfast.json("status", status=2)["jobs"][0]["checks"][5]
    assert point["level"] == "critical" and "table public.shelves" in point["text"]
    made = holdfast.backup(job)
    holdfast("drill")
    assert holdfast.json("status", status=1)["jobs"][0]["checks"][5]["level"] == "warning"
    holdfast("restore", "latest-verified", "--into", into)
    assert holdfast.history(job)[-1]["backup"] == made["id"]
    assert rows(server, into, "shelves") == rows(server, database, "shelves")


def test_every_database_of_a_backup_is_drilled(holdfast: Holdfast, cluster15: Server, job: str) -> None:
    first, second, third = (library(cluster15) for number in range(3))
    repository = holdfast.define(job, cluster15, first, second, third)
    made = holdfast.backup(job)
    assert [one["database"] for one in holdfast.json("drill")["databases"]] == [first, second, third]
    position = [one["database"] for one in made["artifacts"]].index(first)
    alter(cluster15, repository, made, "DELETE FROM shelves WHERE id = 1", position)
    files.flip_bit(next(repository / one["file"] for one in made["artifacts"] if one["database"] == second))
    told = holdfast("drill", status=1).err
    assert f"database {first}, table public.shelves: 19 rows, and the backup has 20" in told
    assert made["id"] in told
    as_data, text = evidence(holdfast, job)
    assert [one["result"] for one in as_data["databases"]] == ["differs", "failed", "proved"]
    assert "checksum is wrong" in text and "NOT CHECKED, or found damaged" in text


@pytest.mark.parametrize("where", ["cluster", "database"])
def test_without_a_proof_nothing_is_called_proved(holdfast: Holdfast, cluster15: Server, job: str, where: str) -> None:
    database = library(cluster15)
    holdfast.define(job, cluster15, database, proof="none")
    holdfast.backup(job)
    told = holdfast("drill", "--where", where, status=1)
    assert "restored, but not proved" in told.out
    as_data, text = evidence(holdfast, job)
    assert (as_data["result"], as_data["databases"][0]["mode"]) == ("not proved", "none")
    assert {table["table"]: table["rows"] for table in as_data["databases"][0]["tables"]}["public.items"] == 100
    assert "RESTORED, NOT PROVED" in text and "nobody can tell" in text
    assert holdfast("restore", "latest-verified", "--into", "never", status=2)


def test_rows_alone_are_said_to_be_rows_alone(holdfast: Holdfast, cluster15: Server, job: str) -> None:
    repository = holdfast.define(job, cluster15, library(cluster15), proof="counts")
    made = holdfast.backup(job)
    alter(cluster15, repository, made, "UPDATE items SET name = 'item 8' WHERE id = 7")
    holdfast("drill")
    assert "an altered row would not have been noticed" in " ".join(evidence(holdfast, job)[1].split())


def test_roles_that_the_backup_does_not_hold_are_named(holdfast: Holdfast, container17: Server, job: str) -> None:
    database = sample.create(container17, container17.unique())
    holdfast.define(job, container17, database, globals=False)
    holdfast.backup(job)
    report = holdfast.json("drill")
    assert report["result"] == "proved"
    assert report["placeholders"] == sorted(sample.ROLES)
    assert "app owner" in evidence(holdfast, job)[1]


@pytest.mark.parametrize("format", ["plain", "directory"])
def test_a_table_in_a_tablespace_is_proved_to_be_there(
    holdfast: Holdfast, other15: Server, job: str, format: str
) -> None:
    place = Path(other15.connection["work_dir"]) / "fast disk"
    place.mkdir()
    os.chown(place, *(Path(other15.connection["work_dir"]).parent / "data").stat()[4:6])
    with other15.connect() as session:
        session.execute(f"CREATE TABLESPACE \"fa'st\" LOCATION '{place}'")
    database = library(other15)
    with other15.connect(database) as session:
        session.execute('ALTER TABLE shelves SET TABLESPACE "fa\'st"')
    repository = holdfast.define(job, other15, database, format=format)
    made = holdfast.backup(job)
    holdfast("drill")
    if format == "plain":
        alter(other15, repository, made, "ALTER TABLE shelves SET TABLESPACE pg_default")
        assert "table public.shelves: its tablespace is not set, and was fa'st" in holdfast("drill", status=1).err


def test_a_server_on_the_network_is_drilled_in_a_cluster_of_this_host(
    holdfast: Holdfast, cluster15: Server, password_file: Path, job: str
) -> None:
    """The source is of the host's own version: an older minor version need not load what a newer one dumped."""
    network = {"host": "127.0.0.1", "port": cluster15.port, "password_file": str(password_file)}
    holdfast.define(job, {**network, "work_dir": cluster15.connection["work_dir"]}, library(cluster15))
    holdfast.backup(job)
    databases = cluster15.names()
    assert holdfast.json("drill", job)["where"] == "cluster"
    nothing_left(cluster15, job, databases)


def test_a_source_that_is_down_is_not_needed(holdfast: Holdfast, other15: Server, job: str) -> None:
    holdfast.define(job, other15, library(other15))
    holdfast.backup(job)
    definition = holdfast.jobs / f"{job}.json"
    lost = json.loads(definition.read_text(encoding="utf-8"))
    lost["connection"]["port"] = 1
    definition.write_text(json.dumps(lost), encoding="utf-8")
    assert holdfast.json("drill")["result"] == "proved"


def test_a_library_that_cannot_be_loaded_is_left_out(holdfast: Holdfast, job: str) -> None:
    lost = Path("/usr/local/lib") / f"{job}.so"
    shutil.copy("/usr/lib/postgresql/15/lib/pg_stat_statements.so", lost)
    try:
        with servers.cluster({"shared_preload_libraries": str(lost)}) as server:
            holdfast.define(job, server, library(server))
            holdfast.backup(job)
            assert "preloaded libraries" not in holdfast("drill").out
            lost.unlink()
            assert f'could not access file "{lost}"' in holdfast("drill").out
    finally:
        lost.unlink(missing_ok=True)


def test_an_adopted_dump_is_restored_and_counted(holdfast: Holdfast, cluster15: Server, job: str) -> None:
    database = library(cluster15)
    repository = holdfast.define(job, cluster15, database)
    repository.mkdir(parents=True)
    dump = repository / f"{database}_20250816_155503.sql"
    address = ("-h", cluster15.connection["socket"], "-p", str(cluster15.port))
    dump.write_bytes(cluster15.run("pg_dump", *address, "-d", database))
    assert "adopt" in holdfast("drill", dump, status=2).err
    holdfast("adopt", dump)
    assert "restored, but not proved" in holdfast("drill", status=1).out
    as_data = evidence(holdfast, job)[0]
    assert (as_data["purpose"], as_data["databases"][0]["rows"]) == ("adopted", 120)
    # A dump without a manifest does not tell which roles it needs.
    assert "read only" in as_data["placeholders"]


@pytest.mark.parametrize(("reach", "where"), [("cluster15", "cluster"), ("container17", "container")])
def test_a_dry_run_checks_what_it_can_and_touches_nothing(
    reach: str, where: str, request: pytest.FixtureRequest, holdfast: Holdfast, job: str
) -> None:
    server: Server = request.getfixturevalue(reach)
    database = library(server)
    repository = holdfast.define(job, server, database)
    made = holdfast.backup(job)
    databases, lines = server.names(), holdfast.history(job)
    told = holdfast.json("drill", "--dry-run")
    assert (told["backup"], told["databases"], told["where"]) == (made["id"], [database], where)
    for place in ("auto", "database"):
        assert "Nothing was changed" in holdfast("drill", "--dry-run", "--where", place).out
    files.flip_bit(files.artifact(repository, made, 0))
    assert "its checksum is wrong" in holdfast("drill", "--dry-run", status=1).err
    assert holdfast.history(job) == lines
    nothing_left(server, job, databases)


def test_what_cannot_be_drilled_says_why(holdfast: Holdfast, cluster15: Server, container17: Server, job: str) -> None:
    holdfast.define(job, container17, library(container17))
    holdfast.backup(job)
    for how in ([], ["--dry-run"]):
        assert "Install the package postgresql-17" in holdfast("drill", "--where", "cluster", *how, status=1).err
    assert "nothing is known" in evidence(holdfast, job)[1]
    assert holdfast.history(job)[-1]["verdict"] == "failed"
    # That says nothing against the backup.
    assert holdfast.json("list")["jobs"][0]["backups"][0]["problem"] == ""
    assert holdfast.json("status", status=1)["jobs"][0]["checks"][5]["level"] == "warning"
    holdfast.define(job, cluster15, library(cluster15))
    assert "in no container" in holdfast("drill", "--where", "container", status=1 + 1).err
    assert "has none of that name" in holdfast("drill", f"{job}_20010101_000000", status=2).err


def test_a_disk_without_room_is_found_before_anything_is_written(
    holdfast: Holdfast, cluster15: Server, small_disk: Path, job: str
) -> None:
    repository = holdfast.define(job, cluster15, library(cluster15))
    holdfast.backup(job)
    connection = {**cluster15.connection, "work_dir": str(small_disk)}
    holdfast.define(job, connection, "postgres", repository=str(repository))
    assert "MiB are free" in holdfast("drill", status=1).err
    assert list(small_disk.iterdir()) == []


def test_evidence_that_cannot_be_written_hides_nothing(holdfast: Holdfast, cluster15: Server, job: str) -> None:
    repository = holdfast.define(job, cluster15, library(cluster15))
    made = holdfast.backup(job)
    (holdfast.home / "state" / job / "evidence").write_text("in the way", encoding="utf-8")
    assert "evidence" in holdfast("drill", status=1).err
    line = holdfast.history(job)[-1]
    assert (line["result"], line["verdict"]) == ("failed", "failed")
    alter(cluster15, repository, made, "DROP TABLE shelves")
    assert "table public.shelves: it is missing" in holdfast("drill", status=1).err
    assert holdfast.history(job)[-1]["verdict"] == "differs"
