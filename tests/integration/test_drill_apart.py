# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A drill runs the code that users put into their database: it reaches nothing live, whatever it tries."""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.holdfast.postgres.plugins.module_utils._core.places import Places
from ansible_collections.holdfast.postgres.plugins.module_utils._core.postgresql import scratch
from ansible_collections.holdfast.postgres.tests.integration import servers
from ansible_collections.holdfast.postgres.tests.integration.leftovers import nothing_left
from ansible_collections.holdfast.postgres.tests.integration.program import Holdfast
from ansible_collections.holdfast.postgres.tests.integration.sample import small
from ansible_collections.holdfast.postgres.tests.integration.servers import Server, docker

# A restore checks each row, as the superuser who restores.
HOSTILE = """
    CREATE TABLE seen (line text);
    CREATE FUNCTION tried() RETURNS boolean LANGUAGE plpgsql AS $$
    BEGIN
      IF current_setting('cluster_name') = 'live' OR current_setting('application_name') = '' THEN RETURN true; END IF;
      COPY public.seen FROM PROGRAM $sh${program}$sh$;
      RAISE EXCEPTION 'seen: %', (SELECT string_agg(line, '; ') FROM public.seen);
    END $$;
    ALTER TABLE items ADD CHECK (id <> 1 OR public.tried());
"""
LOOK = (
    "exec 2>&1; echo user $(id -u)",
    "echo sockets $(ls {socket} 2>/dev/null | grep -c PGSQL)",
    "echo data $(ls {data} 2>/dev/null | grep -c base)",
    "echo network $(grep -c eth /proc/net/dev)",
    "echo powerless $(grep -cE '^(CapEff.*0000000000000000|NoNewPrivs.*1)$' /proc/self/status)",
    "echo listening $(cat /proc/net/tcp /proc/net/tcp6 | grep -c ' 0A ')",
    "echo repository $(ls {repository} 2>/dev/null | grep -c dump)",
    "{psql} -c 'CREATE TABLE harm ()' postgres >/dev/null 2>&1 && echo connected",
    "touch {data}/harm 2>/dev/null && echo written",
    "touch /tmp/{mark} /var/tmp/{mark} 2>/dev/null; true",
)


