# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which entries of an archive's table of contents are restored: ``pg_restore --list`` in, ``--use-list`` out."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Callable

Selection = Callable[[str], str]

ENTRY = re.compile(r"^\d+; \d+ \d+ (?P<what>[A-Z].*)$")
COMPUTED = ("MATERIALIZED VIEW DATA ",)
# What reaches beyond a table, or would act when its rows come.
BEYOND_TABLES = (
    "FK CONSTRAINT ",
    "TRIGGER ",
    "EVENT TRIGGER ",
    "PUBLICATION ",
    "PUBLICATION TABLE",
    "SUBSCRIPTION ",
    "BLOB",
)
# A comment or the privileges of what is left out
ABOUT_BEYOND = re.compile(
    r"^(?:COMMENT|ACL|SECURITY LABEL) .*\b(?:LARGE OBJECT|TRIGGER|CONSTRAINT|PUBLICATION|SUBSCRIPTION) "
)


def without_computed(listing: str) -> str:
    """Everything but the rows of materialized views."""
    return _filter(listing, lambda what: not what.startswith(COMPUTED))


def only_tables(tables: Iterable[tuple[str, str]]) -> Selection:
    """The definitions of everything, and the rows of these tables, each as (schema, name)."""
    wanted = tuple(f"TABLE DATA {_shown(schema)} {_shown(name)} " for schema, name in tables)

    def keep(what: str) -> bool:
        if what.startswith("TABLE DATA "):
            return what.startswith(wanted)
        return not what.startswith((*COMPUTED, *BEYOND_TABLES)) and not ABOUT_BEYOND.match(what)

    return lambda listing: _filter(listing, keep)


def _shown(name: str) -> str:
    """A name as pg_restore lists it (source: sanitize_line in dumputils.c)."""
    return name.replace("\n", " ").replace("\r", " ")


def _filter(listing: str, keep: Callable[[str], bool]) -> str:
    lines = []
    # Not splitlines: a name may have what Unicode calls a line break.
    for line in listing.split("\n"):
        entry = ENTRY.match(line)
        if entry is not None and keep(entry["what"]):
            lines.append(line)
    return "\n".join(lines) + "\n"
