# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report on a job's health: its points, its exit statuses, and how things grew."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ansible_collections.holdfast.postgres.tests.integration import files, servers
from ansible_collections.holdfast.postgres.tests.integration.program import Holdfast
from ansible_collections.holdfast.postgres.tests.integration.sample import fill, small
from ansible_collections.holdfast.postgres.tests.integration.servers import Server

POINTS = ["Server", "Volume mount", "Data directory", "Connectivity", "Database size", "Recent backups", "Disk space"]


def levels(holdfast: Holdfast, status: int) -> dict[str, str]:
    return {one["point"]: one["level"] for one in holdfast.json("status", status=status)["jobs"][0]["checks"]}


@pytest.fixture
def disk(small_disk: Path) -> str:
    """A repository on a disk of its own: the test's outcome must not depend on how full this machine is."""
    return str(small_disk / "library")


def test_a_healthy_job(holdfast: Holdfast, cluster15: Server, disk: str) -> None:
    holdfast.define("library", cluster15, small(cluster15, cluster15.unique()), repository=disk)
    holdfast.backup("library")
    found = levels(holdfast, 1)
    # 24 MiB hold one more backup with its reserve, but not three: that is a warning, and the only one.
    assert {point for point, level in found.items() if level != "ok"} == {"Disk space"}
    assert list(found) == [*POINTS, "Schedule"]


def test_exit_statuses(holdfast: Holdfast, cluster15: Server) -> None:
    repository = holdfast.define("library", cluster15, small(cluster15, cluster15.unique()))
    told = holdfast("status", status=2).out
    assert "[FAIL] 6. Recent backups" in told and "there is none" in told
    first = holdfast.backup("library")
    files.age(repository, first, 1)
    second = holdfast.backup("library")
    healthy = levels(holdfast, 0)
    assert set(healthy.values()) == {"ok"}
    assert "Job library: healthy" in holdfast("status").out

    files.artifact(repository, second).unlink()
    told = holdfast("status", status=1).out
    assert "[WARN] 6. Recent backups" in told and "1 damaged" in told
    holdfast.define("library", cluster15, "gone")
    assert levels(holdfast, 2)["Database size"] == "critical"


def test_nobody_advises_to_back_up_what_is_there_to_be_restored(
    holdfast: Holdfast, cluster15: Server, tmp_path: Path
) -> None:
    """A backup of an empty database would be the latest one."""
    database = small(cluster15, cluster15.unique())
    repository = holdfast.define("library", cluster15, database)
    made = holdfast.backup("library")["id"]
    repository.rename(tmp_path / "elsewhere")
    with cluster15.connect(database) as session:
        session.execute("DROP TABLE items")

    def told(*words: str, status: int) -> str:
        result = holdfast(*words, status=status)
        return " ".join((result.out + result.err).split())

    empty = "no database of the job holds a table; never drilled -> Restore first"
    for words, status in ((("list",), 0), (("restore", "latest", "--into", "look"), 2)):
        assert "holdfast import DIRECTORY takes one that was made elsewhere, to be restored here" in told(
            *words, status=status
        )
    assert f"there is none; {empty}, if there is a backup elsewhere" in (out := told("status", status=2))
    assert "-> holdfast backup" not in out and holdfast.json("status", status=2)["jobs"][0]["empty"]

    holdfast("import", tmp_path / "elsewhere")
    assert f"{empty} (holdfast restore {made})" in (out := told("status", status=2))
    assert "-> holdfast backup" not in out
    holdfast("restore", made, "--yes")
    out = told("status", status=2)
    assert "-> holdfast backup" in out and "holds a table" not in out


def test_a_backup_that_is_overdue_or_unscheduled_is_critical(holdfast: Holdfast, cluster15: Server) -> None:
    database = small(cluster15, cluster15.unique())
    repository = holdfast.define("library", cluster15, database, schedule="*/5 * * * *")
    made = holdfast.backup("library")
    found = levels(holdfast, 2)
    assert (found["Recent backups"], found["Schedule"]) == ("ok", "critical")
    files.age(repository, made, 1)
    assert levels(holdfast, 2)["Recent backups"] == "critical"
    assert "one was due at" in holdfast("status", status=2).out