@pytest.fixture
def live() -> Iterator[Server]:
    """A server whose sockets let in everybody as a superuser. One is where a sandbox hides nothing by itself."""
    with (
        servers.cluster({"cluster_name": "live"}) as server,
        tempfile.TemporaryDirectory(prefix="holdfast-it-", dir="/srv") as place,
    ):
        work = Path(server.connection["work_dir"])
        data = work.parent / "data"
        Path(place).chmod(0o1777)
        hba = data / "pg_hba.conf"
        hba.write_text("local all all trust\n" + hba.read_text(encoding="utf-8"), encoding="utf-8")
        with (data / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.write(f"unix_socket_directories = '{work}, {place}'\n")
        server.run("pg_ctl", f"--pgdata={data}", f"--log={work}/log", "--wait", "restart")
        server.connection["socket"] = place
        yield server


def seen(holdfast: Holdfast, job: str) -> list[str]:
    """What the program saw, which is why the drill failed."""
    error = holdfast("drill", job, status=1).err
    assert holdfast.history(job)[-1]["verdict"] == "failed"
    found = re.search(r"seen: (.*)", error)
    assert found, error
    return found[1].strip().split("; ")


def prepare(server: Server, database: str, **words: object) -> None:
    program = "; ".join(LOOK).format(**words)
    with server.connect(database) as session:
        session.execute(HOSTILE.replace("{program}", program))


def test_in_a_cluster(holdfast: Holdfast, live: Server) -> None:
    job, mark = f"library-{secrets.token_hex(4)}", f"holdfast-it-{secrets.token_hex(4)}"
    database, data = small(live, live.unique()), Path(live.connection["work_dir"]).parent / "data"
    place = live.connection["socket"]
    repository = holdfast.define(job, live, database)
    psql = f"{servers.PROGRAMS}/psql -h {place} -p {live.port} -U postgres"
    prepare(live, database, socket=place, data=data, psql=psql, repository=repository, mark=mark)
    holdfast.backup(job)
    databases = live.names()
    user, *lines = seen(holdfast, job)
    assert int(user.split()[1]) >= 1 << 30
    assert lines == ["sockets 0", "data 0", "network 0", "powerless 2", "listening 0", "repository 0"]
    assert not (data / "harm").exists()
    assert not Path("/tmp", mark).exists() and not Path("/var/tmp", mark).exists()
    assert live.query("SELECT to_regclass('harm')") == [(None,)]
    nothing_left(live, job, databases)
    evidence = json.loads(Path(holdfast.history(job)[-1]["evidence"]).with_suffix(".json").read_text(encoding="utf-8"))
    told = evidence["server"]["isolation"]
    assert "user of its own" in told and "without a network" in told and "/run" in told and "/var/tmp" in told


def test_in_a_container(holdfast: Holdfast, container17: Server) -> None:
    job, mark = f"library-{secrets.token_hex(4)}", f"holdfast-it-{secrets.token_hex(4)}"
    database = small(container17, container17.unique())
    holdfast.define(job, container17, database)
    psql = "psql -h /run/postgresql -U postgres"
    run, data = "/run/postgresql", "/var/lib/postgresql/data"
    prepare(container17, database, socket=run, data=data, psql=psql, repository="/", mark=mark)
    holdfast.backup(job)
    user, *lines = seen(holdfast, job)
    assert user != "user 0"
    # Its own image's directory, which is not the live server's, may be written.
    assert lines[:6] == ["sockets 0", "data 0", "network 0", "powerless 2", "listening 0", "repository 0"]
    assert "harm" not in docker("exec", container17.container, "ls", data)


def test_what_others_put_in_the_way_is_ignored(holdfast: Holdfast, cluster15: Server) -> None:
    job, work = f"library-{secrets.token_hex(4)}", Path(cluster15.connection["work_dir"])
    holdfast.define(job, cluster15, small(cluster15, cluster15.unique()))
    holdfast.backup(job)
    owner = scratch.owner(Places(run=holdfast.home / "run"), job)
    link, theirs = (work / f".holdfast.drill-{owner}-{number}" for number in ("00000001", "00000002"))
    link.symlink_to("/etc")
    theirs.mkdir()
    shutil.chown(theirs, "nobody")
    try:
        assert holdfast.json("drill", job)["result"] == "proved"
        assert link.is_symlink() and theirs.is_dir()
    finally:
        link.unlink()
        theirs.rmdir()


def test_without_namespaces_it_runs_as_nobody_and_the_evidence_says_so(holdfast: Holdfast, cluster15: Server) -> None:
    job = f"library-{secrets.token_hex(4)}"
    holdfast.define(job, cluster15, small(cluster15, cluster15.unique()))
    holdfast.backup(job)
    # As root in an ordinary container.
    without = ("setpriv", "--bounding-set=-sys_admin", "--inh-caps=-sys_admin", "--")
    argv = [*without, *holdfast.argv("drill", job, "--json")]
    done = subprocess.run(argv, env=holdfast.environment, capture_output=True, text=True, check=True)
    report = json.loads(done.stdout)
    assert report["result"] == "proved"
    told = report["server"]["isolation"]
    assert "as the user nobody" in told and "namespaces cannot be made here" in told
    assert "nobody" in Path(holdfast.history(job)[-1]["evidence"]).read_text(encoding="utf-8")


@pytest.mark.parametrize("format", ["plain", "custom", "directory"])
def test_files_that_are_for_their_owner_alone_keep_it_from_nothing(
    holdfast: Holdfast, cluster15: Server, format: str
) -> None:
    job = f"library-{secrets.token_hex(4)}"
    holdfast.define(job, cluster15, small(cluster15, cluster15.unique()), format=format)
    holdfast.backup(job)
    # As in the units that the role writes
    before = os.umask(0o077)
    try:
        report = holdfast.json("drill")
    finally:
        os.umask(before)
    assert (report["result"], report["where"]) == ("proved", "cluster")
