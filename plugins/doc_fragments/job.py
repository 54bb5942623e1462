# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  job:
    description:
      - The name of a job that is deployed on the host, see role P(holdfast.postgres.backup#role).
      - May be left out where only one is.
    type: str
  definition:
    description:
      - A job, where none is deployed. It has the shape of one item of the role's C(backup_jobs).
      - Not together with O(job).
    type: dict
    suboptions:
      name:
        description: The name of the job. Its backups are called C(<name>_YYYYMMDD_HHMMSS), in UTC.
        type: str
        required: true
      connection:
        description: How the server is reached; without O(definition.connection.container) and
          O(definition.connection.host), through a local socket.
        type: dict
        suboptions:
          container:
            description: The Docker or Podman container that the server runs in. Client programs run in it.
            type: str
          engine:
            description: The container engine. By default Docker when it is installed, else Podman.
            type: str
            choices: [docker, podman]
          host:
            description: A host to reach over TCP.
            type: str
          port:
            description: The server's port, which also is part of the name of its socket.
            type: int
            default: 5432
          socket:
            description: The directory of the server's Unix socket; with a container, the directory inside it.
            type: path
            default: /run/postgresql
          os_user:
            description: The system user to become for a local socket. By default V(postgres) when run as root.
            type: str
          user:
            description: The role that backs up. V(pg_read_all_data) is enough for it.
            type: str
            default: postgres
          password:
            description: The password of O(definition.connection.user).
            type: str
          password_file:
            description: A file of mode 0600 with the password of O(definition.connection.user) alone.
            type: path
          restore_user:
            description: The role that restores. By default O(definition.connection.user).
            type: str
          restore_password:
            description: The password of O(definition.connection.restore_user).
            type: str
          restore_password_file:
            description: A file of mode 0600 with the password of O(definition.connection.restore_user) alone.
            type: path
          sslmode:
            description: What libpq requires of the connection's encryption.
            type: str
            choices: [disable, allow, prefer, require, verify-ca, verify-full]
          sslrootcert:
            description: A file with the certificates of the authorities to trust.
            type: path
          maintenance_database:
            description: The database to connect to when none in particular is meant.
            type: str
            default: postgres
          work_dir:
            description: Where directory dumps and parallel restores put their files; with a container, inside it.
            type: path
            default: /var/tmp
      databases:
        description: The databases to back up.
        type: list
        elements: dict
        required: true
        suboptions:
          database:
            description: The name of the database.
            type: str
            required: true
          name:
            description: What the names of its artifacts begin with. By default the name of the database.
            type: str
      globals:
        description: Whether the roles of the server go along.
        type: bool
        default: true
      format:
        description: The format of pg_dump.
        type: str
        choices: [custom, directory, plain]
        default: custom
      compression:
        description: How artifacts are compressed.
        type: str
        choices: [gzip, none, zstd]
        default: zstd
      compression_level:
        description: The level of the compression, 1 to 9 with gzip (6 by default), 1 to 19 with zstd (1 by default).
        type: int
      parallel:
        description: How many processes dump with O(definition.format=directory), and restore from any archive.
        type: int
        default: 2
      proof:
        description:
          - What is kept to prove a restore with. V(full) counts the rows of every table and hashes their content, in
            the very snapshot that the dump uses; V(counts) leaves the hashes out; V(none) keeps nothing.
        type: str
        choices: [counts, full, none]
        default: full
      repository:
        description: The directory with the backups. By default C(/var/backups/holdfast/<name>).
        type: path
      schedule:
        description: A cron expression. The modules do not schedule anything; the check of a job's health uses it.
        type: str
        default: 0 2 * * *
      drill_schedule:
        description: A cron expression for drills, which restore the newest backup into a scratch server and prove it.
        type: str
        default: 0 4 1 * *
      keep:
        description: How many backups stay. The newest good one always does.
        type: dict
        suboptions:
          last:
            description: The newest backups.
            type: int
            default: 0
          hourly:
            description: The newest backup of each of that many hours.
            type: int
            default: 0
          daily:
            description: The newest backup of each of that many days.
            type: int
            default: 7
          weekly:
            description: The newest backup of each of that many ISO weeks.
            type: int
            default: 0
          monthly:
            description: The newest backup of each of that many months.
            type: int
            default: 0
          yearly:
            description: The newest backup of each of that many years.
            type: int
            default: 0
requirements:
  - python3-psycopg (psycopg 3.1 or newer)
  - the client programs of PostgreSQL, of the server's major version or newer; not for a server in a container
"""
