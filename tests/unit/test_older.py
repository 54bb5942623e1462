# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which lines of a host's schedules start a dump beside ours, and what is said of them."""

from __future__ import annotations

import pytest

from ansible_collections.holdfast.postgres.plugins.plugin_utils.older import told

CRONTABS = "/var/spool/cron/crontabs"
SCRIPTS = ("backup_database.sh", "restore_database.sh")


def found(path: str, line: str) -> str:
    return f"{path}\0" + f"7:{line}\n"


@pytest.mark.parametrize(
    ("path", "line", "where", "step"),
    [
        (
            *(f"{CRONTABS}/root", "0 2 * * * /root/backup_database.sh >> /root/backup_database.log 2>&1"),
            *("the crontab of root", "  -> crontab -e -u root, and delete that line"),
        ),
        (
            *(f"{CRONTABS}/ann.other", "@daily pg_dumpall | gzip > all.gz"),
            *("the crontab of ann.other", "  -> crontab -e -u ann.other, and delete that line"),
        ),
        (
            *("/etc/crontab", "5 4 * * 0 root bash restore_database.sh newest"),
            *("/etc/crontab, line 7", "  -> delete that line of /etc/crontab"),
        ),
        (
            *("/etc/cron.d/app", "1 1 * * * postgres /usr/lib/postgresql/15/bin/pg_dump app"),
            *("/etc/cron.d/app, line 7", "  -> delete that line of /etc/cron.d/app"),
        ),
        (
            *("/etc/cron.daily/dump", "docker exec db pg_dump -U app app"),
            *("/etc/cron.daily/dump, line 7", "  -> delete that file, or that line of it: /etc/cron.daily/dump"),
        ),
        (
            *("/etc/systemd/system/dump.service", "ExecStart=/root/backup_database.sh"),
            *(
                "/etc/systemd/system/dump.service, line 7",
                "  -> systemctl disable --now dump.timer, or whatever else starts it",
            ),
        ),
    ],
)
def test_what_starts_a_dump_is_told_with_its_place(path: str, line: str, where: str, step: str) -> None:
    assert told(found(path, line), CRONTABS, SCRIPTS) == [f"{where}: {line}", step]


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (f"{CRONTABS}/root", "# 0 2 * * * /root/backup_database.sh"),
        (f"{CRONTABS}/root", "0 2 * * * /root/my-backup_database.sh"),
        (f"{CRONTABS}/root", "0 2 * * * /root/backup_database.sh.old"),
        (f"{CRONTABS}/root", "0 2 * * * /root/check_database_status.sh"),
        ("/etc/cron.d/app.disabled", "1 1 * * * root pg_dump app"),
        ("/etc/cron.daily/dump~", "pg_dump app"),
        ("/etc/systemd/system/dump.service", "Description=pg_dump every night"),
        ("/etc/systemd/system/dump.service.bak", "ExecStart=pg_dump app"),
    ],
)
def test_what_starts_none_is_passed_over(path: str, line: str) -> None:
    assert told(found(path, line), CRONTABS, SCRIPTS) == []


def test_passwords_and_escapes_are_not_shown() -> None:
    lines = found("/etc/crontab", "* * * * * root PGPASSWORD='s e\x1bcret' pg_dump") + found(
        "/etc/crontab", "* * * * * root pg_dump postgresql://app:s3cret@db/app \x1b[2K"
    )
    assert told(lines, CRONTABS, SCRIPTS)[::2] == [
        "/etc/crontab, line 7: * * * * * root PGPASSWORD=*** pg_dump",
        "/etc/crontab, line 7: * * * * * root pg_dump postgresql://app:***@db/app \\x1b[2K",
    ]
