# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is taken out of an archive's table of contents."""

from __future__ import annotations

from ansible_collections.holdfast.postgres.plugins.module_utils._core.postgresql.contents import (
    only_tables,
    without_computed,
)

LISTING = """;
; Archive created at 2025-08-16 15:55:03 UTC
;
6; 2615 16400 SCHEMA - library postgres
221; 1259 16410 TABLE library books app owner
222; 1259 16420 TABLE library TABLE DATA app owner
3400; 0 16410 TABLE DATA library books app owner
3401; 0 16420 TABLE DATA library books of others app owner
3402; 0 0 SEQUENCE SET library books_id_seq app owner
3410; 2606 16430 CONSTRAINT library books books_pkey app owner
3411; 2606 16431 FK CONSTRAINT library books books_author_fkey app owner
3412; 2620 16440 TRIGGER library books touch app owner
3413; 0 0 COMMENT library TRIGGER touch ON books app owner
3414; 0 0 COMMENT library TABLE books app owner
3415; 2613 70001 BLOB - 70001 app owner
3416; 0 0 BLOBS - BLOBS
3417; 0 0 ACL - LARGE OBJECT 70001 app owner
3420; 0 16450 MATERIALIZED VIEW DATA library totals app owner
3421; 6104 16460 PUBLICATION - everything postgres
"""


def kept(listing):
    return [line.split(";")[0] for line in listing.splitlines()]


def test_materialized_views_stay_empty():
    everything = [line.split(";")[0] for line in LISTING.splitlines()[3:]]
    assert kept(without_computed(LISTING)) == [number for number in everything if number != "3420"]


def test_of_the_rows_only_those_that_are_wanted_and_nothing_that_reaches_beyond():
    chosen = kept(only_tables([("library", "books")])(LISTING))
    assert chosen == ["6", "221", "222", "3400", "3401", "3402", "3410", "3414"]


def test_a_name_that_only_begins_alike_is_not_wanted():
    assert "3400" not in kept(only_tables([("library", "book")])(LISTING))
