# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What every command of the program has in common."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.holdfast.postgres.tests.integration import files
from ansible_collections.holdfast.postgres.tests.integration.program import Holdfast
from ansible_collections.holdfast.postgres.tests.integration.sample import fill, small
from ansible_collections.holdfast.postgres.tests.integration.servers import Server

VERBS = ["backup", "list", "show", "verify", "restore", "prune", "status", "adopt"]


@pytest.mark.parametrize("verb", VERBS)
def test_help_has_an_example_that_the_program_understands(holdfast: Holdfast, verb: str) -> None:
    told = holdfast(verb, "--help").out
    assert verb in holdfast("--help").out
    example = told.split("Example: ")[1].split("||")[0].split()
    assert example[:2] == ["holdfast", verb]
    # It fails for want of a job, and not because of its arguments.
    refused = holdfast(*example[1:], status=2)
    assert "usage:" not in refused.err
    assert "--json" in told and "-v" in told


@pytest.mark.parametrize(
    "argument", [("nonsense",), (), ("backup", "--nonsense"), ("show",), ("adopt",), ("list", "a", "b")]
)
def test_wrong_usage(holdfast: Holdfast, argument: tuple[str, ...]) -> None:
    assert "usage: holdfast" in holdfast(*argument, status=2).err


@pytest.mark.parametrize("arguments", [("-v", "list", "--json"), ("list", "-v", "--json"), ("--json", "-v", "list")])
def test_what_every_command_knows_may_stand_before_its_name(holdfast: Holdfast, arguments: tuple[str, ...]) -> None:
    holdfast.define("library", {"socket": "/nowhere"}, "app")
    assert holdfast(*arguments).data["jobs"][0]["backups"] == []


def test_the_result_of_every_command_is_json(holdfast: Holdfast, cluster15: Server) -> None:
    database = small(cluster15, cluster15.unique())
    repository = holdfast.define("library", cluster15, database)
    made = holdfast.backup("library")
    assert made["job"] == "library"
    assert holdfast.json("list")["jobs"][0]["repository"] == str(repository)
    assert holdfast.json("show", "latest")["id"] == made["id"]
    assert holdfast.json("verify")["result"] == "ok"
    assert holdfast.json("prune", "--dry-run")["dry_run"]
    assert holdfast.json("prune")["backups"][0]["keep"]
    assert holdfast.json("status")["jobs"][0]["level"] == "ok"
    assert holdfast.json("restore", "--into", cluster15.unique())["tables"][0]["rows"] == 100
    dump = repository / f"{database}_20250816_155503.sql"
    socket = cluster15.connection["socket"]
    dump.write_bytes(cluster15.run("pg_dump", f"--host={socket}", f"--port={cluster15.port}", database))
    assert holdfast.json("adopt", dump)["adopted"][0]["size"] == dump.stat().st_size
    verbs = [line["verb"] for line in holdfast.history("library")]
    assert verbs == ["backup", "prune", "verify", "prune", "restore", "adopt"]


@pytest.mark.parametrize("verb", ["backup", "list", "verify", "prune", "status", "restore", "show", "adopt"])
def test_an_error_is_json_too(holdfast: Holdfast, verb: str) -> None:
    more = {"restore": ["latest", "--into", "x"], "show": ["latest"], "adopt": ["/x"]}.get(verb, [])
    refused = holdfast(verb, *more, "--json", status=2)
    assert refused.data["failed"] and refused.data["error"]
    assert refused.err.startswith("holdfast: ")


def test_a_log_gets_plain_lines(holdfast: Holdfast, cluster15: Server) -> None:
    holdfast.define("library", cluster15, small(cluster15, cluster15.unique()))
    for command in ("backup", "list", "status", "verify", "show latest", "prune"):
        told = holdfast(*command.split(), status=None)
        assert "\x1b" not in told.out + told.err


