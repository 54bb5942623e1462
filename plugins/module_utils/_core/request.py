# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a restore is asked for, and whether that makes sense. The program and the module ask with the same object."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .errors import UsageError

MODES = ("swap", "new", "in_place", "tables")

# How each front writes what can be asked for.
PROGRAM = {
    "swap": "a swap",
    "new": "--into",
    "in_place": "--in-place",
    "tables": "--table",
    "into": "--into",
    "to": "--to",
    "database": "--database",
    "safety": "--no-safety-backup",
    "keep_sequences": "--keep-sequences",
}
MODULE = {
    "swap": "mode: swap",
    "new": "mode: new",
    "in_place": "mode: in_place",
    "tables": "tables",
    "into": "into",
    "to": "to",
    "database": "database",
    "safety": "safety_backup: false",
    "keep_sequences": "keep_sequences",
}


@dataclass(frozen=True)
class RestoreRequest:
    """What a restore is asked for.

    mode:      one of MODES
    into:      the new database of mode new
    tables:    the tables of mode tables, each as ``schema.name`` or ``name`` (in public)
    to:        the schema that they get, or of a single table ``schema.name``; None for ``restored_<time>``
    database:  which one, when the backup holds several; for a file without a manifest, which one it replaces
    safety:    whether a safety backup of what is replaced is made; only a swap can do without, for it keeps the
               database itself
    keep_sequences: of a swap: leave the sequences where the backup has them, and do not raise them to the live position
    accept_differences: go on with what differs from its proof
    dry_run:   check everything, change nothing
    words:     how the front that asks writes all this, for errors
    """

    mode: str = "swap"
    into: str | None = None
    tables: tuple[str, ...] = ()
    to: str | None = None
    database: str | None = None
    safety: bool = True
    keep_sequences: bool = False
    accept_differences: bool = False
    dry_run: bool = False
    words: Mapping[str, str] = field(default_factory=lambda: PROGRAM, compare=False, repr=False)

    @property
    def replaces(self) -> bool:
        """Whether the live database is replaced, where there is one."""
        return self.mode in ("swap", "in_place")

    def check(self) -> None:
        """Raise :class:`UsageError`, which names what contradicts what, and the way out."""
        if self.mode not in MODES:
            raise UsageError(f"mode {self.mode!r}", f"it is none of {', '.join(MODES)}")
        for option in ("into", "to", "database"):
            if getattr(self, option) == "":
                raise UsageError(self.words[option], "it is empty", "Give a name, or leave it out.")
        if "" in self.tables:
            raise UsageError(self.words["tables"], "a name is empty", "Write schema.name.")
        if self.keep_sequences and self.mode != "swap":
            option = self.words["keep_sequences"]
            raise UsageError(
                option, f"only a swap raises sequences, and not {self.words[self.mode]}", f"Leave {option} out."
            )
        self._check_names()
        self._check_safety()

    def check_file(self) -> None:
        """Raise :class:`UsageError` for what makes no sense of a dump without a manifest, which holds one database."""
        if self.mode == "new" and self.database is not None:
            raise UsageError(
                self.words["database"],
                f"a file holds one database, and {self.words['into']} says where it goes",
                f"Leave {self.words['database']} out.",
            )

    def _check_names(self) -> None:
        say = self.words
        if self.mode == "new" and self.into is None:
            raise UsageError(say["new"], "it needs a name for the new database", f"Name it: {say['into']}.")
        if self.mode == "tables" and not self.tables:
            raise UsageError("mode tables", "no table is named", f"Name the tables: {say['tables']}.")
        if self.mode != "new" and self.into is not None:
            raise UsageError(
                say["into"],
                f"it names a new database, which {say[self.mode]} does not make",
                f"To restore into a new database, leave {say[self.mode]} out{self._and_say('new')}.",
            )
        if self.mode != "tables" and self.tables:
            raise UsageError(
                say["tables"],
                f"with {say[self.mode]} the whole database is restored",
                f"To restore these tables alone, leave {say[self.mode]} out{self._and_say('tables')}.",
            )
        if self.mode != "tables" and self.to is not None:
            raise UsageError(
                say["to"],
                "it says where restored tables go, and no table is named: the whole database would be restored",
                f"Name the tables with {say['tables']}{self._and_say('tables')}, or leave {say['to']} out.",
            )

    def _check_safety(self) -> None:
        if self.safety or self.mode == "swap":
            return
        cause = {
            "in_place": "only a swap can do without a safety backup, because it keeps the database that it replaces",
            "new": f"with {self.words['new']} nothing is replaced, so there is no safety backup",
            "tables": f"with {self.words['tables']} nothing is replaced, so there is no safety backup",
        }[self.mode]
        raise UsageError(self.words["safety"], cause, f"Leave {self.words['safety']} out.")

    def _and_say(self, mode: str) -> str:
        return f", and set mode: {mode}" if self.words is MODULE else ""
