# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The modules' ``definition`` has the keys and the defaults of the core's job."""

from __future__ import annotations

from dataclasses import MISSING, fields

import pytest
import yaml

from ansible_collections.holdfast.postgres.plugins.doc_fragments.job import ModuleDocFragment
from ansible_collections.holdfast.postgres.plugins.module_utils._core.definition.model import Connection, Database, Job
from ansible_collections.holdfast.postgres.plugins.module_utils._core.retention import Keep
from ansible_collections.holdfast.postgres.plugins.module_utils._module import CONNECTION, DEFINITION, KEEP

OPTIONS = {
    Job: DEFINITION,
    Connection: CONNECTION,
    Database: DEFINITION["databases"]["options"],
    Keep: KEEP,
}
DOCUMENTED = yaml.safe_load(ModuleDocFragment.DOCUMENTATION)["options"]["definition"]["suboptions"]


@pytest.mark.parametrize("kind", OPTIONS)
def test_keys_are_the_same(kind):
    assert sorted(OPTIONS[kind]) == sorted(field.name for field in fields(kind))


@pytest.mark.parametrize("kind", OPTIONS)
def test_defaults_are_the_same(kind):
    for field in fields(kind):
        if field.default is not MISSING and field.default is not None:
            assert OPTIONS[kind][field.name].get("default") == field.default, field.name


@pytest.mark.parametrize(
    ("options", "documented"),
    [
        (DEFINITION, DOCUMENTED),
        (CONNECTION, DOCUMENTED["connection"]["suboptions"]),
        (KEEP, DOCUMENTED["keep"]["suboptions"]),
    ],
)
def test_the_documentation_says_so(options, documented):
    for name, option in options.items():
        assert documented[name].get("default") == option.get("default"), name
        assert documented[name].get("choices") == option.get("choices"), name
