# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The evidence of a drill: its report as JSON, and as a text that an auditor reads."""

from __future__ import annotations

import contextlib
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from .difference import Difference
from .errors import HoldfastError, cause_of
from .places import Places
from .repository import names
from .repository.artifact import sync_directory, write_file
from .repository.manifest import moment
from .units import duration, size
from .visible import as_json, visible

WIDTH = 100
VERDICTS = {
    "proved": "PROVED: the backup was restored, and what was restored is what was backed up.",
    "not proved": "RESTORED, NOT PROVED: the backup was restored, but it has no proof to compare it with.",
    "differs": "FAILED: what was restored is not what was backed up.",
    "failed": "FAILED: the backup was not restored. Why is said below.",
}
PARTS = {
    "check": "checking the artifacts' checksums",
    "server": "starting the scratch server",
    "restore": "restoring",
    "prove": "comparing with the proof",
}
WHERE = {
    "container": "a throw-away container of the image that the source runs, without a network",
    "cluster": "a throw-away cluster of the test host, reached by nobody else",
    "database": "a scratch database beside the live ones, on the source itself",
}
MODES = {
    "full": "every row was counted and its content hashed",
    "counts": "rows were counted; their content was not compared",
    "none": "rows were counted, and compared with nothing",
}


def write(places: Places, report: Mapping[str, Any]) -> Path:
    """Write both files, for root alone; the path of the readable one. JSON is beside it, with the extension .json."""
    directory = places.history(report["job"]).parent / "evidence"
    stem = f"{report['backup']}_{names.stamp(moment(report['started']))}"
    number = 0
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        while True:
            name = f"{stem}_{number}" if number else stem
            path = directory / f"{name}.txt"
            if not path.exists():
                break
            number += 1
        data = directory / f"{name}.json"
        write_file(data, as_json(report, indent=1) + "\n")
        with contextlib.ExitStack() as alone:
            alone.callback(data.unlink)
            write_file(path, text(report))
            sync_directory(directory)
            alone.pop_all()
    except (OSError, HoldfastError) as error:
        raise HoldfastError(
            f"evidence {directory}",
            f"{cause_of(error)}. Only the evidence is missing, but without it the drill does not count. It ended:"
            f" {report['result']}",
            f"Free space in {places.state}, or make it writable, and drill again.",
        ) from error
    return path


def text(report: Mapping[str, Any]) -> str:
    """The whole report, aligned, no line over 100 columns unless a name is."""
    lines = [
        f"Evidence of a drill: backup {report['backup']}",
        "=" * min(WIDTH, len(f"Evidence of a drill: backup {report['backup']}")),
        "",
        *_wrapped(VERDICTS[report["result"]]),
        *_facts("The backup", _backup(report)),
        *_facts("The drill", _drill(report)),
        *_facts("Recovery time", _recovery(report)),
        *_artifacts(report),
    ]
    for database in report["databases"]:
        lines += _database(database)
    if report["error"]:
        lines += ["", "Why it failed", ""]
        error = report["error"]
        for part in (f"{error['thing']}: {error['cause']}", error["next_step"]):
            for line in part.split("\n"):
                lines += _wrapped(line, "  ")
    lines += ["", "What this shows, and what it does not", ""]
    for statement in _honestly(report):
        lines += _wrapped(statement, "  - ", "    ")
    return "".join(f"{visible(line)}\n" for line in lines)


