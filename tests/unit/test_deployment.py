# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.holdfast.postgres.plugins.filter.backup_jobs import backup_jobs
from ansible_collections.holdfast.postgres.plugins.filter.on_calendar import on_calendar
from ansible_collections.holdfast.postgres.plugins.module_utils._core.definition.parse import parse
from ansible_collections.holdfast.postgres.plugins.plugin_utils.deployment import jobs, secrets, unused_secrets

ROOT = "/var/backups/holdfast"


def item(name: str = "app", **keys: Any) -> dict[str, Any]:
    return {"name": name, "databases": [{"database": "app"}], **keys}


def only(raw: dict[str, Any]) -> dict[str, Any]:
    (job,) = jobs([raw], ROOT)
    return job


def test_a_job_without_a_repository_gets_one_below_the_root() -> None:
    job = only(item())
    assert job["repository"] == job["definition"]["repository"] == "/var/backups/holdfast/app"
    assert job["disk"] == ["/var/backups/holdfast/app", "/var/backups/holdfast", "/var/backups", "/var", "/"]


def test_what_is_deployed_reads_back_as_the_same_job() -> None:
    raw = item(
        repository="/root/database_backups",
        format="plain",
        compression="gzip",
        schedule="",
        keep={"daily": 30, "weekly": None},
        connection={"container": "app-db", "user": "app", "port": "5433"},
    )
    deployed = json.loads(json.dumps(only(raw)["definition"]))
    assert parse(deployed, Path("/elsewhere")) == parse(raw, Path(ROOT))


def test_passwords_leave_the_definition_for_files_beside_it() -> None:
    raw = item("my.app", connection={"host": "db", "password": "s3cret", "restore_password": "more s3cret"})
    job = only(raw)
    assert "s3cret" not in str(job)
    assert job["definition"]["connection"] == {
        "host": "db",
        "password_file": "/etc/holdfast/jobs/my.app.password",
        "restore_password_file": "/etc/holdfast/jobs/my.app.restore_password",
    }
    assert secrets([raw]) == [
        {"path": "/etc/holdfast/jobs/my.app.password", "content": "s3cret"},
        {"path": "/etc/holdfast/jobs/my.app.restore_password", "content": "more s3cret"},
    ]


def test_a_password_file_of_the_owner_stays_where_it_is() -> None:
    raw = item(connection={"host": "db", "password_file": "/root/password", "password": None})
    assert only(raw)["definition"]["connection"] == {"host": "db", "password_file": "/root/password"}
    assert secrets([raw]) == []


def test_files_of_passwords_that_a_job_has_no_more_are_named_and_others_are_not() -> None:
    place = "/etc/holdfast/jobs/app"
    assert unused_secrets([item()]) == [f"{place}.password", f"{place}.restore_password"]
    assert unused_secrets([item(connection={"password": "x"})]) == [f"{place}.restore_password"]
    own = {"password_file": f"{place}.password", "restore_password": "y"}
    assert unused_secrets([item(connection=own)]) == []


@pytest.mark.parametrize("value", [12345678, True, ["12345678"], {"12345678": "x"}])
@pytest.mark.parametrize("key", ["password", "restore_password"])
def test_no_error_shows_a_password(key: str, value: object) -> None:
    with pytest.raises(AnsibleFilterError, match=f"job app, connection, {key}: expected text") as caught:
        backup_jobs([item(connection={key: value})], ROOT)
    assert "12345678" not in str(caught.value) and "Put it in quotes" in str(caught.value)
    with pytest.raises(AnsibleFilterError) as caught:
        backup_jobs([item(connection="postgresql://app:12345678@db/app")], ROOT)
    assert "12345678" not in str(caught.value)


def test_the_input_is_left_as_it_was() -> None:
    raw = item(connection={"host": "db", "password": "s3cret"})
    before = json.dumps(raw)
    jobs([raw], ROOT)
    assert json.dumps(raw) == before


def test_encrypted_text_of_ansible_2_18_counts_as_text() -> None:
    class Encrypted:
        __ENCRYPTED__ = True

        def __str__(self) -> str:
            return "s3cret"

    raw = item(connection={"host": "db", "password": Encrypted()})
    assert only(raw)["definition"]["connection"]["password_file"]
    assert secrets([raw])[0]["content"] == "s3cret"


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"compresion": "zstd"}, ["job app", "'compresion'", "Did you mean 'compression'?"]),
        ({"keep": {"dayly": 7}}, ["job app, keep", "'dayly'", "'daily'"]),
        ({"connection": {"contianer": "db"}}, ["job app, connection", "'contianer'", "'container'"]),
        ({"schedule": "0 25 * * *"}, ["schedule '0 25 * * *'", "hour"]),
        ({"drill_schedule": "0 4 32 * *"}, ["drill_schedule '0 4 32 * *'", "day"]),
        ({"databases": []}, ["job app", "no databases"]),
    ],
)
def test_a_mistake_is_named_with_the_job_and_the_way_out(wrong: dict[str, Any], says: list[str]) -> None:
    with pytest.raises(AnsibleFilterError) as caught:
        backup_jobs([item(**wrong)], ROOT)
    assert [words for words in says if words not in str(caught.value)] == []


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        ([item("a"), item("b"), item("a", repository="/other")], "a, a: they have the same name a"),
        (
            [item("a", repository="/x"), item("b"), item("c", repository="/x/")],
            "a, c: they have the same repository /x",
        ),
    ],
)
def test_jobs_in_each_others_way_are_refused(raw: list[Any], says: str) -> None:
    with pytest.raises(AnsibleFilterError, match=says):
        backup_jobs(raw, ROOT)


def test_each_run_has_its_schedule_and_units() -> None:
    raw = item("my.app", schedule="", drill_schedule="0 5 * * 0")
    assert only(raw)["runs"] == [
        {"verb": "backup", "schedule": "", "unit": "holdfast-backup-my.app"},
        {"verb": "drill", "schedule": "0 5 * * 0", "unit": "holdfast-drill-my.app"},
    ]
    assert only(item())["runs"][1]["schedule"] == "0 4 1 * *"
    assert [only(one)["scheduled"] for one in (raw, item(schedule="", drill_schedule=""), item())] == [
        True,
        False,
        True,
    ]


def test_cron_reads_the_file_of_every_job_and_no_two_share_one() -> None:
    names = ["app", "my-app", "my.app", "my_app", "my..app", "my._app"]
    files = [job["cron_file"] for job in jobs([item(name) for name in names], ROOT)]
    assert len(set(files)) == len(names)
    assert all(file.replace("-", "").replace("_", "").isalnum() for file in files)
    assert files[0] == "holdfast-app"


def test_calendar_events_come_from_the_core_with_readable_errors() -> None:
    assert on_calendar("0 2 * * *") == ["*-*-* 02:00:00"]
    with pytest.raises(AnsibleFilterError, match="61"):
        on_calendar("61 * * * *")
