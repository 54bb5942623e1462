# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role backup on a host that has something already: older schedules, a page by hand, a database to be filled."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible_collections.holdfast.postgres.tests.integration.playbook import Playbook
from ansible_collections.holdfast.postgres.tests.integration.program import Holdfast
from ansible_collections.holdfast.postgres.tests.integration.sample import fill
from ansible_collections.holdfast.postgres.tests.integration.servers import Server

LINE = "0 2 * * * /root/backup_database.sh >> /root/backup_database.log 2>&1"


def part(holdfast: Holdfast, tasks: str, **variables: Any) -> Playbook:
    """Some tasks of the role, as the role runs them."""
    here = {"ansible.builtin.include_vars": str(Path(__file__).parents[2] / "roles/backup/vars/debian.yml")}
    role = {"name": "holdfast.postgres.backup", "tasks_from": tasks}
    return Playbook(holdfast, here, {"ansible.builtin.include_role": role, "vars": variables})


def test_schedules_that_go_on_beside_ours_are_named_and_left(holdfast: Holdfast, tmp_path: Path) -> None:
    crontabs, daily = tmp_path / "crontabs", tmp_path / "cron.daily"
    for directory in (crontabs, daily):
        directory.mkdir()
    (crontabs / "root").write_bytes(
        b"# Sauvegarde compl\xe8te\n" + LINE.encode() + b"\n30 2 * * * /root/check_database_status.sh\n"
    )
    (daily / "dump").write_text("#!/bin/sh\nPGPASSWORD=hidden pg_dump app > /root/app.sql\n", encoding="utf-8")
    (daily / "holdfast-pg_dump").write_text("holdfast backup pg_dump\n", encoding="utf-8")
    places = [str(tmp_path / name) for name in ("crontabs", "not there", "cron.daily")]
    look = part(holdfast, "older", __backup_older_places=places, __backup_crontabs=str(crontabs))
    for arguments in ((), ("--check", "-v")):
        out = look(*arguments)
        assert f"the crontab of root: {LINE}" in " ".join(out.split())
        assert "crontab -e -u root, and delete that line" in out
        assert f"{daily}/dump, line 2: PGPASSWORD=*** pg_dump app" in " ".join(out.split())
        assert "hidden pg_dump" not in out and "check_database" not in out and "holdfast-pg_dump" not in out
        assert "changed=0" in out
    assert LINE in (crontabs / "root").read_text(encoding="latin-1")
    (crontabs / "root").write_text("# nothing\n", encoding="utf-8")
    (daily / "dump").unlink()
    assert "WARNING" not in look()


def test_a_quick_reference_by_hand_is_kept_and_ours_is_replaced(holdfast: Holdfast, tmp_path: Path) -> None:
    page = tmp_path / "backup_quick_reference.txt"
    page.write_bytes(b"Appeler Ren\xe9e.\n")
    job = {"name": "library", "databases": [{"database": "library"}]}
    given = {"backup_scripts_dir": "", "backup_quick_reference": str(page), "__backup_scheduler": "cron"}
    part(holdfast, "scripts", backup_jobs=[job], **given)()
    (kept,) = [path for path in tmp_path.glob("backup_quick_reference.txt*") if path != page]
    assert kept.read_bytes() == b"Appeler Ren\xe9e.\n"
    part(holdfast, "scripts", backup_jobs=[{**job, "schedule": "0 5 * * *"}], **given)()
    assert "0 5 * * *" in page.read_text(encoding="utf-8")
    assert len(list(tmp_path.glob("backup_quick_reference.txt*"))) == 2


def test_no_first_backup_is_made_of_what_is_there_to_be_restored(holdfast: Holdfast, cluster15: Server) -> None:
    database = cluster15.unique()
    cluster15.create(database)
    repository = holdfast.define("library", cluster15, database)
    job = {"name": "library", "databases": [{"database": database}], "repository": str(repository)}
    given = {"__backup_program": str(holdfast.program), "__backup_engines": {}, "backup_jobs": [job]}
    first = part(holdfast, "first", **given)
    out = first()
    assert "library: no first backup on newserver, because none of the databases holds a table." in " ".join(
        out.split()
    )
    assert "changed=0" in out and not list(repository.glob("*.manifest.json"))
    fill(cluster15, database, 10)
    assert "changed=1" in first()
    assert len(list(repository.glob("*.manifest.json"))) == 1
