# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role's argument specification is its documentation, so it must say what is true."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.holdfast.postgres.plugins.module_utils._core import codec
from ansible_collections.holdfast.postgres.plugins.module_utils._core.definition import parse
from ansible_collections.holdfast.postgres.plugins.module_utils._core.definition.model import Connection, Database, Job
from ansible_collections.holdfast.postgres.plugins.module_utils._core.retention import Keep

ROLE = Path(__file__).parents[2] / "roles" / "backup"


def load(file: str) -> Any:
    return yaml.safe_load((ROLE / file).read_text(encoding="utf-8"))


OPTIONS = load("meta/argument_specs.yml")["argument_specs"]["main"]["options"]
JOB = OPTIONS["backup_jobs"]["options"]


def test_its_defaults_are_the_defaults_of_the_role() -> None:
    assert {name: option["default"] for name, option in OPTIONS.items()} == load("defaults/main.yml")


@pytest.mark.parametrize(
    ("options", "model"),
    [
        (JOB, Job),
        (JOB["connection"]["options"], Connection),
        (JOB["databases"]["options"], Database),
        (JOB["keep"]["options"], Keep),
    ],
)
def test_a_job_has_the_keys_and_defaults_that_the_program_knows(options: dict[str, Any], model: Any) -> None:
    fields = {field.name: field.default for field in dataclasses.fields(model)}
    assert set(options) == set(fields)
    simple = {name: value for name, value in fields.items() if isinstance(value, (bool, int, str))}
    assert {name: option["default"] for name, option in options.items() if "default" in option} == simple


def test_a_job_has_the_choices_that_the_program_knows() -> None:
    connection = JOB["connection"]["options"]
    assert JOB["format"]["choices"] == list(codec.FORMATS)
    assert JOB["compression"]["choices"] == list(codec.COMPRESSIONS)
    assert connection["engine"]["choices"] == list(parse.ENGINES)
    assert connection["sslmode"]["choices"] == list(parse.SSL_MODES)


def test_secrets_are_kept_out_of_the_output() -> None:
    secret = {name for name, option in JOB["connection"]["options"].items() if option.get("no_log")}
    assert secret == {field.name for field in dataclasses.fields(Connection) if not field.repr}
