# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The roles that only read: how the role that restores looks for them and creates them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ansible_collections.holdfast.postgres.plugins.module_utils._core.definition.model import Connection
from ansible_collections.holdfast.postgres.plugins.module_utils._core.definition.parse import parse
from ansible_collections.holdfast.postgres.plugins.module_utils._core.postgresql.quote import identifier, literal
from ansible_collections.holdfast.postgres.plugins.plugin_utils.deployment import plain
from ansible_collections.holdfast.postgres.plugins.plugin_utils.verifier import is_password

COMPLETE = """\
SELECT count(*) FROM pg_catalog.pg_roles
WHERE rolname = {literal} AND rolcanlogin AND (rolsuper OR rolbypassrls)
  AND pg_has_role(oid, 'pg_read_all_data', 'USAGE') AND pg_has_role(oid, 'pg_read_all_settings', 'USAGE');
SELECT pg_catalog.has_table_privilege('pg_catalog.pg_authid', 'SELECT') AS may \\gset
\\if :may
SELECT coalesce((SELECT rolpassword FROM pg_catalog.pg_authid WHERE rolname = {literal}), '');
\\else
SELECT 'unknown';
\\endif
"""
# BYPASSRLS: pg_dump refuses a table of which it might not see every row.
CREATE = """\
SELECT {create} WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = {literal}) \\gexec
ALTER ROLE {name} LOGIN BYPASSRLS;
GRANT pg_read_all_data, pg_read_all_settings TO {name};
"""
# The server's log must not show the password. Only a superuser may ask for that, and only a superuser's
# statements are worth hiding where others read the log.
PASSWORD = """\
SELECT set_config(setting, value, false)
FROM (VALUES ('log_statement', 'none'), ('log_min_error_statement', 'panic'), ('log_min_duration_statement', '-1'))
     AS quiet (setting, value)
WHERE (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user);
ALTER ROLE {name} PASSWORD {password};
"""


def readers(raw: Iterable[object], backups: str, engines: Mapping[str, str]) -> list[dict[str, Any]]:
    """One entry for each job whose connection names a role that restores besides the one that reads.

    engines: the engine that runs each container; jobs of other containers are left out. Nothing in the result is
    secret: what is comes from :func:`reader_secrets`. The answer to complete has two lines: whether (1) or not (0) the
    role is there with all that it needs, and what the server keeps of its password, or unknown.
    """
    entries = []
    for job in (parse(plain(item), Path(backups)) for item in raw):
        connection = job.connection
        if connection.restore_user in (None, connection.user):
            continue
        if connection.container and connection.container not in engines:
            continue
        name, quoted = identifier(connection.user), literal(connection.user)
        create = literal(f"CREATE ROLE {name}")
        entries.append(
            {
                "job": job.name,
                "user": connection.user,
                "argv": [*_runner(connection, engines), *_psql(connection)],
                "asks": bool(connection.restore_password),
                "complete": COMPLETE.format(literal=quoted),
                "create": CREATE.format(name=name, literal=quoted, create=create),
            }
        )
    return entries


def reader_secrets(raw: Iterable[object], backups: str) -> dict[str, dict[str, str]]:
    """For each job: the line that answers the question for the restoring role's password, the SQL that sets the reading
    role's password, and that password; all empty where there is none.
    """
    secrets = {}
    for job in (parse(plain(item), Path(backups)) for item in raw):
        connection = job.connection
        sql = ""
        if connection.password:
            sql = PASSWORD.format(name=identifier(connection.user), password=literal(connection.password))
        answer = f"{connection.restore_password}\n" if connection.restore_password else ""
        secrets[job.name] = {"answer": answer, "sql": sql, "password": connection.password or ""}
    return secrets


def sets_password(answer: Sequence[str], user: str, password: str, rewritten: bool) -> bool:
    """Whether the role needs to be given its password, by the answer to complete.

    An earlier run may have written the file and not reached the server, or somebody has changed the password there; so
    the server is asked. rewritten, whether the file has changed just now, decides where the server does not tell.
    """
    if not password:
        return False
    complete, kept = answer[0], answer[1] if len(answer) > 1 else ""
    return complete == "0" or (rewritten if kept == "unknown" else not is_password(kept, user, password))


def _runner(connection: Connection, engines: Mapping[str, str]) -> list[str]:
    if connection.container:
        engine = engines[connection.container]
        return [engine, "exec", "--interactive", connection.container]
    # Without a terminal psql takes the password from its standard input, and neither from arguments nor from the
    # environment, which Ansible would put into the arguments of a shell.
    runner = ["setsid", "--wait"]
    return runner if connection.host else [*runner, "runuser", "-u", connection.os_user or "postgres", "--"]


def _psql(connection: Connection) -> list[str]:
    address = [f"--host={connection.host or connection.socket}", f"--port={connection.port}"]
    return [
        "psql",
        "--no-psqlrc",
        "--password" if connection.restore_password else "--no-password",
        "--quiet",
        "--tuples-only",
        "--no-align",
        "--set=ON_ERROR_STOP=1",
        *address,
        f"--username={connection.restore_user}",
        f"--dbname={connection.maintenance_database}",
    ]
