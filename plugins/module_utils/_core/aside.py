# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The databases that swaps and rollbacks put aside: what each was is in its comment. Only people delete them."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import psycopg

    Session = psycopg.Connection[Any]

MARK = "holdfast "
MARKED = """
    SELECT datname, shobj_description(oid, 'pg_database'),
      CASE WHEN has_database_privilege(oid, 'CONNECT') THEN pg_database_size(oid) END
    FROM pg_database WHERE starts_with(shobj_description(oid, 'pg_database'), %s) ORDER BY datname
"""


@dataclass(frozen=True)
class Mark:
    """What the comment of a database that was put aside remembers.

    what:    swapped (it was live before a restore) or undone (it was live before a rollback)
    was:     the name that it had
    comment: its own comment, or None
    """

    what: str
    job: str
    was: str
    at: str
    backup: str
    comment: str | None

    def write(self) -> str:
        return MARK + json.dumps(asdict(self), ensure_ascii=False)


@dataclass(frozen=True)
class Aside:
    """A database that was put aside. size: in octets, or None for a role that may not know it."""

    name: str
    mark: Mark
    size: int | None


def put_aside(session: Session, job: str) -> list[Aside]:
    """What a job put aside, the oldest first."""
    found = [
        Aside(name, mark, size)
        for name, comment, size in session.execute(MARKED, [MARK]).fetchall()
        if (mark := _read(comment)) is not None and mark.job == job
    ]
    return sorted(found, key=lambda aside: (aside.mark.at, aside.name))


def _read(comment: str) -> Mark | None:
    try:
        return Mark(**json.loads(comment[len(MARK) :]))
    except (ValueError, TypeError):
        return None
