# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The shape of a proof: what a comparison relies on."""

from __future__ import annotations

import re
from typing import Any

from . import shape

HASH = re.compile(r"[0-9a-f]{16}", re.ASCII)
MODES = ("full", "counts")


def _hash(value: Any, where: str) -> None:
    shape.text(value, where)
    if not HASH.fullmatch(value):
        raise shape.Misshapen(f"{where} is no hash")


POSITION = shape.row(shape.integer, shape.boolean)
TABLE = shape.keys(
    {"kind": shape.one_of("r", "m"), "rows": shape.whole}, {"content": _hash, "generated": _hash}, others=True
)
SEQUENCE = shape.keys(
    {"increment": shape.integer, "cycle": shape.boolean, "position": POSITION}, {"until": POSITION}, others=True
)
LARGE_OBJECTS = shape.keys(
    {"count": shape.whole}, {"content": _hash, "facts": _hash, "problem": shape.words}, others=True
)


def _facts(value: Any, where: str) -> None:
    shape.mapping(shape.plain)(value, where)
    if "columns" in value:
        shape.optional(shape.mapping(shape.mapping(shape.plain)))(value["columns"], f"{where}, columns")
    if "privileges" in value:
        shape.optional(shape.sequence(shape.text))(value["privileges"], f"{where}, privileges")


PROOF = shape.keys(
    {
        "proof": shape.whole,
        "mode": shape.one_of(*MODES),
        "database": shape.words,
        "major": shape.whole,
        "tables": shape.mapping(TABLE),
        "sequences": shape.mapping(SEQUENCE),
        "large_objects": LARGE_OBJECTS,
        "objects": shape.mapping(shape.mapping(_facts)),
    },
    others=True,
)


def check(raw: Any) -> None:
    """Raise :class:`.shape.Misshapen` unless this is a proof."""
    PROOF(raw, "it")
    for kind in ("schema", "extension"):
        # What is not among them is dropped before the comparison.
        if kind not in raw["objects"]:
            raise shape.Misshapen(f"among the objects it has no kind {kind!r}")
    large = raw["large_objects"]
    if raw["mode"] == "full" and large["count"] and "problem" not in large and not {"content", "facts"} <= set(large):
        raise shape.Misshapen("of the large objects it has no hash")
