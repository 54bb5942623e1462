# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role that only reads, and its password, as the role backup finds and sets them on a real server."""

from __future__ import annotations

import subprocess
from typing import Any

import pytest

from ansible_collections.holdfast.postgres.plugins.plugin_utils.readers import reader_secrets, readers, sets_password
from ansible_collections.holdfast.postgres.tests.integration.servers import PASSWORD, Server

USER = "it's a reader"


class Deploy:
    """What a run of the role does, with a certain password in the inventory; whether it set the password."""

    def __init__(self, server: Server) -> None:
        self._server = server

    def __call__(self, password: str, reaches_the_server: bool = True) -> bool:
        raw = [{"name": "app", "databases": [{"database": "app"}], "connection": self._connection(password)}]
        (entry,), secret = readers(raw, "/backups", {}), reader_secrets(raw, "/backups")["app"]

        def psql(sql: str) -> list[str]:
            done = subprocess.run(
                entry["argv"], input=secret["answer"] + sql, capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, done.stderr
            return done.stdout.splitlines()

        answer = psql(entry["complete"])
        if answer[0] == "0":
            psql(entry["create"])
        needed = sets_password(answer, USER, password, rewritten=False)
        if needed and reaches_the_server:
            psql(secret["sql"])
        return needed

    def _connection(self, password: str) -> dict[str, Any]:
        address = {"host": "127.0.0.1", "port": self._server.port}
        return {**address, "user": USER, "password": password, "restore_user": "postgres", "restore_password": PASSWORD}

    def logs_in(self, password: str) -> bool:
        self._server.connect(user=USER, password=password).close()
        return True


@pytest.fixture
def deploy(cluster15: Server) -> Any:
    yield Deploy(cluster15)
    with cluster15.connect() as session:
        session.execute(f'DROP ROLE IF EXISTS "{USER}"')


@pytest.mark.parametrize("password", ["first", "Fuß\u00a0ﬁn\u00ad", 'it\'s \\ "x"'])
def test_a_password_is_set_until_the_server_has_it(deploy: Deploy, password: str) -> None:
    assert deploy(password) and deploy.logs_in(password)
    assert not deploy(password)
    # The run broke off after the file was written.
    assert deploy("second", reaches_the_server=False)
    assert deploy("second") and deploy.logs_in("second")
    assert not deploy("second")


def test_a_password_that_somebody_changed_on_the_server_is_set_again(deploy: Deploy, cluster15: Server) -> None:
    deploy("first")
    for statement in ("PASSWORD 'other'", "PASSWORD NULL"):
        with cluster15.connect() as session:
            session.execute(f'ALTER ROLE "{USER}" {statement}')
        assert deploy("first") and deploy.logs_in("first")


def test_a_password_that_is_kept_as_md5_is_known_too(deploy: Deploy, cluster15: Server) -> None:
    deploy("first")
    with cluster15.connect() as session:
        session.execute("SET password_encryption = 'md5'")
        session.execute(f"ALTER ROLE \"{USER}\" PASSWORD 'first'")
    assert not deploy("first")
    assert deploy("second", reaches_the_server=False)
