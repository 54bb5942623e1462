# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What counts as a difference between a proof and what was restored, and what does not."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest

from ansible_collections.holdfast.postgres.plugins.module_utils._core import proof
from ansible_collections.holdfast.postgres.plugins.module_utils._core.compare_objects import ELSE
from ansible_collections.holdfast.postgres.plugins.module_utils._core.errors import Damaged

PROOF = {
    "proof": 2,
    "mode": "full",
    "database": "app",
    "major": 15,
    "tables": {
        "public.items": {"kind": "r", "rows": 100, "content": "aa", "generated": "bb"},
        "public.totals": {"kind": "m", "rows": 3, "content": "cc"},
    },
    "sequences": {
        "public.items_id_seq": {"increment": 1, "cycle": False, "position": [100, True], "until": [103, True]}
    },
    "large_objects": {"count": 2, "content": "dd", "facts": "ee"},
    "objects": {
        "table": {
            "public.items": {
                "owner": "app",
                "privileges": ["app=SELECT", "reader=SELECT"],
                "tablespace": "fast",
                "columns": {"id": {"type": "integer", "not_null": True, "default": "01"}, "name": {"type": "text"}},
            }
        },
        "materialized view": {"public.totals": {"populated": True}},
        "sequence": {"public.items_id_seq": {"owner": "app"}},
        "extension": {"citext": {"version": "1.6"}},
        "view": {"public.short": {"definition": "11"}},
        "database": {"": {"owner": "app", "settings": ["work_mem=9MB"], "encoding": "UTF8"}},
    },
}


def changed(*path, to):
    """A proof with one value changed, or taken out when to is None."""
    found = copy.deepcopy(PROOF)
    inner = found
    for key in path[:-1]:
        inner = inner[key]
    if to is None:
        del inner[path[-1]]
    else:
        inner[path[-1]] = to
    return found


def told(found, expected=None, **how):
    return [(str(one), one.harmless) for one in proof.compare(expected or PROOF, found, **how)]


ITEMS = ("objects", "table", "public.items")


@pytest.mark.parametrize(
    ("found", "text"),
    [
        (changed("tables", "public.items", "rows", to=1099), "table public.items: 1,099 rows, and the backup has 100"),
        (changed("tables", "public.items", "rows", to=99), "table public.items: 99 rows, and the backup has 100"),
        (
            changed("tables", "public.items", "content", to="a0"),
            "table public.items: the same number of rows (100), and other content",
        ),
        (changed("tables", "public.items", to=None), "table public.items: it is missing"),
        (changed(*ITEMS, "tablespace", to=None), "table public.items: its tablespace is not set, and was fast"),
        (changed(*ITEMS, "owner", to="postgres"), "table public.items: its owner is postgres, and was app"),
        (
            changed(*ITEMS, "privileges", to=["app=SELECT"]),
            "table public.items: its privileges are app=SELECT, and were app=SELECT, reader=SELECT",
        ),
        (changed(*ITEMS, "columns", "name", to=None), "column public.items.name: it is missing"),
        (changed(*ITEMS, "columns", "id", "default", to="02"), "column public.items.id: its default is not the same"),
        (changed(*ITEMS, "columns", "id", "default", to=None), "column public.items.id: its default is missing"),
        (changed("objects", "view", "public.short", to=None), "view public.short: it is missing"),
        (changed("objects", "view", "public.new", to={}), "view public.new: it is not in the backup"),
        (
            changed("objects", "view", "public.short", "definition", to="12"),
            "view public.short: its definition is not the same",
        ),
        (
            changed("objects", "materialized view", "public.totals", to={}),
            "materialized view public.totals: it could not be computed",
        ),
        (changed("large_objects", "count", to=1), "large objects: 1, and the backup has 2"),
        (changed("large_objects", "content", to="d0"), "large objects: the same number (2), and other content"),
        (changed("large_objects", "facts", to="e0"), "large objects: their owners, privileges or comments differ"),
        (
            changed("objects", "database", "", "settings", to=None),
            "database: its settings are not set, and were work_mem=9MB",
        ),
    ],
)
def test_a_loss_is_named(found, text):
    assert told(found) == [(text, False)]


@pytest.mark.parametrize(
    ("found", "text"),
    [
        (
            changed("tables", "public.totals", "rows", to=4),
            "materialized view public.totals: 4 rows, and the backup has 3",
        ),
        (
            changed("tables", "public.items", "generated", to="b0"),
            "table public.items: its generated columns come out different today",
        ),
        (
            changed("objects", "extension", "citext", "version", to="1.8"),
            "extension citext: its version is 1.8, and was 1.6",
        ),
    ],
)
def test_what_no_restore_can_bring_back_is_harmless(found, text):
    assert told(found) == [(text, True)]


