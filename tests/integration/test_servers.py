# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Servers that cannot be reached, or are not the right ones; and what must not redirect us."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.holdfast.postgres.tests.integration import files, servers
from ansible_collections.holdfast.postgres.tests.integration.content import assert_same, content, rows
from ansible_collections.holdfast.postgres.tests.integration.program import Holdfast
from ansible_collections.holdfast.postgres.tests.integration.sample import fill, small
from ansible_collections.holdfast.postgres.tests.integration.servers import Server


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def refused(holdfast: Holdfast, connection: dict[str, Any], database: str = "postgres") -> str:
    """What a backup says that fails before it wrote anything."""
    repository = holdfast.define("library", connection, {"database": database, "name": "library"})
    told = holdfast("backup", "library", status=1).err
    assert not repository.exists() or not list(repository.iterdir())
    assert holdfast.history("library")[-1]["result"] == "failed"
    # The same goes for the report, which has to come all the same.
    report = holdfast("status", "library", "--json", status=2).data["jobs"][0]
    assert len(report["checks"]) == 8
    return told


def test_an_unknown_database(holdfast: Holdfast, cluster15: Server) -> None:
    database = small(cluster15, cluster15.unique())
    told = refused(holdfast, cluster15.connection, "no such \"thing'")
    assert "no such \"thing'" in told and "does not exist" in told and database in told


def test_a_template_is_a_database(holdfast: Holdfast, cluster15: Server) -> None:
    database, into = small(cluster15, cluster15.unique()), cluster15.unique()
    holdfast.define("library", cluster15, database)

    def alter(what: str) -> None:
        with cluster15.connect() as session:
            session.execute(f"ALTER DATABASE {database} {what}")

    alter("IS_TEMPLATE true")
    try:
        holdfast.backup("library")
        holdfast("restore", "latest", "--into", into)
        assert rows(cluster15, into) == rows(cluster15, database)
        assert f"database {database} on" in holdfast("restore", "latest", "--into", database, status=1).err
        told = holdfast("restore", "latest", "--yes", "--dry-run", status=1).err
        assert "it is a template" in told and f'ALTER DATABASE "{database}" IS_TEMPLATE false' in told
    finally:
        alter("IS_TEMPLATE false")
    alter("ALLOW_CONNECTIONS false")
    assert f'ALTER DATABASE "{database}" ALLOW_CONNECTIONS true' in holdfast("backup", status=1).err


def test_a_name_that_could_be_a_connection_string(holdfast: Holdfast, cluster15: Server) -> None:
    database, into = "dbname=postgres\n\\ --x", cluster15.unique()
    cluster15.databases.append(database)
    small(cluster15, database)
    holdfast.define("library", cluster15, {"database": database, "name": "odd"})
    holdfast.backup("library")
    holdfast("restore", "latest", "--into", into)
    assert rows(cluster15, into) == rows(cluster15, database)
    fill(cluster15, database, 5)
    holdfast("restore", "latest", "--yes")
    assert len(rows(cluster15, database)) == 100
    holdfast("rollback", "--", database)
    assert len(rows(cluster15, database)) == 105


def test_an_unknown_container(holdfast: Holdfast, container17: Server) -> None:
    told = refused(holdfast, {"container": "holdfast-it-nowhere"})
    assert "there is no such container" in told and container17.container in told


@pytest.mark.parametrize("name", ["--help", "a b; touch /tmp/x", "../x", "$(id)"])
def test_a_container_name_is_never_taken_for_something_else(holdfast: Holdfast, name: str) -> None:
    assert f"container {name}" in refused(holdfast, {"container": name})


def test_a_stopped_and_a_paused_container(holdfast: Holdfast) -> None:
    with servers.container(17) as server:
        servers.docker("pause", server.container)
        assert f"docker unpause {server.container}" in refused(holdfast, server.connection)
        servers.docker("unpause", server.container)
        servers.docker("stop", "--time", "20", server.container)
        assert f"docker start {server.container}" in refused(holdfast, server.connection)
        servers.restart(server)
        small(server, "library")
        holdfast.define("library", server, "library")
        holdfast.backup("library")


def test_what_a_container_is_given_for_its_application_does_not_redirect_us(holdfast: Holdfast) -> None:
    given = ("PGHOSTADDR=192.0.2.1", "PGSERVICE=nowhere", "PGUSER=nobody", "PGDATABASE=nowhere", "PGSSLMODE=require")
    given += ("PGOPTIONS=-c default_transaction_read_only=on", "PGPASSFILE=/nowhere", "PGCONNECT_TIMEOUT=1")
    with servers.container(17, [word for variable in given for word in ("--env", variable)]) as server:
        database = small(server, "library")
        holdfast.define("library", server, database)
        holdfast.backup("library")
        assert holdfast.json("drill")["result"] == "proved"
        fill(server, database, 5)
        holdfast("restore", "latest", "--yes")
        assert len(rows(server, database)) == 100
        fill(server, database, 5)
        holdfast("restore", "latest", "--in-place", "--yes")
        assert len(rows(server, database)) == 100


def test_a_container_without_postgresql(holdfast: Holdfast) -> None:
    name = "holdfast-it-" + servers.secrets.token_hex(4)
    servers.docker("run", "--detach", "--label", "holdfast.test", "--name", name, "holdfast-postgres:17", "sleep", "99")
    try:
        assert "no server listens on" in refused(holdfast, {"container": name})
    finally:
        servers.docker("rm", "--force", "--volumes", name)


