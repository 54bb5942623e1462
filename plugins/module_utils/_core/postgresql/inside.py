# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Questions inside the transaction of a psql that is being fed: nobody else sees yet what it did."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Sequence
from types import SimpleNamespace
from typing import Any

from ..process import Pipeline

SHOW = "\\o\n\\pset format unaligned\n\\pset tuples_only on\n\\pset pager off\n"
# Whatever is in the search path
ABOUT = "SELECT pg_catalog.current_database(), pg_catalog.current_setting('server_version_num')::pg_catalog.int4"


class Inside:
    """As much of a psycopg connection as a proof needs. The pipeline's only program is psql, without output so far."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline
        self._output = b""
        pipeline.write(SHOW.encode())
        database, version = self.execute(ABOUT).fetchall()[0]
        self.info = SimpleNamespace(dbname=database, server_version=version)

    def execute(self, query: str, parameters: Sequence[object] | None = None) -> Answer:
        """The rows of a SELECT. Everything before it was executed by then, or :class:`ProgramFailed` is raised."""
        if parameters is not None:
            from psycopg import sql

            query %= tuple(sql.Literal(parameter).as_string(None) for parameter in parameters)
        end = f"end of {secrets.token_hex(8)}"
        rows = (
            f"SELECT coalesce(pg_catalog.json_agg(pg_catalog.to_json(ROW(asked.*))), '[]') FROM (\n{query}\n) AS asked;"
        )
        self._pipeline.write(f"{rows}\n\\echo {end}\n".encode())
        return Answer([list(row.values()) for row in json.loads(self._read(end))])

    def run(self, statement: str) -> None:
        """A statement that returns nothing. It fails at the next question, or at the end."""
        self._pipeline.write(f"{statement};\n".encode())

    def settle(self) -> None:
        """Wait until everything so far was executed; :class:`ProgramFailed` when something of it failed."""
        self.execute(ABOUT)

    def _read(self, end: str) -> str:
        mark = f"\n{end}\n".encode()
        while mark not in self._output:
            chunk = self._pipeline.output.read1()  # type: ignore[attr-defined]
            if not chunk:
                self._pipeline.finish()
                raise EOFError("psql ended without an error before it had answered")
            self._output += chunk
        answer, _mark, self._output = self._output.partition(mark)
        return answer.decode("utf-8")


class Answer:
    """The rows that a query returned."""

    def __init__(self, rows: list[list[Any]]) -> None:
        self._rows = rows

    def __iter__(self) -> Iterator[list[Any]]:
        return iter(self._rows)

    def fetchall(self) -> list[list[Any]]:
        return self._rows

    def fetchone(self) -> list[Any] | None:
        return self._rows[0] if self._rows else None
