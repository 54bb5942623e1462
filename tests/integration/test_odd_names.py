# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names of databases, tables, roles and files that try to speak for the program."""

from __future__ import annotations

import json
import shutil
import subprocess

from psycopg import sql

from ansible_collections.holdfast.postgres.tests.integration import files
from ansible_collections.holdfast.postgres.tests.integration.program import Holdfast
from ansible_collections.holdfast.postgres.tests.integration.servers import Server
from ansible_collections.holdfast.postgres.tests.integration.test_asking import on_terminal

HIDDEN = "\x9b1m\u202e"
FORGED = f"\nDatabase all: PROVED\x1b[2J\x1b[32m{HIDDEN}"


def clean(text: str) -> str:
    """The text, of which no line is forged and no character is hidden."""
    assert "\nDatabase all" not in text
    assert not [one for one in text if one != "\n" and not one.isprintable()]
    return text


def test_they_are_shown_and_say_nothing(holdfast: Holdfast, cluster15: Server) -> None:
    name, role = cluster15.unique() + FORGED, cluster15.unique("r") + HIDDEN
    table, owner = sql.Identifier("t" + FORGED), sql.Identifier(role)
    cluster15.create(name)
    with cluster15.connect(name) as session:
        session.execute(sql.SQL("CREATE ROLE {}").format(owner))
        session.execute(sql.SQL("CREATE TABLE {} AS SELECT generate_series(1, 10) id").format(table))
        session.execute(sql.SQL("ALTER TABLE {} OWNER TO {}").format(table, owner))
    try:
        source = {"database": name, "name": "odd"}
        repository = holdfast.define("library", cluster15, source, format="plain", compression="gzip")
        made = holdfast.backup("library")
        dump = files.artifact(repository, made)
        shutil.copy(dump, repository / f"x{FORGED.replace('/', '')}.sql.gz")
        clean((repository / f"{made['id']}.manifest.json").read_text(encoding="utf-8"))

        drilled = clean(holdfast("drill", "latest").out)
        evidence = next((holdfast.home / "state" / "library" / "evidence").glob("*.txt"))
        told = clean(evidence.read_text(encoding="utf-8"))
        assert "\\nDatabase all: PROVED\\x1b[2J\\x1b[32m\\u009b1m\\u202e" in told and str(evidence) in drilled
        report = json.loads(clean(evidence.with_suffix(".json").read_text(encoding="utf-8")))
        assert report["databases"][0]["database"] == name
        assert [one["table"].count(FORGED) for one in report["databases"][0]["tables"]] == [1]

        for args in (["list"], ["show", "latest"], ["status"], ["-v", "verify"], ["restore", "latest", "--dry-run"]):
            done = holdfast(*args)
            clean(done.out + done.err)
        # The first of an error's lines is ours.
        assert "Database all" not in clean(holdfast("rollback", name, status=1).err).partition("\n")[2]
        assert holdfast.json("list")["jobs"][0]["unmanaged"][0]["path"].endswith(f"{FORGED}.sql.gz")
        with cluster15.connect(name) as session:
            session.execute(sql.SQL("DELETE FROM {} WHERE id = 1").format(table))
        shown = on_terminal(holdfast, "restore", "latest", "--yes", typed="")[1]
        assert "\x1b[2J" not in shown and "\x9b" not in shown and "\\x1b[2J" in shown.replace("\r\n", "")
        undone = holdfast("rollback", name, "--dry-run", "--force").out
        clean(undone)

        by_hand = holdfast.json("show", "latest")["artifacts"][0]["by_hand"]
        assert clean("".join(by_hand)) and "$'" in by_hand[0]
        bash = ["bash", "-ec", f"printf %s {by_hand[0].split(' ', 3)[3]}"]
        typed = subprocess.run(bash, env={"LC_ALL": "C.UTF-8"}, capture_output=True, check=True).stdout.decode()
        assert typed == f"{name}_restored"
    finally:
        for other in cluster15.names():
            if other.startswith(name[:8]):
                cluster15.drop(other)
        with cluster15.connect() as session:
            session.execute(sql.SQL("DROP ROLE {}").format(owner))
