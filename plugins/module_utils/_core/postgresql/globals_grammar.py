# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The statements that ``pg_dumpall --globals-only`` writes, 14 to 18, and nothing else.

Source of the format: src/bin/pg_dump/pg_dumpall.c and dumputils.c.
"""

from __future__ import annotations

from collections.abc import Sequence

from .quote import literal
from .roles import Globals, Membership, Role
from .statements import NotUnderstood, Token, statements

FLAGS = ("SUPERUSER", "INHERIT", "CREATEROLE", "CREATEDB", "LOGIN", "REPLICATION", "BYPASSRLS")
SESSION = ("default_transaction_read_only", "client_encoding", "standard_conforming_strings", "escape_string_warning")
TABLESPACE_PRIVILEGES = ("ALL", "CREATE")
PARAMETER_PRIVILEGES = ("ALL", "SET", "ALTER SYSTEM")


def read_globals(dump: str) -> Globals:
    """What a globals dump says; its ``problem`` names the first statement that is not understood to its last word."""
    found = Globals()
    try:
        for statement in statements(dump):
            try:
                _understand(_Words(statement.tokens), found)
            except _Unexpected:
                raise NotUnderstood(statement.text) from None
    except NotUnderstood as error:
        found.problem = str(error)
    return found


class _Unexpected(Exception):
    pass


class _Words:
    """The tokens of a statement, taken one after the other; :class:`_Unexpected` when another one was due."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self._tokens = tokens
        self._at = 0

    def take(self, *words: str) -> bool:
        """Whether these words come next; if so, they are taken."""
        next_ones = self._tokens[self._at : self._at + len(words)]
        if [(one.kind in ("word", "sign"), one.value) for one in next_ones] != [(True, word) for word in words]:
            return False
        self._at += len(words)
        return True

    def expect(self, *words: str) -> None:
        if not self.take(*words):
            raise _Unexpected

    def one_of(self, *choices: str) -> str:
        for choice in choices:
            if self.take(*choice.split()):
                return choice
        raise _Unexpected

    def name(self) -> str:
        """pg_dumpall writes a name that is no keyword, and all in lower case, without quotes."""
        token = self._next("word", "quoted")
        if token.kind == "word" and token.value != token.value.lower():
            raise _Unexpected
        return token.value

    def text(self) -> str:
        return self._next("text").value

    def number(self) -> str:
        return self._next("number").value

    def end(self) -> None:
        if not self.ended:
            raise _Unexpected

    @property
    def ended(self) -> bool:
        return self._at == len(self._tokens)

    def _next(self, *kinds: str) -> Token:
        if self.ended or self._tokens[self._at].kind not in kinds:
            raise _Unexpected
        self._at += 1
        return self._tokens[self._at - 1]


def _understand(words: _Words, found: Globals) -> None:
    if words.take("SET"):
        _setting(words)
    elif words.take("CREATE", "ROLE"):
        name = words.name()
        if name in found.roles:
            raise _Unexpected
        found.roles[name] = Role(name)
    elif words.take("ALTER", "ROLE"):
        _alter(words, _role(words, found))
    elif words.take("COMMENT", "ON", "ROLE"):
        role = _role(words, found)
        words.expect("IS")
        role.comment = words.text()
    elif words.take("CREATE", "TABLESPACE"):
        found.tablespaces.append(words.name())
        words.expect("OWNER")
        words.name()
        words.expect("LOCATION")
        words.text()
    elif words.take("ALTER", "TABLESPACE"):
        words.name()
        words.expect("SET", "(")
        _options(words)
    elif words.take("COMMENT", "ON", "TABLESPACE"):
        words.name()
        words.expect("IS")
        words.text()
    elif words.take("SECURITY", "LABEL", "FOR"):
        words.name()
        words.expect("ON")
        words.one_of("ROLE", "TABLESPACE")
        words.name()
        words.expect("IS")
        words.text()
    elif words.take("RESET", "SESSION", "AUTHORIZATION"):
        pass
    else:
        _privilege(words, found)
    words.end()


def _setting(words: _Words) -> None:
    """What the dump sets for its own session."""
    if words.take("SESSION", "AUTHORIZATION"):
        words.name()
        return
    choice = words.one_of(*SESSION)
    words.expect("=")
    if choice == "client_encoding":
        words.text()
    else:
        words.one_of("on", "off")


def _role(words: _Words, found: Globals) -> Role:
    role = found.roles.get(words.name())
    if role is None:
        raise _Unexpected
    return role


def _alter(words: _Words, role: Role) -> None:
    if words.take("SET"):
        setting = words.name()
        words.expect("TO")
        values = [words.text()]
        while words.take(","):
            values.append(words.text())
        role.settings.append((setting, tuple(values)))
        return
    words.expect("WITH")
    if role.options:
        raise _Unexpected
    while not words.ended:
        if words.take("CONNECTION", "LIMIT"):
            role.options.append(f"CONNECTION LIMIT {words.number()}")
        elif words.take("PASSWORD"):
            role.options.append(f"PASSWORD {literal(words.text())}")
        elif words.take("VALID", "UNTIL"):
            role.options.append(f"VALID UNTIL {literal(words.text())}")
        else:
            role.options.append(words.one_of(*FLAGS, *(f"NO{flag}" for flag in FLAGS)))


def _options(words: _Words) -> None:
    while True:
        words.name()
        words.expect("=")
        words.number()
        if not words.take(","):
            break
    words.expect(")")


def _privilege(words: _Words, found: Globals) -> None:
    """A membership; or privileges on tablespaces and parameters, which a restore leaves alone."""
    grant = words.one_of("GRANT", "REVOKE") == "GRANT"
    if not grant:
        words.take("GRANT", "OPTION", "FOR")
    for kind, privileges in (("TABLESPACE", TABLESPACE_PRIVILEGES), ("PARAMETER", PARAMETER_PRIVILEGES)):
        for choice in privileges:
            if words.take(*choice.split(), "ON", kind):
                words.name()
                while words.take("."):
                    words.name()
                words.expect("TO" if grant else "FROM")
                if not words.take("PUBLIC"):
                    words.name()
                if grant:
                    words.take("WITH", "GRANT", "OPTION")
                return
    if not grant:
        raise _Unexpected
    group = words.name()
    words.expect("TO")
    member = words.name()
    options = []
    if words.take("WITH"):
        options.append(_membership_option(words))
        while words.take(","):
            options.append(_membership_option(words))
    # The grantor may be a role that the server does not have: the role that restores grants instead.
    if words.take("GRANTED", "BY"):
        words.name()
    found.memberships.append(Membership(group, member, tuple(options)))


def _membership_option(words: _Words) -> str:
    return words.one_of("ADMIN OPTION", "INHERIT TRUE", "INHERIT FALSE", "SET TRUE", "SET FALSE")
