# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What belongs to a database itself, and is in no dump of it: taken from the live one, or from the backup."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import Any

from . import aside
from .errors import ServerError
from .plan import Plan
from .postgresql import catalog, properties
from .postgresql.server import Server

LIVE, BACKUP = "live", "backup"
LOCALE = {"encoding": "encoding", "collate": "LC_COLLATE", "ctype": "LC_CTYPE", "locale": "locale"}


@dataclass(frozen=True)
class Itself:
    """taken_from: live or backup.

    like:        what the new database is created like
    wanted:      what it gets, or None for whatever the live one has when it is replaced
    differences: how the one that it is taken from differs from the other, a sentence each
    """

    taken_from: str
    like: dict[str, Any]
    wanted: dict[str, Any] | None
    differences: list[str]

    def as_data(self) -> dict[str, Any]:
        return {"taken_from": self.taken_from, "differences": self.differences}


def choose(server: Server, plan: Plan) -> Itself:
    """The live database's, unless there is none, or it is as empty as an image makes it."""
    if not plan.live:
        return Itself(BACKUP, plan.details, plan.details, [])
    with server.session() as session:
        live = {**catalog.describe(session, plan.into), **properties.of(session, plan.into)}
        live["comment"] = aside.own_comment(live["comment"])
        roles = catalog.roles(session)
    locale = [
        f"{title}, as in the backup: {plan.details[key]} instead of {live.get(key)}"
        for key, title in LOCALE.items()
        if key in plan.details and plan.details[key] != live.get(key)
    ]
    if "settings" in plan.details and _empty(server, plan.into):
        return Itself(BACKUP, plan.details, plan.details, locale + properties.differences(live, plan.details, roles))
    own = {key: live[key] for key in properties.OWN if key in live}
    return Itself(LIVE, {**plan.details, **own}, None, locale + properties.differences(plan.details, live, roles))


def _empty(server: Server, database: str) -> bool:
    # A database that is too damaged to be read is not empty.
    with contextlib.suppress(ServerError), server.session(database) as session:
        return catalog.empty(session)
    return False
