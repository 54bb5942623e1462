# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Of which database a safety backup is made, and that one without it is not believed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.holdfast.postgres.plugins.module_utils._core.definition.model import Connection, Database, Job
from ansible_collections.holdfast.postgres.plugins.module_utils._core.definition.parse import NAME
from ansible_collections.holdfast.postgres.plugins.module_utils._core.errors import Refused
from ansible_collections.holdfast.postgres.plugins.module_utils._core.repository.manifest import Artifact, Manifest
from ansible_collections.holdfast.postgres.plugins.module_utils._core.safety import held, of_one

JOB = Job("apps", Connection(), (Database("library", "books"), Database("shop", "shop")), Path("/x"), proof="none")


def test_a_listed_database_keeps_its_name_and_the_others_stay_out() -> None:
    assert of_one(JOB, "library", proved=False).databases == (Database("library", "books"),)


@pytest.mark.parametrize("database", ["former", "globals", "we\"ird 'name' ..x", ".hidden", "../up", "-x", "ü"])
def test_any_other_gets_a_name_that_files_may_have(database: str) -> None:
    (source,) = of_one(JOB, database, proved=False).databases
    assert source.database == database and NAME.fullmatch(source.name) and source.name != "globals"


def test_a_proof_is_taken_even_if_the_job_wants_none() -> None:
    assert (of_one(JOB, "shop", proved=True).proof, of_one(JOB, "shop", proved=False).proof) == ("full", "none")


def test_a_safety_backup_of_something_else_is_refused() -> None:
    artifact = Artifact("x", "x", "database", "custom", "none", 1, "0" * 64, "other")
    rest: dict[str, Any] = {"created": "", "finished": "", "purpose": "safety", "host": "", "program": "", "server": {}}
    made = Manifest(id="apps_1", job="apps", artifacts=(artifact,), verified={}, **rest)
    assert held(made, "other") is artifact
    with pytest.raises(Refused, match="does not hold it, but other"):
        held(made, "library")
