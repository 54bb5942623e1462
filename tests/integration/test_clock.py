# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A clock that was wrong once, or is wrong now."""

from __future__ import annotations

import json
import shutil

from ansible_collections.holdfast.postgres.tests.integration import files
from ansible_collections.holdfast.postgres.tests.integration.content import rows
from ansible_collections.holdfast.postgres.tests.integration.program import Holdfast
from ansible_collections.holdfast.postgres.tests.integration.sample import fill, small
from ansible_collections.holdfast.postgres.tests.integration.servers import Server

YEARS = 1800


def test_a_backup_from_the_future_is_named_and_never_taken(holdfast: Holdfast, cluster15: Server) -> None:
    database = small(cluster15, cluster15.unique())
    repository = holdfast.define("library", cluster15, database, keep={"daily": 1})
    future = files.age(repository, holdfast.backup("library"), -YEARS)
    assert "dated in the future" in holdfast("restore", "latest", "--into", "never", status=2).err
    holdfast("drill", future, "--where", "database")
    old = files.age(repository, holdfast.backup("library"), 2)
    fill(cluster15, database, 50)
    made = holdfast.backup("library")

    # Neither the one of the day before went, nor does the other count.
    why = {row["backup"]: row["why"] for row in made["pruned"]}
    assert list(why) == [future, made["id"], old]
    assert "counts for nothing" in why[future] and "nothing is deleted before" in why[old]
    holdfast("prune")
    into = cluster15.unique()
    for wanted in ("latest", "2099-01-01"):
        result = holdfast.json("restore", wanted, "--into", into)
        assert (result["backup"], len(rows(cluster15, into))) == (made["id"], 150)
        assert future in result["passed_over"][0]
        cluster15.drop(into)
    assert "drill" in holdfast("restore", "latest-verified", "--into", into, status=2).err

    told = holdfast("status", status=2).out
    assert f"dated in the future, so the clock is wrong or was so once: {future}" in told
    assert "in the future" in holdfast("list").out
    # Whoever wants it names it.
    assert holdfast.json("restore", future, "--into", into)["backup"] == future

    files.manifest_file(repository, future).unlink()
    assert "in the future" not in holdfast("status").out
    holdfast("prune")
    assert [one["id"] for one in holdfast.json("list")["jobs"][0]["backups"]] == [made["id"]]


def test_nothing_is_deleted_while_the_clock_is_earlier_than_the_history(holdfast: Holdfast, cluster15: Server) -> None:
    repository = holdfast.define("library", cluster15, small(cluster15, cluster15.unique()), keep={"daily": 1})
    old = files.age(repository, holdfast.backup("library"), 2)
    history = holdfast.home / "state" / "library" / "history.jsonl"
    text = history.read_text(encoding="utf-8")
    history.write_text(
        text + json.dumps({"time": "2099-01-01T00:00:00Z", "verb": "verify", "result": "ok"}) + "\n", encoding="utf-8"
    )
    made = holdfast("backup", "library")
    assert "the clock is earlier than 2099-01-01T00:00:00Z" in made.out and "nothing is deleted" in made.out
    assert old in [one["id"] for one in holdfast.json("list")["jobs"][0]["backups"]]
    assert "the clock is earlier than 2099-01-01T00:00:00Z" in holdfast("status", status=2).out
    history.write_text(text, encoding="utf-8")
    holdfast("prune")
    assert old not in [one["id"] for one in holdfast.json("list")["jobs"][0]["backups"]]


def test_a_dump_from_the_future_is_not_adopted(holdfast: Holdfast, cluster15: Server) -> None:
    repository = holdfast.define("library", cluster15, small(cluster15, cluster15.unique()), format="plain")
    made = holdfast.backup("library")
    dump = repository / "library_20990101_000000.sql.zst"
    shutil.copy(files.artifact(repository, made), dump)
    assert "is in the future" in holdfast("adopt", dump, status=1).err
    assert len(holdfast.json("list")["jobs"][0]["backups"]) == 1
