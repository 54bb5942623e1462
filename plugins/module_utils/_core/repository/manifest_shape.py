# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The shape of a manifest: what each of its keys must hold, so that whoever reads one can rely on it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from .. import shape
from ..codec import COMPRESSIONS, FORMATS
from . import names

PURPOSES = ("backup", "safety", "adopted")
KINDS = ("database", "proof", "globals")
# What a database can be granted; it goes into a statement as it is.
PRIVILEGES = ("CREATE", "CONNECT", "TEMPORARY")
SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)
CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def _sha256(value: Any, where: str) -> None:
    shape.text(value, where)
    if not SHA256.fullmatch(value):
        raise shape.Misshapen(f"{where} is no checksum")


def _file(value: Any, where: str) -> None:
    shape.words(value, where)
    # A manifest may only speak of files beside it.
    if value != Path(value).name or value.startswith(".") or CONTROL.search(value):
        raise shape.Misshapen(f"{value!r} is not the name of an artifact")


def _name(value: Any, where: str) -> None:
    shape.words(value, where)
    if CONTROL.search(value):
        raise shape.Misshapen(f"{where} has a control character")


TABLE = shape.keys({"schema": shape.text, "table": shape.text, "size": shape.whole}, others=True)
# What is known of a database, a proof or the globals. Nothing of it is needed to read the archive.
DETAILS = shape.keys(
    {},
    {
        "size": shape.whole,
        "user_data": shape.whole,
        "owner": shape.words,
        "tablespace": shape.optional(shape.text),
        "encoding": shape.words,
        "collate": shape.text,
        "ctype": shape.text,
        "locale_provider": shape.text,
        "locale": shape.text,
        "icu_rules": shape.text,
        "connection_limit": shape.integer,
        "roles": shape.sequence(shape.words),
        "settings": shape.sequence(shape.row(shape.text, shape.words, shape.text)),
        "privileges": shape.optional(shape.sequence(shape.row(shape.text, shape.one_of(*PRIVILEGES), shape.boolean))),
        "comment": shape.optional(shape.text),
        "largest_tables": shape.sequence(TABLE),
        "dumped_with": shape.whole,
        "seconds": shape.number,
        "mode": shape.one_of("full", "counts"),
        "tables": shape.whole,
        "rows": shape.whole,
        "passwords": shape.boolean,
    },
    others=True,
)
ARTIFACT = shape.keys(
    {
        "file": _file,
        "source": _name,
        "kind": shape.one_of(*KINDS),
        "format": shape.one_of(*FORMATS, "json"),
        "compression": shape.one_of(*COMPRESSIONS),
        "size": shape.whole,
        "sha256": _sha256,
        "database": shape.optional(shape.words),
        "by_hand": shape.sequence(shape.text),
        "details": DETAILS,
    }
)
SERVER = shape.keys(
    {"title": shape.optional(shape.text), "version": shape.optional(shape.text), "major": shape.optional(shape.whole)},
    others=True,
)
MANIFEST = shape.keys(
    {
        "id": shape.words,
        "job": shape.words,
        "created": shape.stamp,
        "finished": shape.stamp,
        "purpose": shape.one_of(*PURPOSES),
        "host": shape.text,
        "program": shape.text,
        "server": SERVER,
        "artifacts": shape.sequence(ARTIFACT),
        "verified": shape.keys({}, {"at": shape.stamp}, others=True),
        "manifest": shape.whole,
    },
    {"imported": shape.optional(shape.stamp)},
)


def check(raw: Any, backup: str) -> None:
    """Raise :class:`.shape.Misshapen` unless this is the manifest of that backup."""
    MANIFEST(raw, "it")
    if raw["id"] != backup:
        raise shape.Misshapen(f"it calls itself {raw['id']!r}")
    stamped = names.split(backup)
    if stamped is None or (raw["job"], shape.moment(raw["created"])) != stamped[:2]:
        raise shape.Misshapen("its job or its time is not that of its name")
    if not raw["artifacts"]:
        raise shape.Misshapen("it lists no artifacts")
    if raw["purpose"] != "adopted" and raw["server"]["major"] is None:
        raise shape.Misshapen("it does not tell the version of the server")
    seen: set[object] = set()
    sources = {artifact["source"] for artifact in raw["artifacts"] if artifact["kind"] == "database"}
    if not sources or any(one["source"] not in sources for one in raw["artifacts"] if one["kind"] == "proof"):
        raise shape.Misshapen("it lists no database, or a proof without one")
    for artifact in raw["artifacts"]:
        for one in (artifact["file"], (artifact["kind"], artifact["source"])):
            if one in seen:
                raise shape.Misshapen(f"it lists {artifact['file']} twice")
            seen.add(one)
        named = names.split(artifact["file"])
        if raw["purpose"] != "adopted" and (named is None or named[:2] != (artifact["source"], stamped[1])):
            raise shape.Misshapen(f"{artifact['file']} is not named after its source and the time")
        if artifact["kind"] != "globals" and artifact["database"] is None:
            raise shape.Misshapen(f"of {artifact['file']} it does not tell the database")
        if (artifact["format"] == "json") != (artifact["kind"] == "proof"):
            raise shape.Misshapen(f"the format of {artifact['file']} is not that of its kind")
