# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""SQL taken apart into statements and words, as strictly as pg_dumpall writes it.

Whatever could be read in two ways is not read at all: a string with a backslash that is no E'' (its meaning depends
on standard_conforming_strings), escapes that pg_dumpall does not write, a block comment. So is a name with a line break
in what an old pg_dumpall wrote: it put names into comments as they are, where what follows the break is no comment. One
that begins with ``\\restrict`` is newer than that (CVE-2025-8714 and CVE-2025-8715 were mended in the same versions).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

SHOWN = 120
TOKEN = re.compile(
    r"""
      (?P<space> [ \t\n]+ | --[^\n\r]*(?:\n|\Z) )
    | (?P<escaped> E'(?P<escaped_text>(?:[^'\\] | '' | \\\\)*)'(?!') )
    | (?P<string> '(?P<string_text>(?:[^'\\] | '')*)'(?!') )
    | (?P<quoted> "(?P<quoted_text>(?:[^"\x00\n\r] | "")+)"(?!") )
    | (?P<number> -?[0-9]+(?:\.[0-9]+)?(?![0-9A-Za-z_.$"'\x80-\U0010ffff]) )
    | (?P<word> [A-Za-z_][A-Za-z0-9_]*(?![A-Za-z0-9_$"'&\x80-\U0010ffff]) )
    | (?P<end> ; )
    | (?P<sign> [(),=.] )
    """,
    re.VERBOSE,
)
BROKEN = re.compile(r'(?P<quoted>"(?P<quoted_text>(?:[^"\x00]|"")+)"(?!"))')
# What pg_dumpall puts around its output for psql, which alone knows it.
KEY = re.compile(r"^\\(?P<end>un)?restrict [0-9A-Za-z]+$\n?", re.MULTILINE)
LINE_BREAK = "a name with a line break, which this pg_dumpall writes where the rest of it counts as a statement"


class NotUnderstood(ValueError):
    """Its text is what was not understood, shortened, in one line, without control characters; why comes before it."""

    def __init__(self, text: str, why: str = "") -> None:
        shown = "".join(part if part.isprintable() else ascii(part)[1:-1] for part in text.strip()[:SHOWN])
        told = shown + ("..." if len(text.strip()) > SHOWN else "")
        super().__init__(f"{why}: {told}" if why else told)


@dataclass(frozen=True)
class Token:
    """kind: word (a keyword, or a name without quotes), quoted (a name), text, number or sign. value: what it means."""

    kind: str
    value: str


@dataclass(frozen=True)
class Statement:
    """The tokens of one statement, without its semicolon. text: what it was read from, to be shown and never run."""

    tokens: tuple[Token, ...]
    text: str


def statements(script: str) -> Iterator[Statement]:
    """The statements of a script, in its order; :class:`NotUnderstood` at the first that cannot be taken apart."""
    tokens: list[Token] = []
    position = start = 0
    begun = restricted = False
    while position < len(script):
        found = TOKEN.match(script, position)
        if found is None and not tokens and (key := KEY.match(script, position)):
            restricted, position = not (begun or key["end"]), key.end()
            continue
        if found is None and (name := BROKEN.match(script, position)):
            if not restricted:
                raise NotUnderstood(script[start if tokens else position :], LINE_BREAK)
            found = name
        if found is None:
            raise NotUnderstood(script[start if tokens else position :])
        kind = found.lastgroup
        if kind == "end" and tokens:
            yield Statement(tuple(tokens), script[start : found.end()])
            tokens, begun = [], True
        elif kind not in ("space", "end", None):
            if not tokens:
                start = position
            tokens.append(_token(str(kind), found))
        position = found.end()
    if tokens:
        raise NotUnderstood(script[start:])


def _token(kind: str, found: re.Match[str]) -> Token:
    if kind == "escaped":
        return Token("text", found["escaped_text"].replace("''", "'").replace("\\\\", "\\"))
    if kind == "string":
        return Token("text", found["string_text"].replace("''", "'"))
    if kind == "quoted":
        return Token("quoted", found["quoted_text"].replace('""', '"'))
    return Token(kind, found[0])
