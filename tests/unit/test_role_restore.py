# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The argument specification of the role restore is its documentation, so it must say what is true."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.holdfast.postgres.plugins.filter.command_line import command_line
from ansible_collections.holdfast.postgres.plugins.modules import restore, rollback

ROLE = Path(__file__).parents[2] / "roles" / "restore"


def load(file: str) -> Any:
    return yaml.safe_load((ROLE / file).read_text(encoding="utf-8"))


SPECS = load("meta/argument_specs.yml")["argument_specs"]
RESTORE, ROLLBACK = SPECS["main"]["options"], SPECS["rollback"]["options"]


def test_its_defaults_are_the_defaults_of_the_role() -> None:
    assert {name: option["default"] for name, option in {**RESTORE, **ROLLBACK}.items()} == load("defaults/main.yml")


def test_both_entry_points_mean_the_same_by_the_same_name() -> None:
    shared = set(RESTORE) & set(ROLLBACK) - {"restore_database"}
    assert {name: RESTORE[name] for name in shared} == {name: ROLLBACK[name] for name in shared}


def test_every_command_has_the_same_keys() -> None:
    keys = [sorted(RESTORE[name]["options"]) for name in ("restore_stop", "restore_after", "restore_start")]
    assert keys == [["argv", "chdir", "environment", "shell", "where"]] * 3


@pytest.mark.parametrize(("options", "module"), [(RESTORE, restore), (ROLLBACK, rollback)])
def test_what_goes_to_the_module_has_its_defaults(options: dict[str, Any], module: Any) -> None:
    for name, option in module.OPTIONS.items():
        of_role = options.get(f"restore_{name}")
        assert of_role is not None or name in ("tables", "to"), name
        if of_role is not None:
            assert of_role["default"] == option.get("default", ""), name


def test_the_modes_are_those_of_the_module_that_concern_a_whole_database() -> None:
    assert set(RESTORE["restore_mode"]["choices"]) == set(restore.OPTIONS["mode"]["choices"]) - {"tables"}


def test_a_command_is_shown_as_it_would_be_typed_and_without_its_environment() -> None:
    command = {"argv": ["kamal", "app", "stop", "--hosts", "a b"], "where": "controller", "environment": {"TOKEN": "x"}}
    assert command_line(command) == "kamal app stop --hosts 'a b' (on the operator's machine)"
    assert command_line({"shell": "cd /app && ./stop"}) == "cd /app && ./stop"
