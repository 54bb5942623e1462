# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From plain data to a :class:`Job`, or an error that names the key, what is wrong with it, and the way out."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .. import schedule
from ..codec import COMPRESSIONS, FORMATS, LEVELS
from ..errors import DefinitionError
from ..retention import Keep
from .model import Connection, Database, Job

NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
NAME_RULE = "A name is made of letters, digits, and . _ - and begins with a letter, a digit or _."
# What would be taken for a backup: a word, a time, an id.
BACKUPS = re.compile(r"latest|latest-verified|\d{4}-\d\d-\d\d.*|.+_\d{8}_\d{6}")
SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
ENGINES = ("docker", "podman")
PROOFS = ("full", "counts", "none")


def parse(raw: object, backups: Path) -> Job:
    """Validate one definition; backups is the directory of jobs without a repository of their own."""
    keys = _Keys("job", raw)
    name = keys.name("name")
    keys.title = f"job {name}"
    connection = _connection(keys.mapping("connection"), f"job {name}, connection")
    databases = _databases(keys.sequence("databases"), f"job {name}, databases")
    dumps_globals = keys.boolean("globals", True)
    if dumps_globals and any(database.name == "globals" for database in databases):
        raise DefinitionError(
            keys.title,
            "a database has the source name 'globals', which the roles of the server are kept under",
            "Give that database another 'name', or set 'globals: false'.",
        )
    compression = keys.choice("compression", COMPRESSIONS, "zstd")
    level = keys.integer("compression_level", None, *LEVELS.get(compression, (0, 100)))
    if level is not None and compression == "none":
        raise keys.wrong("compression_level", "there is no level without a compression", "Leave it out.")
    job = Job(
        name=name,
        connection=connection,
        databases=databases,
        repository=keys.path("repository") or backups / name,
        globals=dumps_globals,
        format=keys.choice("format", FORMATS, "custom"),
        compression=compression,
        compression_level=level,
        parallel=keys.integer("parallel", 2, 1, 64) or 2,
        proof=keys.choice("proof", PROOFS, "full"),
        schedule=_schedule(keys, "schedule", "0 2 * * *"),
        drill_schedule=_schedule(keys, "drill_schedule", "0 4 1 * *"),
        keep=_keep(keys.mapping("keep"), f"job {name}, keep"),
    )
    keys.finish()
    if not databases:
        raise DefinitionError(keys.title, "it has no databases", "List at least one under 'databases'.")
    return job


def _schedule(keys: _Keys, key: str, default: str) -> str | None:
    expression = keys.text(key, default)
    if expression is not None:
        try:
            schedule.parse(expression)
        except DefinitionError as error:
            raise DefinitionError(f"{keys.title}, {key} {expression!r}", error.cause, error.next_step) from error
    return expression


def _connection(raw: Mapping[str, Any], title: str) -> Connection:
    keys = _Keys(title, raw)
    default = Connection()
    connection = Connection(
        container=keys.text("container"),
        engine=keys.choice("engine", ENGINES, None),
        host=keys.text("host"),
        port=keys.integer("port", default.port, 1, 65535) or default.port,
        socket=str(keys.path("socket") or default.socket),
        os_user=keys.text("os_user"),
        user=keys.text("user") or default.user,
        restore_user=keys.text("restore_user"),
        password=keys.secret("password"),
        restore_password=keys.secret("restore_password"),
        password_file=keys.path("password_file"),
        restore_password_file=keys.path("restore_password_file"),
        sslmode=keys.choice("sslmode", SSL_MODES, None),
        sslrootcert=keys.path("sslrootcert"),
        maintenance_database=keys.text("maintenance_database") or default.maintenance_database,
        work_dir=str(keys.path("work_dir") or default.work_dir),
    )
    keys.finish()
    if connection.container and connection.host:
        raise DefinitionError(
            title, "'container' and 'host' are both set", "Keep the one by which the server is reached."
        )
    for key in ("password", "restore_password"):
        if getattr(connection, key) and getattr(connection, f"{key}_file"):
            raise DefinitionError(title, f"'{key}' and '{key}_file' are both set", "Keep one of them.")
    return connection


def _databases(raw: list[Any], title: str) -> tuple[Database, ...]:
    databases: list[Database] = []
    for position, item in enumerate(raw, 1):
        keys = _Keys(f"{title}, entry {position}", item)
        database = keys.required("database")
        name = keys.text("name") or database
        keys.finish()
        if not NAME.fullmatch(name):
            raise DefinitionError(
                keys.title, f"{name!r} cannot begin a file name", f"Set 'name' for this database. {NAME_RULE}"
            )
        if any(name == other.name for other in databases):
            raise DefinitionError(keys.title, f"the name {name!r} is used twice", "Give each its own 'name'.")
        databases.append(Database(database, name))
    return tuple(databases)


