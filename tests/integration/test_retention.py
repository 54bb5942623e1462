# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What goes and what stays, on real backups that were moved back in time."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ansible_collections.holdfast.postgres.tests.integration import files
from ansible_collections.holdfast.postgres.tests.integration.content import rows
from ansible_collections.holdfast.postgres.tests.integration.program import Holdfast
from ansible_collections.holdfast.postgres.tests.integration.sample import small
from ansible_collections.holdfast.postgres.tests.integration.servers import Server


@pytest.fixture
def days(holdfast: Holdfast, cluster15: Server, tmp_path: Path) -> tuple[Path, list[str], dict[str, object]]:
    """A repository with a backup of each of the last ten days, today's first; their ids; the definition's rest."""
    database = small(cluster15, cluster15.unique())
    repository = holdfast.define("library", cluster15, database, keep={"daily": 100})
    made = holdfast.backup("library")
    backups = [made["id"]]
    for day in range(1, 10):
        shutil.copytree(repository, tmp_path / f"{day}")
        for path in (tmp_path / f"{day}").iterdir():
            if path.name not in files.files_of(made):
                path.unlink()
        backups.append(files.age(tmp_path / f"{day}", made, day))
    for day in range(1, 10):
        for path in (tmp_path / f"{day}").iterdir():
            shutil.move(path, repository)
    assert len(holdfast.json("list")["jobs"][0]["backups"]) == 10
    return repository, backups, {"server": cluster15, "database": database}


def define(holdfast: Holdfast, made_with: dict[str, object], **keep: int) -> None:
    holdfast.define("library", made_with["server"], made_with["database"], keep=keep)  # type: ignore[arg-type]


def there(holdfast: Holdfast) -> list[str]:
    return [one["id"] for one in holdfast.json("list")["jobs"][0]["backups"]]


def test_seven_days_stay_and_all_files_of_the_others_go(
    holdfast: Holdfast, days: tuple[Path, list[str], dict[str, object]], cluster15: Server
) -> None:
    repository, backups, made_with = days
    define(holdfast, made_with)
    before = files.snapshot(repository)

    told = holdfast("prune", "--dry-run").out
    assert files.snapshot(repository) == before
    decided = holdfast.json("prune", "--dry-run")["backups"]
    assert [one["backup"] for one in decided if not one["keep"]] == backups[7:]
    assert all(one["why"] for one in decided)
    for backup in backups[7:]:
        assert any(backup in line and "goes" in line and "beyond daily 7" in line for line in told.splitlines())
    assert "3 would be deleted" in told

    assert [one["backup"] for one in holdfast.json("prune")["backups"] if not one["keep"]] == backups[7:]
    stamps = {backup[-15:] for backup in backups[:7]}
    assert {name.split(".")[0][-15:] for name in files.visible(repository)} == stamps
    assert len(files.visible(repository)) == 7 * 5
    assert files.hidden(repository) == []
    # Those that stay are untouched, and the oldest of them still restores.
    assert files.snapshot(repository).items() <= before.items()
    into = cluster15.unique()
    holdfast("restore", backups[6], "--into", into)
    assert len(rows(cluster15, into)) == 100
    assert holdfast.history("library")[-2]["deleted"] == backups[7:]


def test_a_backup_prunes_by_itself(holdfast: Holdfast, days: tuple[Path, list[str], dict[str, object]]) -> None:
    backups, made_with = days[1:]
    define(holdfast, made_with, daily=3)
    made = holdfast.backup("library")
    assert there(holdfast) == [made["id"], *backups[:3]]


def test_a_backup_that_fails_prunes_nothing(
    holdfast: Holdfast, days: tuple[Path, list[str], dict[str, object]]
) -> None:
    backups, made_with = days[1:]
    holdfast.define("library", made_with["server"], "no_such_database", keep={"daily": 1})
    holdfast("backup", "library", status=1)
    assert there(holdfast) == backups


def test_the_newest_good_one_stays_whatever_the_numbers_say(
    holdfast: Holdfast, days: tuple[Path, list[str], dict[str, object]], cluster15: Server
) -> None:
    repository, backups, made_with = days
    # The newest three are damaged: one at first sight, one by a verify, one has no readable manifest.
    next(repository.glob(f"db_*{backups[0][-15:]}.*")).unlink()
    files.flip_bit(next(repository.glob(f"db_*{backups[1][-15:]}.*")))
    holdfast("verify", backups[1], status=1)
    files.manifest_file(repository, backups[2]).write_text("{", encoding="utf-8")
    define(holdfast, made_with, daily=0)
    holdfast("prune")
    assert backups[3] in there(holdfast)
    assert not set(backups[4:]) & set(there(holdfast))
    result = holdfast.json("restore", "latest", "--into", cluster15.unique())
    assert result["backup"] == backups[3]
    assert len(result["passed_over"]) == 3


def test_the_newest_proved_one_stays_for_latest_verified(
    holdfast: Holdfast, days: tuple[Path, list[str], dict[str, object]], cluster15: Server
) -> None:
    backups, made_with = days[1:]
    holdfast("drill", backups[8], "--where", "database")
    define(holdfast, made_with, daily=2)
    holdfast("prune")
    assert there(holdfast) == [*backups[:2], backups[8]]
    assert backups[8] in holdfast("list").out and "newest proved" in holdfast("list").out
    # A drill that could not be made takes nothing back.
    holdfast("drill", backups[8], "--where", "container", status=2)
    holdfast.define("library", {"socket": "/nowhere"}, made_with["database"], keep={"daily": 2})  # type: ignore[arg-type]
    holdfast("drill", backups[8], "--where", "database", status=1)
    define(holdfast, made_with, daily=2)
    holdfast("prune")
    into = cluster15.unique()
    assert holdfast.json("restore", "latest-verified", "--into", into)["backup"] == backups[8]
    assert len(rows(cluster15, into)) == 100

    holdfast("drill", backups[1], "--where", "database")
    holdfast("prune")
    assert there(holdfast) == backups[:2]


def test_a_server_that_was_down_at_a_verify_costs_no_backup(
    holdfast: Holdfast, days: tuple[Path, list[str], dict[str, object]]
) -> None:
    backups, made_with = days[1:]
    holdfast.define("library", {"socket": "/nowhere"}, made_with["database"], keep={"daily": 100})  # type: ignore[arg-type]
    for backup in backups[:5]:
        assert "server on socket /nowhere" in holdfast("verify", backup, status=1).err
    define(holdfast, made_with, daily=2)
    holdfast("prune")
    assert there(holdfast) == backups[:2]


def test_the_safety_backup_of_a_restore_does_not_push_out_a_regular_one(
    holdfast: Holdfast, days: tuple[Path, list[str], dict[str, object]]
) -> None:
    backups, made_with = days[1:]
    define(holdfast, made_with, daily=1)
    safety = holdfast.json("restore", backups[5], "--in-place")["safety"]
    why = {one["backup"]: one["why"] for one in holdfast.json("prune")["backups"] if one["keep"]}
    assert why == {safety: "newest safety", backups[0]: "newest good, day 1 of 1"}
    assert there(holdfast) == [safety, backups[0]]