def _backup(report: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield "name", report["backup"]
    yield "job", report["job"]
    yield "made", f"{report['created']} on host {report['taken_on']} ({report['purpose']})"
    yield "from", _server(report["source"])


def _drill(report: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield "begun", report["started"]
    yield "finished", report["finished"]
    yield "on host", f"{report['host']}, by {report['user']}"
    yield "program", f"holdfast {report['program']}"
    if report["where"]:
        yield "restored", f"in {WHERE[report['where']]}"
    yield "server", _server(report["server"])


def _recovery(report: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield "in all", duration(report["recovery"]["seconds"])
    for part, seconds in report["recovery"]["parts"].items():
        yield "", f"{duration(seconds):>12}  {PARTS[part]}"


def _artifacts(report: Mapping[str, Any]) -> list[str]:
    lines = ["", "Artifacts", ""]
    for artifact in report["artifacts"]:
        right = "has this checksum" if artifact["verified"] else "NOT CHECKED, or found damaged"
        lines += [f"  {artifact['file']}", f"    {size(artifact['size'])}, {right}"]
        lines += [f"    sha256 {artifact['sha256']}"]
    return lines


def _database(database: Mapping[str, Any]) -> list[str]:
    title = f"Database {database['database']}: {database['result'].upper()}"
    lines = ["", title, "-" * len(title), ""]
    if database["error"]:
        for line in database["error"].split("\n"):
            lines += _wrapped(line, "  ")
        return lines
    lines += _wrapped(f"{database['rows']:,} rows; {MODES[database['mode']]}.", "  ")
    if database["differences"]:
        lines += ["", "  Differences:"]
        for one in database["differences"]:
            lines += _wrapped(str(Difference(**one)), "    - ", "      ")
    notes = [Difference(**one) for one in database["notes"]]
    for title, listed in (
        ("Differences that lose nothing", [one for one in notes if one.compared]),
        ("Not compared", [one for one in notes if not one.compared]),
    ):
        if listed:
            lines += ["", f"  {title}:"]
        for one in listed:
            lines += _wrapped(str(one), "    - ", "      ")
    width = max((len(table["table"]) for table in database["tables"]), default=0)
    width = min(max(width, len("TABLE")), 52)
    lines += ["", f"  {'TABLE':<{width}}  {'RESTORED':>13}  {'BACKED UP':>13}  VERDICT"]
    for table in database["tables"]:
        rows, expected = _number(table["rows"]), _number(table["expected"])
        counted = f"{rows:>13}  {expected:>13}"
        verdict = table["verdict"]
        head = f"  {table['table']:<{width}}  {counted}"
        if len(table["table"]) > width:
            lines.append(f"  {table['table']}")
            head = f"  {'':<{width}}  {counted}"
        if len(head) + 2 + len(verdict) <= WIDTH:
            lines.append(f"{head}  {verdict}")
        else:
            lines += [f"{head}  DIFFERS", *_wrapped(verdict, "      ")]
    if database["objects"]:
        lines += ["", f"  {'OBJECTS':<26}  {'BACKED UP':>13}  VERDICT"]
        for kind in database["objects"]:
            told = {"DIFFER": kind["differences"], "NOT COMPARED": kind["not_compared"]}
            verdict = ", ".join(f"{number:,} {what}" for what, number in told.items() if number) or "ok"
            lines.append(f"  {kind['kind']:<26}  {kind['count']:>13,}  {verdict}")
    return lines


def _honestly(report: Mapping[str, Any]) -> Iterator[str]:
    databases = report["databases"]
    modes = {database["mode"] for database in databases}
    if "full" in modes:
        yield (
            "The proof was taken in the same snapshot as the dump: for each table the number of its rows and a 64-bit"
            " hash of the content of every row; sequences, large objects, and the properties of every object that a"
            " dump holds beside them. The same was taken from what was restored, and the two were compared."
        )
    if any(not one["compared"] for database in databases for one in database["notes"]):
        yield (
            "What is listed as not compared was restored, and may be altered: the backup's major version of PostgreSQL"
            " and the scratch server's write such definitions in different ways. Neither were properties compared that"
            " only one of the two versions has."
        )
    if "counts" in modes:
        yield "The backup was made with 'proof: counts': an altered row would not have been noticed."
    if report["result"] == "not proved":
        yield "Without a proof nobody can tell whether rows are missing or altered. A new backup has one."
    if report["placeholders"]:
        yield (
            "The backup does not hold these roles, which were made up for the drill; on an empty server they would have"
            f" to be created first: {', '.join(report['placeholders'])}."
        )
    for database in databases:
        if database["unread"]:
            yield f"The large objects of {database['database']} were only counted: {database['unread']}."
    if not any(database["tables"] for database in databases):
        yield "Nothing was restored, so nothing is known of what the backup is worth."
        return
    if report["where"] in ("container", "cluster"):
        yield (
            "Nothing was changed on the live server. The scratch server was set up for speed (it would not survive a"
            " crash) and worked with low priority; a restore on another machine may take longer or shorter."
        )
        yield report["server"]["isolation"]
        yield "Tablespaces had their names, and were in the data directory of the scratch server."
    yield "The recovery time does not include getting a machine, fetching the backup, or starting the application."


def _facts(title: str, facts: Iterable[tuple[str, str]]) -> list[str]:
    lines = ["", title, ""]
    for name, value in facts:
        lines += _wrapped(value, f"  {name:<10}", " " * 12)
    return lines


def _wrapped(line: str, first: str = "", rest: str | None = None) -> list[str]:
    # A name is never broken: it is looked for, and copied.
    return textwrap.wrap(
        line,
        WIDTH,
        initial_indent=first,
        subsequent_indent=first if rest is None else rest,
        break_long_words=False,
        break_on_hyphens=False,
    ) or [""]


def _server(server: Mapping[str, Any]) -> str:
    version = server.get("version") or server.get("major")
    title = server.get("title") or "unknown server"
    return f"PostgreSQL {version}, {title}" if version else title


def _number(value: int | None) -> str:
    return "-" if value is None else f"{value:,}"
