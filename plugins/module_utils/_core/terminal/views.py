# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The results of verbs as blocks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..units import duration, size
from ..which import NONE_YET
from .blocks import Block, Line, Table

MARKS = {"ok": ("[ OK ]", "good"), "warning": ("[WARN]", "warning"), "critical": ("[FAIL]", "bad")}
LEVELS = {"ok": "healthy", "warning": "needs attention", "critical": "critical"}


def listing(result: Mapping[str, Any]) -> list[Block]:
    blocks: list[Block] = [Line(f"Job {result['job']}, repository {result['repository']}", "title")]
    if result["backups"]:
        rows = [
            (
                backup["id"],
                _maybe(size, backup["size"]),
                "in the future" if backup["future"] else _maybe(duration, backup["age"]),
                "DAMAGED" if backup["problem"] else _verified(backup["verified"]),
                _drilled(backup["drill"], backup["drilled"]),
                f"goes: {backup['kept_for']}" if backup["goes"] else backup["kept_for"],
            )
            for backup in result["backups"]
        ]
        tones = ["bad" if backup["problem"] else "plain" for backup in result["backups"]]
        headers = ("BACKUP", "SIZE", "AGE", "VERIFIED", "DRILLED", "KEPT FOR")
        blocks.append(Table(headers, rows, right=(1, 2), tones=tones))
        damaged = [backup for backup in result["backups"] if backup["problem"]]
        blocks += [Line("")] * bool(damaged)
        blocks += [Line(f"{backup['id']}: {backup['problem'].splitlines()[0]}", "bad") for backup in damaged]
    else:
        blocks.append(Line(f"No backup yet. {NONE_YET}", "warning"))
    if result["unmanaged"]:
        blocks += [
            Line(""),
            Line("Without a manifest (never deleted; holdfast adopt makes a backup of one):", "dim"),
            Table(
                ("FILE", "SIZE", "MODIFIED"),
                [(file["path"], size(file["size"]), file["modified"]) for file in result["unmanaged"]],
                right=(1,),
            ),
        ]
    return blocks


def shown(result: Mapping[str, Any]) -> list[Block]:
    facts = [
        ("job", result["job"]),
        ("created", result["created"]),
        ("size", size(result["size"])),
        ("purpose", result["purpose"]),
        ("server", _server(result["server"])),
        ("host", result["host"]),
        ("directory", result["directory"]),
        ("verified", _last_check(result)),
        ("drilled", _last_drill(result["last_drill"])),
    ]
    blocks: list[Block] = [Line(f"Backup {result['id']}", "title")]
    if result["problem"]:
        blocks.append(Line(f"DAMAGED: {result['problem']}", "bad"))
    blocks += [Line(f"{name:<10} {value}") for name, value in facts]
    rows = [
        (
            artifact["file"],
            size(artifact["size"]),
            artifact["format"],
            artifact["compression"],
            artifact["sha256"][:16],
        )
        for artifact in result["artifacts"]
    ]
    blocks += [
        Line(""),
        Table(("ARTIFACT", "SIZE", "FORMAT", "COMPRESSION", "SHA-256"), rows, right=(1,)),
        Line(""),
    ]
    blocks.append(Line("Restore without holdfast:", "title"))
    blocks.append(
        Line("  (the programs as a user whom the server accepts; in a container: docker exec -i NAME ...)", "dim")
    )
    blocks += [Line(f"  cd {result['directory']}"), Line(f"  sha256sum -c {result['id']}.sha256")]
    blocks += [Line(f"  {line}") for artifact in reversed(result["artifacts"]) for line in artifact["by_hand"]]
    return blocks


def backup_made(result: Mapping[str, Any]) -> list[Block]:
    rows = [(artifact["file"], size(artifact["size"])) for artifact in result["artifacts"]]
    return [
        Line(f"Backup {result['id']} is complete and verified, {size(result['size'])}.", "good"),
        Table(("ARTIFACT", "SIZE"), rows, right=(1,)),
    ]


def verified(result: Mapping[str, Any]) -> list[Block]:
    rows = [(check["artifact"], check["check"], "ok") for check in result["checks"]]
    return [
        Table(("ARTIFACT", "CHECK", "RESULT"), rows),
        Line(f"Backup {result['backup']} is whole, {size(result['size'])}.", "good"),
    ]


