# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From a job's connection to the server that it leads to."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from .. import reading
from ..definition.model import Connection
from ..errors import DefinitionError
from .container import ContainerServer
from .direct import SocketServer, TcpServer
from .server import Server

ONE_LINE = "Write the password into it, in one line, and nothing else."


def reach(connection: Connection, to_restore: bool = False) -> Server:
    """The server of a connection, as its reading or its restoring role. Nothing is contacted yet."""
    role, password = connection.user, _password(connection.password, connection.password_file)
    if to_restore and connection.restore_user:
        role = connection.restore_user
        password = _password(connection.restore_password, connection.restore_password_file)
    if connection.kind == "container":
        return ContainerServer(connection, role, password)
    if connection.kind == "tcp":
        return TcpServer(connection, role, password)
    return SocketServer(connection, role, password)


def _password(password: str | None, file: Path | None) -> str | None:
    if file is None:
        return password
    title = f"password file {file}"
    try:
        with reading.opened(file) as stream:
            if stat.S_IMODE(os.fstat(stream.fileno()).st_mode) & 0o077:
                raise DefinitionError(str(file), "others can read this password file", f"chmod 600 {file}")
            found = stream.read().decode("utf-8").rstrip("\r\n")
    except OSError as error:
        raise DefinitionError(title, error.strerror or str(error)) from error
    except UnicodeDecodeError:
        # Neither the error nor its context may show a part of it.
        raise DefinitionError(title, "it is not UTF-8", ONE_LINE) from None
    if not found or "\0" in found:
        raise DefinitionError(title, "it holds a zero byte" if found else "it is empty", ONE_LINE)
    return found
