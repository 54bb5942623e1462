# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Restoring into a new database."""

from __future__ import annotations

import pytest

from ansible_collections.holdfast.postgres.tests.integration import files
from ansible_collections.holdfast.postgres.tests.integration.content import assert_same, content, rows
from ansible_collections.holdfast.postgres.tests.integration.program import Holdfast
from ansible_collections.holdfast.postgres.tests.integration.sample import fill, small
from ansible_collections.holdfast.postgres.tests.integration.servers import Server


def test_several_databases_of_one_job_come_back_one_by_one(holdfast: Holdfast, cluster15: Server) -> None:
    first, second = (small(cluster15, cluster15.unique(), count) for count in (10, 20))
    repository = holdfast.define("library", cluster15, first, {"database": second, "name": "second.one"})
    made = holdfast.backup("library")
    assert [one["source"] for one in made["artifacts"]] == [first, first, "second.one", "second.one", "globals"]
    assert files.artifact(repository, made, 2).name.startswith("second.one_2")

    into = cluster15.unique()
    error = holdfast("restore", "latest", "--into", into, status=2).err
    assert first in error and second in error and "--database" in error
    assert "it holds no database" in holdfast("restore", "--into", into, "--database", "x", status=2).err
    for database, source in ((first, first), (second, "second.one")):
        holdfast("restore", "latest", "--into", f"{into}_{database}", "--database", source)
        assert_same(content(cluster15, f"{into}_{database}"), content(cluster15, database))


def test_damage_of_one_database_does_not_keep_another_from_coming_back(holdfast: Holdfast, cluster15: Server) -> None:
    first, second = (small(cluster15, cluster15.unique(), count) for count in (10, 20))
    repository = holdfast.define("library", cluster15, first, second)
    made = holdfast.backup("library")
    files.flip_bit(files.artifact(repository, made, 0))
    into = cluster15.unique()
    assert holdfast("restore", made["id"], "--into", into, "--database", first, status=1)
    holdfast("restore", made["id"], "--into", into, "--database", second)
    assert rows(cluster15, into) == rows(cluster15, second)


def test_a_restore_into_an_existing_name_is_refused(holdfast: Holdfast, cluster15: Server) -> None:
    database = small(cluster15, cluster15.unique())
    holdfast.define("library", cluster15, database)
    holdfast.backup("library")
    fill(cluster15, database, 5)
    before = content(cluster15, database)
    error = holdfast("restore", "latest", "--into", database, status=1).err
    assert "it exists" in error and "without --into" in error
    assert_same(content(cluster15, database), before)


@pytest.mark.parametrize("name", ["quo\"te'd", "sp ace", "..", "-dash", "dbname=x host=y", "Größe🦊", "a/b"])
def test_a_new_database_may_have_any_name(holdfast: Holdfast, cluster15: Server, name: str) -> None:
    database = small(cluster15, cluster15.unique())
    cluster15.databases.append(name)
    holdfast.define("library", cluster15, database)
    holdfast.backup("library")
    holdfast("restore", "latest", f"--into={name}")
    assert rows(cluster15, name) == rows(cluster15, database)


def test_a_name_that_postgresql_would_cut_off_is_refused(holdfast: Holdfast, cluster15: Server) -> None:
    holdfast.define("library", cluster15, small(cluster15, cluster15.unique()))
    holdfast.backup("library")
    before = cluster15.names()
    assert "63 octets" in holdfast("restore", "latest", "--into", "ü" * 32, status=2).err
    assert cluster15.names() == before
    longest = "ü" * 31 + "x"
    cluster15.databases.append(longest)
    holdfast("restore", "latest", "--into", longest)
    assert len(rows(cluster15, longest)) == 100


def test_it_is_said_once_where_to(holdfast: Holdfast, cluster15: Server) -> None:
    holdfast.define("library", cluster15, small(cluster15, cluster15.unique()))
    holdfast.backup("library")
    assert "not allowed with" in holdfast("restore", "latest", "--into", "x", "--in-place", status=2).err


def test_a_dry_run_changes_nothing(holdfast: Holdfast, cluster15: Server) -> None:
    database = small(cluster15, cluster15.unique())
    repository = holdfast.define("library", cluster15, database)
    made = holdfast.backup("library")
    before, names, there = content(cluster15, database), cluster15.names(), files.snapshot(repository)
    into = cluster15.unique()
    told = holdfast.json("restore", "latest", "--into", into, "--dry-run")
    assert told["dry_run"] and told["backup"] == made["id"] and told["database"] == into
    assert "Nothing was changed" in holdfast("restore", "latest", "--in-place", "--dry-run").out
    assert_same(content(cluster15, database), before)
    assert (cluster15.names(), files.snapshot(repository)) == (names, there)
    files.flip_bit(files.artifact(repository, made))
    assert "checksum is wrong" in holdfast("restore", made["id"], "--into", into, "--dry-run", status=1).err


def test_a_lost_database_comes_back_under_its_own_name(holdfast: Holdfast, cluster15: Server) -> None:
    database = small(cluster15, cluster15.unique())
    holdfast.define("library", cluster15, database)
    holdfast.backup("library")
    before = content(cluster15, database)
    cluster15.drop(database)
    holdfast("restore", "latest", "--into", database)
    assert_same(content(cluster15, database), before)


@pytest.mark.parametrize("format", ["plain", "custom", "directory"])
def test_an_empty_database_is_backed_up_and_comes_back(holdfast: Holdfast, cluster15: Server, format: str) -> None:
    database, into = cluster15.unique(), cluster15.unique()
    cluster15.create(database)
    holdfast.define("library", cluster15, database, format=format)
    holdfast.backup("library")
    holdfast("restore", "latest", "--into", into)
    assert_same(content(cluster15, into), content(cluster15, database))


def test_the_undo_that_is_told_works(holdfast: Holdfast, cluster15: Server) -> None:
    holdfast.define("library", cluster15, small(cluster15, cluster15.unique()))
    holdfast.backup("library")
    into = cluster15.unique('we"ird ')
    undo = holdfast.json("restore", "latest", "--into", into)["undo"]
    with cluster15.connect() as session:
        session.execute(undo)
    assert into not in cluster15.names()
