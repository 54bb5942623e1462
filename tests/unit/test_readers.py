# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

from ansible_collections.holdfast.postgres.plugins.plugin_utils.readers import reader_secrets, readers, sets_password

ROOT = "/var/backups/holdfast"


def job(name: str, **connection: Any) -> dict[str, Any]:
    return {"name": name, "databases": [{"database": "app"}], "connection": connection}


def test_only_jobs_that_read_and_restore_with_different_roles_need_one() -> None:
    raw = [
        job("one", user="app"),
        job("same", user="app", restore_user="app"),
        job("two", user="reader", restore_user="postgres"),
        job("stopped", container="stopped-db", user="reader", restore_user="postgres"),
        job("running", container="app-db", user="reader", restore_user="postgres"),
    ]
    entries = readers(raw, ROOT, {"app-db": "podman"})
    assert [entry["job"] for entry in entries] == ["two", "running"]
    assert entries[1]["argv"][:4] == ["podman", "exec", "--interactive", "app-db"]


def test_the_role_that_restores_creates_it_where_the_job_finds_its_server() -> None:
    (socket,) = readers([job("a", user="reader", restore_user="boss", os_user="pg", port=5433)], ROOT, {})
    assert socket["argv"][:5] == ["setsid", "--wait", "runuser", "-u", "pg"]
    assert {"--host=/run/postgresql", "--port=5433", "--username=boss", "--dbname=postgres"} <= set(socket["argv"])
    (tcp,) = readers([job("a", host="db", user="reader", restore_user="boss", maintenance_database="m")], ROOT, {})
    assert tcp["argv"][:3] == ["setsid", "--wait", "psql"]
    assert {"--host=db", "--username=boss", "--dbname=m"} <= set(tcp["argv"])


def test_a_password_is_asked_for_and_is_in_no_argument() -> None:
    raw = [job("a", host="db", user="reader", password="s3cret", restore_user="boss", restore_password="b0ss")]
    (entry,) = readers(raw, ROOT, {})
    assert entry["asks"] and "--password" in entry["argv"] and "--no-password" not in entry["argv"]
    assert "s3cret" not in str(entry) and "b0ss" not in str(entry)
    assert reader_secrets(raw, ROOT)["a"]["answer"] == "b0ss\n"
    assert reader_secrets(raw, ROOT)["a"]["sql"].endswith("ALTER ROLE \"reader\" PASSWORD E's3cret';\n")


def test_without_passwords_nothing_is_asked_and_nothing_is_set() -> None:
    raw = [job("a", user="reader", restore_user="boss")]
    (entry,) = readers(raw, ROOT, {})
    assert not entry["asks"] and "--no-password" in entry["argv"]
    assert reader_secrets(raw, ROOT)["a"] == {"answer": "", "sql": "", "password": ""}
    assert not sets_password(["0", ""], "reader", "", rewritten=True)


def test_where_the_server_does_not_tell_a_changed_file_decides() -> None:
    assert [sets_password(["1", "unknown"], "reader", "s3cret", rewritten) for rewritten in (True, False)] == [
        True,
        False,
    ]


def test_names_and_passwords_are_quoted() -> None:
    raw = [job("a", user="""o'r"eilly\\""", password="""it's \\ "x" """, restore_user="boss")]
    (entry,) = readers(raw, ROOT, {})
    assert """rolname = E'o''r"eilly\\\\'""" in entry["complete"]
    assert """SELECT E'CREATE ROLE "o''r""eilly\\\\"'""" in entry["create"]
    assert """ALTER ROLE "o'r""eilly\\" LOGIN BYPASSRLS;""" in entry["create"]
    assert """PASSWORD E'it''s \\\\ "x" ';""" in reader_secrets(raw, ROOT)["a"]["sql"]
