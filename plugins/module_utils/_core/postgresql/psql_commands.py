# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What psql alone would act on in a plain dump: found as it streams by, without executing anything.

It goes through a dump as psql does (source: src/fe_utils/psqlscan.l), and takes COPY only as pg_dump writes it. What
psql could read in two ways, depending on a setting that the dump itself may change, counts as found.
"""

from __future__ import annotations

import re

SHOWN = 80
# Octets. Nothing whose beginning matters is longer; texts, comments and rows are searched for their end alone.
LONGEST = 256
STATEMENT_KEPT = 1 << 20
IN_WORD = rb"[0-9A-Za-z_$\x80-\xff]"
BEFORE, AFTER = rb"(?<!" + IN_WORD + rb")", rb"(?!" + IN_WORD + rb")"
SPECIAL = re.compile(
    rb"--|/\*|" + BEFORE + rb"[eE]'|['\";\\]|" + BEFORE + rb"\$(?:[A-Za-z_\x80-\xff][0-9A-Za-z_\x80-\xff]{0,63})?\$"
    # Too long for the beginning of a text in dollars.
    rb"|" + BEFORE + rb"\$[A-Za-z_\x80-\xff][0-9A-Za-z_\x80-\xff]{64}"
    # psql puts the values of its variables in the place of their names. Those that it sets itself are in capitals.
    rb"|(?<!:):['\"]?[A-Z]{2}"
)
KEY = re.compile(rb"\\(un)?restrict ([0-9A-Za-z]+)\n")
BLANK = re.compile(rb"\s*\Z")
COPY = re.compile(rb"\s*COPY (?:[^'\"\\;]|\"[^\"]*\")+ FROM stdin\Z")
ANY_COPY = re.compile(rb"(?:\A|;)(?:\s|/\*\*/)*copy" + AFTER, re.IGNORECASE)
WORD = re.compile(BEFORE + rb"[A-Za-z_\x80-\xff][0-9A-Za-z_$\x80-\xff]*")
ROUTINE = re.compile(rb"create (?:or replace )?(?:function|procedure)(?: |\Z)")
BLOCK = re.compile(rb"[()]|" + BEFORE + rb"(?:begin|case|end)" + AFTER, re.IGNORECASE)
# Rows as INSERTs, with nothing in them that could be anything else: there may be millions, one after the other.
SIMPLE = rb"[^'\"\\$;:/()-]*"
VALUES = SIMPLE + rb"(?:(?:'[^'\\]*'|-(?!-))" + SIMPLE + rb")*"
INSERTS = re.compile(
    rb"(?:\s*INSERT INTO " + SIMPLE + rb"(?:\(" + SIMPLE + rb"\)" + SIMPLE + rb")?VALUES \(" + VALUES + rb"\);)+"
)
WORD_OCTET = re.compile(IN_WORD)
NAME = re.compile(rb'"[^"]*"')
ROWS_END = re.compile(rb"^\\\.\r?\n", re.MULTILINE)
LINE_END = re.compile(rb"[\r\n]")
IN_TEXT = re.compile(rb"\\.|'", re.DOTALL)
IN_COMMENT = re.compile(rb"/\*|\*/")


class Scan:
    """Shown a plain dump piece by piece. found: the first thing that psql alone would act on, shortened."""

    def __init__(self) -> None:
        self.found = ""
        self._data = b""
        self._at = 0
        self._last = False
        self._read = self._sql
        self._key: bytes | None = None
        self._ended = False
        self._first = True
        self._end = b""
        self._begin()

    def see(self, chunk: bytes) -> bool:
        """Whether anything was found so far."""
        # The octet before tells whether a word or a line begins here.
        kept = max(self._at - 1, 0)
        self._data, self._at = self._data[kept:] + chunk, self._at - kept
        while not self.found and self._read():
            pass
        return bool(self.found)

    @property
    def undecided(self) -> int:
        """How many of the last octets may still turn out to be what is looked for, or its beginning."""
        return len(self._data) - self._at

    def finish(self) -> bool:
        """Whether anything was found to the end of the dump."""
        self._last = True
        return self.see(b"\n")

    def _begin(self) -> None:
        """A new statement."""
        self._statement = b""
        self._parentheses = self._blocks = self._nested = 0

    def _tell(self, start: int) -> bool:
        line = LINE_END.split(self._data[start : start + LONGEST], 1)[0][:SHOWN].decode("utf-8", "replace")
        self.found = "".join(part if part.isprintable() else ascii(part)[1:-1] for part in line)
        return False

    def _go(self, position: int, state: str = "") -> bool:
        self._at = position
        if state:
            self._read = getattr(self, f"_{state}")
        return True

    def _wait(self, kept: int) -> bool:
        """For more: all but the last octets is done with."""
        self._at = max(self._at, len(self._data) - (0 if self._last else kept))
        return False

    def _code(self, start: int, end: int) -> None:
        """Statements end at a semicolon, but for those in parentheses and in the blocks of a routine."""
        if start == end:
            return
        piece = self._data[start:end]
        if self._ended and not BLANK.match(piece):
            self._tell(start)
        if len(self._statement) < STATEMENT_KEPT:
            self._statement += piece
        for match in BLOCK.finditer(self._data, start, end):
            word = match[0].lower()
            if word == b"(":
                self._parentheses += 1
            elif word == b")":
                self._parentheses = max(self._parentheses - 1, 0)
            elif not self._parentheses and self._routine():
                self._blocks = max(self._blocks + _nesting(word, self._blocks), 0)

    def _routine(self) -> bool:
        words = WORD.findall(NAME.sub(b"", self._statement[:4096]))[:4]
        return ROUTINE.match(b" ".join(words).lower()) is not None

    def _sql(self) -> bool:
        if not (self._statement or self._ended) and (rows := INSERTS.match(self._data, self._at)):
            self._first = False
            return self._go(rows.end())
        limit = self._limit()
        found = SPECIAL.search(self._data, self._at)
        if found is None or found.start() >= limit:
            self._code(self._at, limit)
            self._at = limit
            return False
        start, token = found.start(), found[0]
        self._code(self._at, start)
        if self.found:
            return False
        if token == b"--":
            return self._go(found.end(), "line")
        if token == b"/*":
            if not BLANK.match(self._statement):
                self._statement += b"/**/"
            self._nested = 1
            return self._go(found.end(), "comment")
        if token == b"\\":
            return self._command(start)
        if self._ended or token.startswith(b":") or len(token) > LONGEST // 4:
            return self._tell(start)
        if token == b";":
            return self._semicolon(found.end())
        if token == b'"':
            self._statement += token
            return self._go(found.end(), "name")
        self._statement += b"''"
        if token.endswith(b"$"):
            self._end = token
            return self._go(found.end(), "dollar")
        return self._go(found.end(), "text" if token == b"'" else "escaped")

    def _limit(self) -> int:
        """Up to where code can be read without what comes next: never amid a word."""
        if self._last:
            return len(self._data)
        limit = wanted = max(len(self._data) - LONGEST, self._at)
        while limit > max(self._at, wanted - LONGEST) and WORD_OCTET.match(self._data, limit - 1):
            limit -= 1
        return limit

    def _semicolon(self, position: int) -> bool:
        if self._parentheses or self._blocks:
            self._statement += b";"
            return self._go(position)
        statement = self._statement
        self._first = self._first and bool(BLANK.match(statement))
        self._begin()
        if not ANY_COPY.search(NAME.sub(b'""', statement)):
            return self._go(position)
        if COPY.match(statement) and self._data[position : position + 1] == b"\n":
            return self._go(position + 1, "rows")
        self.found = f"COPY as pg_dump does not write it: {statement.strip()[:SHOWN].decode('utf-8', 'replace')!a}"
        return False

    def _command(self, start: int) -> bool:
        """Only pg_dump's key at the beginning and the same at the end are no harm."""
        key = KEY.match(self._data, start)
        at_line_start = start == 0 or self._data[start - 1 : start] == b"\n"
        if key is None or not at_line_start or self._ended or not BLANK.match(self._statement):
            return self._tell(start)
        if not key[1] and self._first and self._key is None:
            self._key = key[2]
        elif key[1] and key[2] == self._key:
            self._ended = True
        else:
            return self._tell(start)
        return self._go(key.end())

    def _text(self) -> bool:
        return self._quoted(escapes=False)

    def _escaped(self) -> bool:
        return self._quoted(escapes=True)

    def _quoted(self, escapes: bool) -> bool:
        while True:
            found = IN_TEXT.search(self._data, self._at)
            if found is None:
                return self._wait(1 if self._data.endswith(b"\\") else 0)
            if found[0] == b"'":
                following = self._data[found.end() : found.end() + 1]
                if not following and not self._last:
                    self._at = found.start()
                    return False
                if following != b"'":
                    return self._go(found.end(), "sql")
                self._at = found.end() + 1
            elif found[0] == b"\\'" and not escapes:
                # The end of the text, or not, as standard_conforming_strings says at that moment.
                return self._tell(found.start())
            else:
                self._at = found.end()

    def _name(self) -> bool:
        end = self._data.find(b'"', self._at)
        if end < 0:
            if len(self._statement) < STATEMENT_KEPT:
                self._statement += self._data[self._at :]
            return self._wait(0)
        self._statement += self._data[self._at : end + 1]
        return self._go(end + 1, "sql")

    def _dollar(self) -> bool:
        end = self._data.find(self._end, self._at)
        return self._wait(len(self._end)) if end < 0 else self._go(end + len(self._end), "sql")

    def _line(self) -> bool:
        found = LINE_END.search(self._data, self._at)
        return self._wait(0) if found is None else self._go(found.end(), "sql")

    def _comment(self) -> bool:
        found = IN_COMMENT.search(self._data, self._at)
        if found is None:
            return self._wait(1)
        self._nested += 1 if found[0] == b"/*" else -1
        return self._go(found.end(), "" if self._nested else "sql")

    def _rows(self) -> bool:
        found = ROWS_END.search(self._data, self._at)
        return self._wait(4) if found is None else self._go(found.end(), "sql")


def _nesting(word: bytes, blocks: int) -> int:
    if word == b"begin":
        return 1
    if word == b"end":
        return -1
    return 1 if blocks else 0
