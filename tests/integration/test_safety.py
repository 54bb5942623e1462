# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The safety backup holds exactly what a restore replaces, and nothing that was written is lost."""

from __future__ import annotations

import pytest

from ansible_collections.holdfast.postgres.tests.integration.content import rows
from ansible_collections.holdfast.postgres.tests.integration.program import Holdfast
from ansible_collections.holdfast.postgres.tests.integration.sample import fill, small
from ansible_collections.holdfast.postgres.tests.integration.servers import Server


def databases_of(holdfast: Holdfast, backup: str) -> list[str]:
    return [one["database"] for one in holdfast.json("show", backup)["artifacts"] if one["kind"] == "database"]


@pytest.mark.parametrize("mode", ["--in-place", "--swap"])
def test_a_database_that_the_job_no_longer_lists_is_in_the_safety_backup_of_its_restore(
    holdfast: Holdfast, cluster15: Server, mode: str
) -> None:
    listed, former = small(cluster15, cluster15.unique()), small(cluster15, cluster15.unique("former ü"))
    both = [{"database": listed, "name": "listed"}, {"database": former, "name": "former"}]
    holdfast.define("library", cluster15, *both)
    made = holdfast.backup("library")["id"]
    holdfast.define("library", cluster15, listed)
    fill(cluster15, former, 7)
    told = holdfast.json("restore", made, mode, "--database", former)
    assert len(rows(cluster15, former)) == 100
    assert databases_of(holdfast, told["safety"]) == [former]
    holdfast("restore", told["safety"], "--in-place", "--database", former)
    assert len(rows(cluster15, former)) == 107


@pytest.mark.parametrize("mode", ["--in-place", "--swap"])
def test_a_file_over_another_database_than_the_job_s(holdfast: Holdfast, cluster15: Server, mode: str) -> None:
    listed, other = small(cluster15, cluster15.unique(), 30), small(cluster15, cluster15.unique(), 107)
    repository = holdfast.define("library", cluster15, listed, proof="none")
    made = holdfast.backup("library")
    path = holdfast.home / "old.dump.zst"
    path.write_bytes((repository / made["artifacts"][0]["file"]).read_bytes())
    told = holdfast.json("restore", path, mode, "--database", other)
    assert (len(rows(cluster15, other)), len(rows(cluster15, listed))) == (30, 30)
    assert databases_of(holdfast, told["safety"]) == [other]
    holdfast("restore", told["safety"], "--in-place")
    assert len(rows(cluster15, other)) == 107


def test_of_several_databases_the_one_that_is_replaced_is_saved(holdfast: Holdfast, cluster15: Server) -> None:
    one, other = small(cluster15, cluster15.unique()), small(cluster15, cluster15.unique())
    holdfast.define("library", cluster15, one, other)
    made = holdfast.backup("library")["id"]
    told = holdfast.json("restore", made, "--database", one)
    assert databases_of(holdfast, told["safety"]) == [one]
    # What is newest for the next backup is as it was.
    assert holdfast.json("restore", "latest", "--database", other, "--dry-run")["backup"] == made