@pytest.mark.parametrize(
    ("position", "text"),
    [
        ([100, True], None),
        ([103, True], None),
        ([101, False], None),
        ([99, True], "behind of the backup's 100 to 103"),
        ([100, False], "behind of the backup's 100 to 103"),
        ([104, True], "ahead of the backup's 100 to 103"),
    ],
)
def test_a_sequence_may_be_where_it_was_during_the_dump(position, text):
    found = changed("sequences", "public.items_id_seq", "position", to=position)
    assert [line.partition(", ")[2] for line, _harmless in told(found)] == ([text] if text else [])


def test_a_sequence_that_counts_down_or_starts_anew():
    down = {"increment": -3, "cycle": False, "position": [800, True], "until": [791, True]}
    for value, differs in ((800, False), (791, False), (803, True), (788, True)):
        expected = changed("sequences", "public.items_id_seq", to=down)
        found = changed("sequences", "public.items_id_seq", to={**down, "position": [value, True]})
        assert bool(told(found, expected)) is differs
    around = {"increment": 1, "cycle": True, "position": [9, True], "until": [2, True]}
    expected = changed("sequences", "public.items_id_seq", to=around)
    assert told(changed("sequences", "public.items_id_seq", to={**around, "position": [1, True]}), expected) == []


def test_what_two_major_versions_write_in_different_ways_is_said_to_be_not_compared():
    newer = changed("major", to=17)
    newer["objects"]["table"]["public.items"]["privileges"].append("app=MAINTAIN")
    newer["objects"]["view"]["public.short"]["catalog_newer"] = "of columns that only one has"
    assert told(newer) == []
    newer["objects"]["view"]["public.short"]["definition"] = "written anew"
    (found,) = proof.compare(PROOF, newer)
    assert (found.harmless, found.compared) == (True, False)
    assert str(found) == (
        "view public.short: PostgreSQL 15 and 17 write its definition in different ways, so it was not compared"
    )
    newer["objects"]["table"]["public.items"]["owner"] = "postgres"
    assert len(told(newer)) == 2
    newer["objects"]["view"]["public.short"]["catalog"] = "another row"
    assert ("view public.short: " + ELSE, False) in told(newer)


def test_what_only_the_catalogs_tell_is_told_when_nothing_else_is():
    other = copy.deepcopy(PROOF)
    other["objects"]["view"]["public.short"]["catalog"] = "another row"
    assert told(other) == [("view public.short: " + ELSE, False)]
    other["objects"]["view"]["public.short"]["definition"] = "12"
    assert told(other) == [("view public.short: its definition is not the same", False)]


def test_options_that_a_role_may_not_read_are_not_compared():
    left = copy.deepcopy(PROOF)
    right = copy.deepcopy(PROOF)
    left["objects"]["user mapping"] = {"app at far": {"options": "11"}}
    right["objects"]["user mapping"] = {"app at far": {}}
    assert told(right, left) == [("user mapping app at far: its options are missing", False)]
    right["objects"]["user mapping"]["app at far"] = {"unread": True}
    assert told(right, left) == [] == told(left, right)


def test_what_belongs_to_the_database_itself_may_be_left_out():
    live = changed("objects", "database", "", "owner", to="other")
    assert len(told(live)) == 1 and told(live, itself=False) == []
    live["objects"]["database"][""]["encoding"] = "LATIN1"
    assert len(told(live, itself=False)) == 1


def test_counts_compare_only_what_they_have():
    counts = copy.deepcopy(PROOF)
    counts["mode"] = "counts"
    for table in counts["tables"].values():
        del table["content"]
    counts["large_objects"] = {"count": 2}
    assert told(PROOF, counts) == [] == told(counts, PROOF)
    counts["tables"]["public.items"]["rows"] = 99
    assert told(counts) == [("table public.items: 99 rows, and the backup has 100", False)]
    assert told(PROOF, counts) == [("table public.items: 100 rows, and the backup has 99", False)]


def test_what_a_full_proof_has_no_hash_of_is_not_taken_for_equal():
    without = changed("tables", "public.items", "content", to=None)
    cause = "table public.items: its content cannot be compared: the proof has no hash of it"
    assert told(PROOF, without) == [(cause, False)]


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"proof": 2, "tables": []}', '{"proof": 1, "tables": {}}'])
def test_a_file_that_is_no_proof_is_damage(text):
    with pytest.raises(Damaged):
        proof.read(Path("x.proof.json"), text.encode())


def test_what_is_unlogged_and_was_not_read_on_a_standby_is_no_difference():
    standby, restored = copy.deepcopy(PROOF), copy.deepcopy(PROOF)
    for found in (standby, restored):
        found["objects"]["table"]["public.cache"] = {"owner": "app", "unlogged": True}
        found["objects"]["sequence"]["public.cache_id_seq"] = {"owner": "app", "unlogged": True}
    restored["tables"]["public.cache"] = {"kind": "r", "rows": 0, "content": "00"}
    restored["sequences"]["public.cache_id_seq"] = {"increment": 1, "cycle": False, "position": [1, False]}
    assert told(restored, standby) == []
    standby["objects"]["table"]["public.cache"].pop("unlogged")
    assert ("table public.cache: it is not in the backup", False) in told(restored, standby)