def test_a_failed_run_is_critical_although_good_backups_are_there(holdfast: Holdfast, cluster15: Server) -> None:
    database = small(cluster15, cluster15.unique())
    repository = holdfast.define("library", cluster15, database)
    holdfast.backup("library")
    holdfast.define("library", cluster15, database, "gone", repository=str(repository))
    holdfast("backup", "library", status=1)
    holdfast.define("library", cluster15, database, repository=str(repository))
    assert levels(holdfast, 2)["Recent backups"] == "critical"
    assert "the last run failed" in holdfast("status", status=2).out
    # What a restore makes is no nightly backup, and hides none.
    assert holdfast.json("restore", "latest", "--in-place", "--database", database)["safety"]
    assert "the last run failed" in holdfast("status", status=2).out
    holdfast.backup("library")
    assert levels(holdfast, 0)["Recent backups"] == "ok"


def test_a_container_and_its_volume(holdfast: Holdfast, container17: Server) -> None:
    holdfast.define("library", container17, small(container17, container17.unique()))
    holdfast.backup("library")
    report = holdfast.json("status")["jobs"][0]
    texts = {one["point"]: one["text"] for one in report["checks"]}
    assert "holdfast-postgres:17" in texts["Container"]
    assert "/var/lib/postgresql/data" in texts["Volume mount"]
    assert "PostgreSQL 17" in texts["Connectivity"]
    assert re.fullmatch("/var/lib/postgresql/data, [0-9.]+ [MG]iB", texts["Data directory"])


def test_data_on_no_volume_is_critical(holdfast: Holdfast) -> None:
    with servers.container(17, ["--env", "PGDATA=/srv/data"]) as server:
        holdfast.define("library", server, small(server, "library"))
        holdfast.backup("library")
        report = holdfast.json("status", status=2)["jobs"][0]
        volume = next(one for one in report["checks"] if one["point"] == "Volume mount")
        assert volume["level"] == "critical" and "/srv/data" in volume["text"]


def test_growth_shows_after_rows_were_added(holdfast: Holdfast, cluster15: Server) -> None:
    database = small(cluster15, cluster15.unique(), 2000)
    repository = holdfast.define("library", cluster15, database)
    first = holdfast.backup("library")
    before = holdfast.json("status")["jobs"][0]
    assert before["databases"][0]["growth"] == pytest.approx(0, abs=0.02)
    fill(cluster15, database, 6000)
    after = holdfast.json("status")["jobs"][0]
    assert after["since"] == first["id"]
    assert after["databases"][0]["growth"] > 0.03
    table = next(one for one in after["tables"] if one["table"] == "items")
    assert 1.5 < table["growth"] < 4
    assert table["size"] > before["tables"][0]["size"]
    assert "GROWTH SINCE" in holdfast("status").out
    # What is left is a safety backup of the database that was replaced.
    holdfast("restore", "latest")
    for path in repository.glob(f"*{first['id'].partition('_')[2]}*"):
        path.unlink()
    report = holdfast.json("status", status=2)["jobs"][0]
    assert report["since"] is None and report["databases"][0]["growth"] is None
    assert "GROWTH SINCE" not in holdfast("status", status=2).out


def test_the_worst_of_several_jobs_counts(holdfast: Holdfast, cluster15: Server) -> None:
    database = small(cluster15, cluster15.unique())
    holdfast.define("library", cluster15, database)
    holdfast.backup("library")
    holdfast.define("archive", {"socket": "/nowhere"}, database)
    result = holdfast.json("status", status=2)
    assert [(job["job"], job["exit_status"]) for job in result["jobs"]] == [("archive", 2), ("library", 0)]
    assert holdfast("status", "library").status == 0
