# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which sequences are raised, and how far."""

from __future__ import annotations

import pytest

from ansible_collections.holdfast.postgres.plugins.module_utils._core.postgresql.positions import (
    Position,
    Sequence,
    behind,
    out_of_reach,
)


def one(position: Position | None, increment: int = 1, cycle: bool = False, high: int = 1000) -> dict[str, Sequence]:
    return {"public.ids": Sequence(increment, (increment, 1, high, "bigint"), cycle, position)}


@pytest.mark.parametrize(
    ("restored", "live", "raised"),
    [
        (one((5, True)), one((9, True)), (9, True)),
        (one((1, False)), one((1, True)), (1, True)),
        (one((9, True)), one((9, True)), None),
        (one((9, True)), one((5, True)), None),
        (one((9, True)), one((9, False)), None),
        (one((9, True), -1), one((5, True), -1), (5, True)),
        (one((5, True), -1), one((9, True), -1), None),
        (one((5, True), cycle=True), one((9, True), cycle=True), None),
        (one((5, True)), one((9, True), cycle=True), None),
        # It was altered since the backup.
        (one((5, True)), one((9, True), 2), (9, True)),
        (one((5, True)), one((9, True), high=2000), (9, True)),
        (one((5, True)), one(None), None),
        (one(None), one((9, True)), None),
        (one((5, True)), {}, None),
        ({}, one((9, True)), None),
    ],
)
def test_a_sequence_is_raised_to_the_live_position_and_never_taken_back(
    restored: dict[str, Sequence], live: dict[str, Sequence], raised: Position | None
) -> None:
    assert behind(restored, live) == ({} if raised is None else {"public.ids": raised})
    assert out_of_reach(restored, live) == []


@pytest.mark.parametrize("live", [one((1001, True), high=5000), one((9, True), -1)])
def test_a_sequence_that_cannot_go_where_the_live_one_is_stays_and_is_named(live: dict[str, Sequence]) -> None:
    assert behind(one((5, True)), live) == {}
    assert out_of_reach(one((5, True)), live) == ["public.ids"]


@pytest.mark.parametrize(
    ("earlier", "now", "expected"),
    [
        ((5, True), (5, True), (5, True)),
        ((5, True), (7, True), (27, True)),
        ((1, False), (1, True), (1, True)),
        ((500, True), (900, True), (900, True)),
    ],
)
def test_a_sequence_that_moves_is_raised_further(earlier: Position, now: Position, expected: Position) -> None:
    assert one(now)["public.ids"].ahead(one(earlier)["public.ids"], 10).position == expected
    assert one(now)["public.ids"].ahead(None, 10).position == now