def test_a_server_that_is_down(holdfast: Holdfast, tmp_path: Path) -> None:
    assert "Start the server" in refused(holdfast, {"socket": str(tmp_path)})
    told = refused(holdfast, {"host": "127.0.0.1", "port": free_port()})
    assert "Connection refused" in told and "Start the server" in told


def test_a_wrong_and_a_missing_password(holdfast: Holdfast, container15: Server, password_file: Path) -> None:
    connection = {"host": "127.0.0.1", "port": container15.port}
    assert "Set the password of role postgres" in refused(holdfast, connection)
    password_file.write_text("wrong", encoding="utf-8")
    told = refused(holdfast, {**connection, "password_file": str(password_file)})
    assert "password authentication failed" in told and "wrong" not in told


def test_a_password_file_that_others_can_read_or_that_cannot_be_used(
    holdfast: Holdfast, container15: Server, password_file: Path
) -> None:
    connection = {"host": "127.0.0.1", "port": container15.port, "password_file": str(password_file)}
    holdfast.define("library", connection, "postgres")
    password_file.chmod(0o644)
    assert f"chmod 600 {password_file}" in holdfast("backup", "library", status=2).err
    password_file.chmod(0o600)
    password_file.write_bytes(b"\xffsecret")
    told = holdfast("-v", "backup", "library", status=2).err
    assert "it is not UTF-8" in told and "secret" not in told
    password_file.unlink()
    assert str(password_file) in holdfast("backup", "library", status=2).err


def test_peer_authentication_wants_the_right_system_user(holdfast: Holdfast, cluster15: Server) -> None:
    connection = {**cluster15.connection, "os_user": "nobody"}
    assert "Set os_user in the job's connection" in refused(holdfast, connection)
    assert "'no-such-user'" in refused(holdfast, {**cluster15.connection, "os_user": "no-such-user"})


def test_17_over_tcp_names_the_package_that_this_host_lacks(
    holdfast: Holdfast, container17: Server, password_file: Path
) -> None:
    connection = {"host": "127.0.0.1", "port": container17.port, "password_file": str(password_file)}
    repository = holdfast.define("library", connection, "postgres")
    assert "Install the package postgresql-client-17." in holdfast("backup", "library", status=1).err
    assert not list(repository.iterdir())


@pytest.mark.parametrize("format", ["plain", "custom", "directory"])
def test_a_backup_of_17_is_refused_by_15_before_anything_is_touched(
    holdfast: Holdfast, container17: Server, cluster15: Server, format: str
) -> None:
    database = small(container17, container17.unique())
    repository = holdfast.define("library", container17, database, format=format)
    made = holdfast.backup("library")
    small(cluster15, database, 5)
    cluster15.databases.append(database)
    holdfast.define("library", cluster15, database, format=format, repository=str(repository))
    before, names = content(cluster15, database), cluster15.names()
    for where in (("--into", "never"), ("--in-place",)):
        told = holdfast("restore", made["id"], *where, status=1).err
        assert "taken from PostgreSQL 17" in told and "runs 15" in told
    assert_same(content(cluster15, database), before)
    assert cluster15.names() == names
    if format == "plain":
        path = repository.parent / f"x{''.join(files.artifact(repository, made).suffixes)}"
        path.write_bytes(files.artifact(repository, made).read_bytes())
        assert "taken from PostgreSQL 17" in holdfast("restore", path, "--into", "never", status=1).err


def test_a_backup_of_15_is_restored_by_17(holdfast: Holdfast, cluster15: Server, container17: Server) -> None:
    database = small(cluster15, cluster15.unique())
    repository = holdfast.define("library", cluster15, database)
    holdfast.backup("library")
    holdfast.define("library", container17, database, repository=str(repository))
    container17.databases.append(database)
    holdfast("restore", "latest", "--into", database)
    assert rows(container17, database) == rows(cluster15, database)


@pytest.mark.parametrize("reach", ["cluster15", "container17", "tcp15"])
def test_what_the_operator_exported_does_not_redirect_us(
    reach: str, request: pytest.FixtureRequest, holdfast: Holdfast, other15: Server
) -> None:
    connection = request.getfixturevalue(reach)
    server = request.getfixturevalue("container15") if reach == "tcp15" else connection
    database, into = small(server, server.unique()), server.unique()
    small(other15, database, 5)
    holdfast.define("library", connection, database)
    exported = {"PGHOST": "127.0.0.1", "PGPORT": str(other15.port), "PGDATABASE": "postgres", "PGUSER": "nobody"}
    exported |= {"PGPASSWORD": "wrong", "PGSERVICE": "nowhere", "PGOPTIONS": "-c default_transaction_read_only=on"}
    holdfast("backup", "library", env=exported)
    holdfast("verify", "latest", env=exported)
    holdfast("restore", "latest", "--into", into, env=exported)
    assert rows(server, into) == rows(server, database)
    fill(server, database, 5)
    holdfast("restore", "latest", "--in-place", env=exported)
    assert rows(server, into) == rows(server, database)
    assert len(rows(other15, database)) == 5
    assert into not in other15.names()
