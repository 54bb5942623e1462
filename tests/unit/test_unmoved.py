# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What gives a database what the one in whose place it is had."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.holdfast.postgres.plugins.module_utils._core.postgresql.unmoved import Facts, statements

PLAIN = Facts("pg_default", False, True, ())


@pytest.mark.parametrize(
    ("had", "expected"),
    [
        ({}, []),
        ({"tablespace": "fast disk"}, ['ALTER DATABASE "a b" SET TABLESPACE "fast disk"']),
        ({"template": True}, ['ALTER DATABASE "a b" IS_TEMPLATE true']),
        ({"connections": False}, ['ALTER DATABASE "a b" ALLOW_CONNECTIONS false']),
        ({"labels": (("x", "it's"),)}, ["SECURITY LABEL FOR \"x\" ON DATABASE \"a b\" IS E'it''s'"]),
    ],
)
def test_each_is_said_as_the_statement_that_gives_it(had: dict[str, Any], expected: list[str]) -> None:
    assert statements(replace(PLAIN, **had), PLAIN, "a b") == expected
    assert statements(replace(PLAIN, **had), replace(PLAIN, **had), "a b") == []
