# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Roles that a restore creates, and takes away again when it fails."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence

from .errors import HoldfastError
from .plan import Plan
from .postgresql.quote import identifier
from .postgresql.server import Server
from .progress import Progress

LOGGED_IN = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE usename = %s)"


@contextlib.contextmanager
def roles(server: Server, plan: Plan, progress: Progress) -> Iterator[None]:
    """Create the roles that the backup needs and the server lacks.

    When the block fails and nothing was replaced, they are dropped again; the error names those that stay.
    """
    if not plan.roles.create:
        yield
        return
    progress.step(f"creating the missing roles {', '.join(plan.roles.create)}")
    with server.session() as session, session.transaction():
        for statement in plan.roles.script:
            session.execute(statement)
    try:
        yield
    except BaseException as error:
        if isinstance(error, HoldfastError) and error.replaced:
            raise
        stay = list(plan.roles.create)
        with contextlib.suppress(HoldfastError):
            stay = take_back(server, plan.roles.create)
        if stay and isinstance(error, HoldfastError):
            told = f"The roles that were created for it are still there: {', '.join(stay)}."
            error.next_step = f"{error.next_step}\n{told}".lstrip()
        raise


def take_back(server: Server, created: Sequence[str]) -> list[str]:
    """Drop roles that nothing needs; those that stay. PostgreSQL drops none that anything depends on."""
    from psycopg import errors

    stay = list(created)
    with server.session() as session:
        dropped = True
        # A role may be in the way of another one, as the grantor of a membership.
        while dropped:
            dropped = False
            for role in list(stay):
                if session.execute(LOGGED_IN, [role]).fetchall()[0][0]:
                    continue
                with contextlib.suppress(errors.DependentObjectsStillExist, errors.InsufficientPrivilege):
                    session.execute(f"DROP ROLE {identifier(role)}")
                    stay.remove(role)
                    dropped = True
    return stay