def test_a_reader_that_goes_away_is_no_crash(holdfast: Holdfast, cluster15: Server) -> None:
    holdfast.define("library", cluster15, small(cluster15, cluster15.unique()))
    holdfast.backup("library")
    run = subprocess.Popen(
        holdfast.argv("show", "latest"), env=holdfast.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert run.stdout is not None
    run.stdout.close()
    error = run.communicate(timeout=30)[1]
    assert (run.returncode, error) == (0, b"")


def test_a_reader_that_goes_away_amid_a_swap_does_not_end_it(holdfast: Holdfast, cluster15: Server) -> None:
    database = small(cluster15, cluster15.unique())
    holdfast.define("library", cluster15, database)
    holdfast.backup("library")
    fill(cluster15, database, 5)
    # One page of less, and q
    argv = holdfast.argv("restore", "latest")
    run = subprocess.Popen(argv, env=holdfast.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert run.stdout is not None
    assert run.stdout.readline()
    run.stdout.close()
    error = run.communicate(timeout=60)[1]
    assert (run.returncode, error) == (0, b"")
    assert cluster15.query("SELECT count(*) FROM items", database) == [(100,)]
    line = holdfast.history("library")[-1]
    assert (line["verb"], line["result"]) == ("restore", "ok") and line["before"] in cluster15.names()
    holdfast("rollback", database)


@pytest.mark.parametrize("where", ["/dev/full", None])
def test_an_output_that_takes_nothing_does_not_end_a_run(holdfast: Holdfast, cluster15: Server, where: Any) -> None:
    holdfast.define("library", cluster15, small(cluster15, cluster15.unique()))
    redirected = f">{where}" if where else ">&-"
    shell = ["/bin/sh", "-c", f'exec "$@" {redirected}', "sh", *holdfast.argv("backup")]
    run = subprocess.run(shell, env=holdfast.environment, stderr=subprocess.PIPE, text=True, check=False)
    assert "Traceback" not in run.stderr
    # What nobody wanted to read is not missed; what could not be written is.
    assert run.returncode == (1 if where else 0) and ("No space left" in run.stderr) == bool(where)
    assert [line["result"] for line in holdfast.history("library")] == ["ok", "ok"]


def test_a_name_that_the_terminal_cannot_show_does_not_end_a_run(holdfast: Holdfast, cluster15: Server) -> None:
    holdfast.define("library", cluster15, {"database": small(cluster15, cluster15.unique("ü")), "name": "u"})
    out = holdfast("backup", env={"PYTHONIOENCODING": "ascii"}).out
    assert "dumping database \\xfc_" in out


def test_a_thousand_backups_are_listed(holdfast: Holdfast, cluster15: Server, tmp_path: Path) -> None:
    database = small(cluster15, cluster15.unique())
    repository = holdfast.define("library", cluster15, database, keep={"daily": 30, "monthly": 12})
    made = holdfast.backup("library")
    text = files.manifest_file(repository, made["id"]).read_text(encoding="utf-8")
    moment = datetime.strptime(made["created"], "%Y-%m-%dT%H:%M:%SZ")
    for hours in range(1, 1000):
        then = moment - timedelta(hours=hours)
        new = f"{then:%Y%m%d_%H%M%S}"
        for name in files.files_of(made):
            target = repository / name.replace(made["id"][-15:], new)
            if name.endswith(".manifest.json"):
                moved = text.replace(made["id"][-15:], new).replace(made["created"], f"{then:%Y-%m-%dT%H:%M:%SZ}")
                target.write_text(moved, encoding="utf-8")
            else:
                shutil.copy(repository / name, target)
    listed = holdfast.json("list")["jobs"][0]
    assert len(listed["backups"]) == 1000
    assert listed["unmanaged"] == []
    assert listed["backups"][0]["id"] == made["id"]
    assert [one["created"] for one in listed["backups"]] == sorted(
        (one["created"] for one in listed["backups"]), reverse=True
    )
    assert holdfast("list").out.count("library_2") == 1000
    gone = sum(one["goes"] for one in listed["backups"])
    assert sum(not one["keep"] for one in holdfast.json("prune")["backups"]) == gone > 900
    assert len(files.visible(repository)) == (1000 - gone) * 5


def test_it_is_the_distributions_interpreter_that_runs_it(holdfast: Holdfast) -> None:
    assert sys.executable != holdfast.argv("list")[0] == "/usr/bin/python3"
    assert json.loads(holdfast("list", "--json", status=2).out)["failed"]
