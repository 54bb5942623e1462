# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading JSON that anybody may have altered: all of it is checked at the edge, so that nothing behind trips over it.

A check is called with a value and with where it is, and raises :class:`Misshapen`; checks are put together from others.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any, Callable

Check = Callable[[Any, str], None]
STAMP = "%Y-%m-%dT%H:%M:%SZ"
LARGEST = (1 << 63) - 1


class Misshapen(ValueError):
    """Says where, and what is wrong."""


class UnknownKey(Misshapen):
    """A newer version may have written it."""


def loads(octets: bytes) -> Any:
    """The value that a text of JSON in UTF-8 stands for; :class:`Misshapen` when it is none.

    Two values of one name are refused, for readers differ in which of them they believe; so is what JSON does not know,
    NaN and infinity.
    """
    try:
        return json.loads(octets.decode("utf-8"), object_pairs_hook=_once, parse_constant=_constant)
    except Misshapen:
        raise
    except (ValueError, RecursionError) as error:
        raise Misshapen(f"it is not JSON ({error})") from error


def checked(octets: bytes, check: Check) -> Any:
    """The same, if the check accepts it."""
    value = loads(octets)
    check(value, "it")
    return value


def text(value: Any, where: str) -> None:
    if not isinstance(value, str):
        raise Misshapen(f"{where} is no text")
    try:
        value.encode("utf-8")
    except UnicodeEncodeError as error:
        raise Misshapen(f"{where} is no text that UTF-8 can write") from error


def words(value: Any, where: str) -> None:
    """A text that is not empty."""
    text(value, where)
    if not value:
        raise Misshapen(f"{where} is empty")


def stamp(value: Any, where: str) -> None:
    """A time as manifests and histories carry it."""
    text(value, where)
    wrong = Misshapen(f"{where} is no time such as 2025-08-16T15:55:03Z")
    try:
        again = f"{moment(value):%Y-%m-%dT%H:%M:%SZ}"
    except ValueError as error:
        raise wrong from error
    if again != value:
        raise wrong


def whole(value: Any, where: str) -> None:
    """A whole number from zero on."""
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= LARGEST:
        raise Misshapen(f"{where} is no whole number from 0 on")


def integer(value: Any, where: str) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) > LARGEST:
        raise Misshapen(f"{where} is no whole number")


def number(value: Any, where: str) -> None:
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not abs(value) <= LARGEST:
        raise Misshapen(f"{where} is no number")


def boolean(value: Any, where: str) -> None:
    if not isinstance(value, bool):
        raise Misshapen(f"{where} is neither true nor false")


def plain(value: Any, where: str) -> None:
    """Anything that can be written down again."""
    if isinstance(value, str):
        text(value, where)
    elif isinstance(value, float) and not math.isfinite(value):
        raise Misshapen(f"{where} is no number")
    elif isinstance(value, Mapping):
        mapping(plain)(value, where)
    elif isinstance(value, list):
        sequence(plain)(value, where)


def one_of(*choices: Any) -> Check:
    def check(value: Any, where: str) -> None:
        # True equals 1.
        if not any(value == choice and type(value) is type(choice) for choice in choices):
            raise Misshapen(f"{where} is none of {', '.join(map(str, choices))}")

    return check


def optional(check: Check) -> Check:
    """Null, or what the check accepts."""
    return lambda value, where: None if value is None else check(value, where)


def sequence(check: Check) -> Check:
    def each(value: Any, where: str) -> None:
        if not isinstance(value, list):
            raise Misshapen(f"{where} is no list")
        for position, item in enumerate(value, 1):
            check(item, f"{where}, entry {position}")

    return each


def row(*checks: Check) -> Check:
    """A list of so many values, each with its own check."""

    def each(value: Any, where: str) -> None:
        if not isinstance(value, list) or len(value) != len(checks):
            raise Misshapen(f"{where} is no list of {len(checks)}")
        for position, (check, item) in enumerate(zip(checks, value), 1):
            check(item, f"{where}, entry {position}")

    return each


def mapping(check: Check) -> Check:
    """Names, and for each of them what the check accepts."""

    def each(value: Any, where: str) -> None:
        if not isinstance(value, Mapping):
            raise Misshapen(f"{where} has no keys")
        for name, item in value.items():
            text(name, f"a name in {where}")
            check(item, f"{where}, {name}")

    return each


def keys(required: Mapping[str, Check], known: Mapping[str, Check] | None = None, others: bool = False) -> Check:
    """A mapping with these keys. known: keys that may be missing. others: keys that are not known may be there, with
    any value."""
    every = {**required, **(known or {})}

    def each(value: Any, where: str) -> None:
        if not isinstance(value, Mapping):
            raise Misshapen(f"{where} has no keys")
        for name in required:
            if name not in value:
                raise Misshapen(f"{where} has no key {name!r}")
        for name, item in value.items():
            if name not in every and not others:
                raise UnknownKey(f"{where} has the key {name!r}, which this version does not know")
            text(name, f"a key of {where}")
            every.get(name, plain)(item, f"{where}, {name}")

    return each


def moment(value: str) -> datetime:
    """The time that a :func:`stamp` is."""
    return datetime.strptime(value, STAMP).replace(tzinfo=timezone.utc)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise Misshapen("it has two values of one name")
    return found


def _constant(name: str) -> Any:
    raise Misshapen(f"{name} is no number")