def _keep(raw: Mapping[str, Any], title: str) -> Keep:
    keys = _Keys(title, raw)
    default = Keep()
    keep = Keep(
        **{
            option: keys.integer(option, getattr(default, option), 0, 100_000) or 0
            for option in ("last", "hourly", "daily", "weekly", "monthly", "yearly")
        }
    )
    keys.finish()
    return keep


class _Keys:
    """Takes keys out of a mapping one by one; what is left over at the end was misspelt."""

    def __init__(self, title: str, raw: object) -> None:
        if not isinstance(raw, Mapping):
            raise DefinitionError(title, f"expected keys and values, found {_kind(raw)}")
        self.title = title
        self._raw = {key: value for key, value in raw.items() if value is not None}
        self._known: list[str] = []

    def finish(self) -> None:
        for key in self._raw:
            if key not in self._known:
                close = difflib.get_close_matches(str(key), self._known, n=1)
                raise DefinitionError(
                    self.title,
                    f"there is no key {key!r}",
                    f"Did you mean {close[0]!r}?" if close else f"The keys are {', '.join(sorted(self._known))}.",
                )

    def wrong(self, key: str, cause: str, next_step: str = "") -> DefinitionError:
        return DefinitionError(f"{self.title}, {key}", cause, next_step)

    def required(self, key: str) -> str:
        text = self.text(key)
        if text is None:
            # A misspelt key is the likeliest reason that a required one is missing.
            close = difflib.get_close_matches(key, [str(other) for other in self._raw if other != key], n=1)
            if close:
                raise DefinitionError(self.title, f"there is no key {close[0]!r}", f"Did you mean {key!r}?")
            raise DefinitionError(self.title, f"the key {key!r} is missing")
        return text

    def name(self, key: str) -> str:
        name = self.required(key)
        if not NAME.fullmatch(name):
            raise self.wrong(key, f"{name!r} is not a name", NAME_RULE)
        if BACKUPS.fullmatch(name):
            raise self.wrong(key, f"{name!r} would be taken for a backup, not for a job", "Give it another name.")
        return name

    def text(self, key: str, default: str | None = None) -> str | None:
        value = self._take(key, default)
        if value is None or value == "":
            return None
        if not isinstance(value, str):
            raise self.wrong(key, f"expected text, found {value!r}")
        if "\0" in value:
            raise self.wrong(key, "it contains a zero byte")
        try:
            value.encode("utf-8")
        except UnicodeEncodeError as error:
            raise self.wrong(key, "it is no text that UTF-8 can write") from error
        return value

    def secret(self, key: str) -> str | None:
        """As text, but no error shows the value."""
        value = self._take(key, None)
        if value is not None and not isinstance(value, str):
            raise self.wrong(key, f"expected text, found {_kind(value)}", "Put it in quotes.")
        return self.text(key)

    def path(self, key: str) -> Path | None:
        text = self.text(key)
        if text is None:
            return None
        path = Path(text)
        if not path.is_absolute() or ".." in path.parts:
            raise self.wrong(key, f"{text!r} is not an absolute path", "Write it from / on, without '..'.")
        return path

    def integer(self, key: str, default: int | None, low: int, high: int) -> int | None:
        value = self._take(key, default)
        if isinstance(value, str) and value.isdecimal() and len(value) < 10:
            value = int(value)
        if value is None:
            return None
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise self.wrong(key, f"{value!r} is not a whole number from {low} to {high}")
        return value

    def boolean(self, key: str, default: bool) -> bool:
        value = self._take(key, default)
        if not isinstance(value, bool):
            raise self.wrong(key, f"{value!r} is neither true nor false")
        return value

    def choice(self, key: str, choices: tuple[str, ...], default: str | None) -> Any:
        value = self._take(key, default)
        if value is not None and value not in choices:
            raise self.wrong(key, f"{value!r} is none of {', '.join(choices)}")
        return value

    def mapping(self, key: str) -> Mapping[str, Any]:
        value = self._take(key, {})
        if not isinstance(value, Mapping):
            raise self.wrong(key, f"expected keys and values, found {_kind(value)}")
        return value

    def sequence(self, key: str) -> list[Any]:
        value = self._take(key, [])
        if not isinstance(value, list):
            raise self.wrong(key, f"expected a list, found {_kind(value)}")
        return value

    def _take(self, key: str, default: Any) -> Any:
        self._known.append(key)
        return self._raw.get(key, default)


def _kind(value: object) -> str:
    """What something is that has the wrong type; there may be a password in it."""
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, (int, float)):
        return "a number"
    if isinstance(value, str):
        return "text"
    if isinstance(value, Mapping):
        return "keys and values"
    return "a list" if isinstance(value, (list, tuple)) else type(value).__name__