def pruned(result: Mapping[str, Any]) -> list[Block]:
    going = "goes" if result["dry_run"] else "deleted"
    rows = [
        (row["backup"], _maybe(size, row["size"]), "stays" if row["keep"] else going, row["why"])
        for row in result["backups"]
    ]
    tones = ["plain" if row["keep"] else "warning" for row in result["backups"]]
    freed = sum(row["size"] or 0 for row in result["backups"] if not row["keep"])
    number = sum(not row["keep"] for row in result["backups"])
    verb = "would be deleted" if result["dry_run"] else "deleted"
    blocks: list[Block] = []
    if rows:
        blocks.append(Table(("BACKUP", "SIZE", "DECISION", "WHY"), rows, right=(1,), tones=tones))
    return [*blocks, Line(f"Job {result['job']}: {number} {verb}, {size(freed)}.", "title")]


def adopted(result: Mapping[str, Any]) -> list[Block]:
    blocks: list[Block] = [
        Line(f"{result['file']} is now the backup {result['backup']}, {size(result['size'])}.", "good")
    ]
    if result["time_of_file"]:
        text = f"Its name tells no time: taken for made when the file was last changed, at {result['time_of_file']}."
        blocks.append(Line(text, "warning"))
    return blocks


def health(result: Mapping[str, Any]) -> list[Block]:
    level = result["level"]
    blocks: list[Block] = [Line(f"Job {result['job']}: {LEVELS[level]}", MARKS[level][1]), Line("")]
    for number, check in enumerate(result["checks"], 1):
        mark, tone = MARKS.get(check["level"], ("[  - ]", "dim"))
        blocks.append(Line(f"{mark} {number}. {check['point']:<15} {check['text']}", tone))
        if check["next_step"]:
            blocks.append(Line(f"{'':<10}{'':<16} -> {check['next_step']}", tone))
    if result["tables"]:
        rows = [
            (f"{table['schema']}.{table['table']}", size(table["size"]), _growth(table["growth"]))
            for table in result["tables"]
        ]
        grown = f"GROWTH SINCE {result['since']}" if result["since"] else "GROWTH"
        blocks += [Line(""), Table(("LARGEST TABLES", "SIZE", grown), rows, right=(1, 2))]
        totals = ", ".join(
            f"{database['database']} {size(database['size'])} ({_growth(database['growth'])})"
            for database in result["databases"]
        )
        blocks += [Line(""), Line(f"Databases: {totals}")]
    if result["put_aside"]:
        kept = [
            (aside["database"], aside["was"], _verified(aside["at"]), _maybe(size, aside["size"]))
            for aside in result["put_aside"]
        ]
        blocks += [
            Line(""),
            Table(("KEPT BY A RESTORE", "WAS", "UNTIL", "SIZE"), kept, right=(3,)),
            Line("Delete what nobody needs any more: DROP DATABASE", "dim"),
        ]
    return blocks


def _growth(share: float | None) -> str:
    # Rounded first: a zero has no sign then, and is shown with a plus.
    return "-" if share is None else f"{round(share * 100, 1) + 0.0:+.1f} %"


def _verified(at: str | None) -> str:
    return at.replace("T", " ").rstrip("Z")[:16] if at else "no"


def _maybe(form: Any, value: float | None) -> str:
    return "-" if value is None else str(form(value))


def _server(server: Mapping[str, Any]) -> str:
    if server.get("version"):
        return f"PostgreSQL {server['version']}, {server['title']}"
    return f"PostgreSQL {server['major']}" if server.get("major") else "unknown"


def _last_check(result: Mapping[str, Any]) -> str:
    check = result["last_check"]
    if check:
        return f"{check['result']} at {check['time']}"
    return f"ok at {result['verified'].get('at', '-')}"


def _drilled(verdict: str | None, at: str | None) -> str:
    if verdict is None:
        return "-"
    return _verified(at)[:10] if verdict == "proved" else verdict.upper()


def _last_drill(drill: Mapping[str, Any] | None) -> str:
    if not drill:
        return "never"
    told = f"{drill['verdict'] or 'ended'} at {drill['time']}"
    return f"{told}, recovered in {duration(drill['recovery'])}" if drill["verdict"] == "proved" else told


def errors(problems: Sequence[tuple[str, str, str]]) -> list[Block]:
    """(thing, cause, next step) of each error."""
    blocks: list[Block] = []
    for thing, cause, next_step in problems:
        first, *rest = cause.rstrip("\n").split("\n")
        blocks.append(Line(f"holdfast: {thing}: {first}", "bad"))
        blocks += [Line(f"    {line}") for line in rest]
        blocks += [Line(f"  {line}") for line in next_step.split("\n") if line]
    return blocks
