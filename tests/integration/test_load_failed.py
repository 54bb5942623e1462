# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A backup whose files are whole and that cannot be loaded: nobody is led to it again."""

from __future__ import annotations

import pytest

from ansible_collections.holdfast.postgres.tests.integration import files
from ansible_collections.holdfast.postgres.tests.integration.program import Holdfast
from ansible_collections.holdfast.postgres.tests.integration.sabotage import replace
from ansible_collections.holdfast.postgres.tests.integration.sample import small
from ansible_collections.holdfast.postgres.tests.integration.servers import Server

FIRST = b"SET row_security = off;\n"


@pytest.mark.parametrize("verb", ["restore", "drill"])
def test_a_backup_that_cannot_be_loaded_is_passed_over_from_then_on(
    verb: str, holdfast: Holdfast, cluster15: Server
) -> None:
    database = small(cluster15, cluster15.unique())
    repository = holdfast.define("library", cluster15, database, format="plain", compression="none")
    good, bad = holdfast.backup("library"), holdfast.backup("library")
    path = files.artifact(repository, bad)
    replace(repository, bad["id"], path, path.read_bytes().replace(FIRST, FIRST + b"SELECT public.gone();\n"))
    into = cluster15.unique()
    how = ["--into", into] if verb == "restore" else ["--where", "database"]
    told = holdfast(verb, bad["id"], *how, status=1).err
    assert "it cannot be loaded" in told and "function public.gone() does not exist" in told
    assert f"The newest good backup before it is {good['id']}." in told
    assert into not in cluster15.names()
    # Its files are whole: no verify sees what is wrong.
    holdfast("verify", bad["id"])
    assert holdfast.json("show", "latest")["id"] == good["id"]
    found = holdfast.json("restore", "latest", "--into", into)
    assert found["backup"] == good["id"] and bad["id"] in found["passed_over"][0]


def test_what_the_server_lacks_is_no_fault_of_the_backup(holdfast: Holdfast, cluster15: Server) -> None:
    database = small(cluster15, cluster15.unique())
    repository = holdfast.define("library", cluster15, database, format="plain", compression="none")
    made = holdfast.backup("library")
    path = files.artifact(repository, made)
    replace(repository, made["id"], path, path.read_bytes().replace(FIRST, FIRST + b"CREATE EXTENSION nowhere;\n"))
    told = holdfast("restore", made["id"], "--into", cluster15.unique(), status=1).err
    assert "nowhere" in told and "cannot be loaded" not in told
    assert holdfast.json("show", "latest")["id"] == made["id"]
