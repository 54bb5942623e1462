# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role restore: an application that is stopped and started around a restore, and never left down for nothing."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.holdfast.postgres.tests.integration.playbook import Playbook, kill
from ansible_collections.holdfast.postgres.tests.integration.program import Holdfast
from ansible_collections.holdfast.postgres.tests.integration.sabotage import alter
from ansible_collections.holdfast.postgres.tests.integration.sample import RESTORING, large, small
from ansible_collections.holdfast.postgres.tests.integration.servers import Server
from ansible_collections.holdfast.postgres.tests.integration.waiting import wait_until

ROWS = "SELECT count(*) FROM items"
# Can be indexed, and makes ANALYZE fail.
UNCOUNTABLE = """
    CREATE FUNCTION uncountable(id integer) RETURNS integer IMMUTABLE LANGUAGE plpgsql AS $f$
    BEGIN
      IF EXISTS (SELECT FROM pg_catalog.pg_stat_progress_analyze WHERE pid = pg_backend_pid()) THEN
        RAISE 'not to be counted';
      END IF;
      RETURN id;
    END $f$"""


class Application:
    """What the commands of a play did, in their order, to an application that is not there."""

    def __init__(self, folder: Path) -> None:
        self._log = folder / "application.log"
        self.variables: dict[str, Any] = {
            "restore_stop": [self.command("stop")],
            "restore_after": [{"shell": f'echo "migrate $LEVEL in $(pwd)" >> {self._log}', "chdir": "/usr"}],
            "restore_start": [self.command("start", "controller")],
        }
        self.variables["restore_after"][0]["environment"] = {"LEVEL": "42"}

    def command(self, word: str, where: str = "host") -> dict[str, Any]:
        # An argument that a shell would take apart
        return {"argv": ["/bin/sh", "-c", 'echo "$1" >> "$2"', "sh", f"{word} $HOME", str(self._log)], "where": where}

    @property
    def done(self) -> list[str]:
        return self._log.read_text(encoding="utf-8").splitlines() if self._log.exists() else []


STOP, START, MIGRATE = "stop $HOME", "start $HOME", "migrate 42 in /usr"


@pytest.fixture
def application(tmp_path: Path) -> Application:
    return Application(tmp_path)


@pytest.fixture
def library(holdfast: Holdfast, cluster15: Server) -> str:
    """The database of the job library: 100 rows in its backup, 150 since."""
    database = small(cluster15, cluster15.unique(), 100)
    holdfast.define("library", cluster15, database, globals=False)
    holdfast.backup("library")
    with cluster15.connect(database) as session:
        session.execute("INSERT INTO items (name) SELECT 'later' FROM generate_series(1, 50)")
    return database


@pytest.fixture
def health() -> Iterator[Any]:
    """A server that answers with 503 until it was asked three times; its url, and how often it was asked."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state["asked"] += 1
            self.send_response(204 if state["asked"] > state["ill"] else 503)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    state: dict[str, Any] = {"asked": 0, "ill": 3}
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        state["url"] = f"http://127.0.0.1:{server.server_port}/up"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield state
        server.shutdown()


def play(holdfast: Holdfast, application: Application, entry: str = "main", **variables: Any) -> Playbook:
    role = {"name": "holdfast.postgres.restore", "tasks_from": entry}
    given = {"restore_job": "library", **application.variables, **variables}
    return Playbook(holdfast, {"ansible.builtin.include_role": role, "vars": given})


def test_an_application_that_is_not_there_yet_is_left_alone(
    holdfast: Holdfast, cluster15: Server, library: str, application: Application
) -> None:
    missing = [{"argv": ["/srv/app/stop"]}]
    given = {"restore_stop": missing, "restore_start": missing, "restore_health_url": "http://127.0.0.1:9/up"}
    out = play(holdfast, application, **given)("-e", "restore_application=false")
    assert "until the database was there" in out and application.done == []
    assert cluster15.query(ROWS, library) == [(100,)]
    out = play(holdfast, application, "rollback", **given)("-e", "restore_application=false")
    assert application.done == [] and cluster15.query(ROWS, library) == [(150,)]


def test_no_application_is_told_of_where_the_inventory_has_none(
    holdfast: Holdfast, cluster15: Server, library: str, application: Application
) -> None:
    none: dict[str, Any] = {"restore_stop": [], "restore_after": [], "restore_start": []}
    out = play(holdfast, application, **none)()
    assert "until the database was there" in out and "application was" not in out
    assert cluster15.query(ROWS, library) == [(100,)]


def test_the_application_is_stopped_migrated_started_and_asked(
    holdfast: Holdfast, cluster15: Server, library: str, application: Application, health: dict[str, Any]
) -> None:
    answers = {"restore_health_url": health["url"], "restore_health_status": [204]}
    out = play(holdfast, application, **answers)()
    assert application.done == [STOP, MIGRATE, START]
    assert cluster15.query(ROWS, library) == [(100,)]
    assert health["asked"] == 4
    assert "until the application was healthy. The application was stopped for" in " ".join(out.split())
    assert "To undo: holdfast rollback" in out
    # And back, without migrations.
    out = play(holdfast, application, "rollback", restore_health_url=health["url"], restore_health_status=[204])()
    assert application.done == [STOP, MIGRATE, START, STOP, START]
    assert cluster15.query(ROWS, library) == [(150,)]


def test_a_rollback_that_would_be_refused_stops_nothing(
    holdfast: Holdfast, cluster15: Server, library: str, application: Application
) -> None:
    play(holdfast, application)()
    with cluster15.connect(library) as session:
        session.execute("INSERT INTO items (name) VALUES ('since')")
    done = application.done
    out = play(holdfast, application, "rollback")(status=2)
    assert "it has changed since the swap" in out and "items" in out
    assert application.done == done
    play(holdfast, application, "rollback", restore_force=True)()
    assert cluster15.query(ROWS, library) == [(150,)]


def test_what_cannot_be_restored_stops_nothing(
    holdfast: Holdfast, cluster15: Server, library: str, application: Application
) -> None:
    out = play(holdfast, application, restore_backup="library_20200101_000000")(status=2)
    assert "library_20200101_000000" in out
    assert application.done == []


def test_a_restore_that_fails_before_anything_is_replaced_starts_the_application_again(
    holdfast: Holdfast, cluster15: Server, library: str, application: Application
) -> None:
    (dump,) = (holdfast.backups / "library").glob("*.dump.zst")
    application.variables["restore_stop"].append({"argv": ["rm", str(dump)]})
    out = play(holdfast, application)(status=2)
    assert "is missing" in out
    assert "Nothing was replaced, it is as it was." in out
    assert "The application: It was started again." in out
    assert application.done == [STOP, START]
    assert cluster15.query(ROWS, library) == [(150,)]


def test_an_application_that_cannot_be_stopped_is_started_and_nothing_is_restored(
    holdfast: Holdfast, cluster15: Server, library: str, application: Application
) -> None:
    application.variables["restore_stop"].append({"argv": ["/bin/false"]})
    out = play(holdfast, application)(status=2)
    assert "The application could not be stopped." in out
    assert "Nothing was replaced, it is as it was." in out
    assert application.done == [STOP, START]
    assert cluster15.query(ROWS, library) == [(150,)]


def test_one_that_cannot_be_started_again_either_is_said_to_be_down(
    holdfast: Holdfast, cluster15: Server, library: str, application: Application
) -> None:
    application.variables["restore_stop"].append({"argv": ["/bin/false"]})
    application.variables["restore_start"] = [{"shell": "echo no such image >&2; exit 7"}]
    out = play(holdfast, application)(status=2)
    assert "The application: It could not be started again" in out
    assert "Nothing was replaced" in out


def test_one_whose_migrations_fail_stays_stopped(
    holdfast: Holdfast, cluster15: Server, library: str, application: Application
) -> None:
    application.variables["restore_after"] = [{"argv": ["/bin/false", "a migration"]}]
    out = play(holdfast, application)(status=2)
    assert f"{library} was replaced, and is complete. To undo: holdfast rollback" in out
    assert "The application: It is stopped." in out
    assert "To go on by hand: /bin/false 'a migration'; /bin/sh" in out
    assert application.done == [STOP]
    assert cluster15.query(ROWS, library) == [(100,)]


def test_one_that_does_not_become_healthy_is_a_failure(
    holdfast: Holdfast, cluster15: Server, library: str, application: Application, health: dict[str, Any]
) -> None:
    health["ill"] = 1000
    given = {"restore_health_url": health["url"], "restore_health_timeout": 3, "restore_health_where": "controller"}
    out = play(holdfast, application, **given)(status=2)
    assert "503" in out
    assert "The application: It is started." in out
    assert 2 <= health["asked"] <= 6


@pytest.mark.parametrize("mode", ["swap", "in_place"])
def test_a_backup_that_is_not_what_was_backed_up_replaces_nothing(
    holdfast: Holdfast, cluster15: Server, library: str, application: Application, mode: str
) -> None:
    repository = holdfast.backups / "library"
    (path,) = repository.glob("*.manifest.json")
    manifest = json.loads(path.read_text(encoding="utf-8"))
    alter(cluster15, repository, manifest, "UPDATE items SET name = 'altered' WHERE id = 71")
    out = play(holdfast, application, restore_mode=mode)(status=2)
    assert "public.items" in out
    assert "Nothing was replaced, it is as it was." in out
    assert application.done == [STOP, START]
    assert cluster15.query(ROWS, library) == [(150,)]


def test_it_stays_stopped_when_something_fails_after_its_database_was_replaced(
    holdfast: Holdfast, cluster15: Server, application: Application
) -> None:
    database = small(cluster15, cluster15.unique(), 100)
    with cluster15.connect(database) as session:
        session.execute(UNCOUNTABLE)
        session.execute("CREATE INDEX ON items (uncountable(id))")
    holdfast.define("library", cluster15, database, globals=False)
    holdfast.backup("library")
    out = play(holdfast, application, restore_mode="in_place")(status=2)
    assert "not to be counted" in out
    assert "The database: It was replaced before that." in out
    assert "The application: It is stopped." in out
    assert "To start it, when you have looked: /bin/sh" in out
    assert application.done == [STOP]


def test_check_mode_lists_what_would_be_run_and_runs_nothing(
    holdfast: Holdfast, cluster15: Server, library: str, application: Application
) -> None:
    names = cluster15.names()
    out = play(holdfast, application, restore_health_url="http://127.0.0.1:9/up")("--check")
    assert "Would restore library_" in out
    assert "Before that, would run /bin/sh -c" in out
    assert "(on the operator" in out
    assert "Would wait until http://127.0.0.1:9/up answers." in out
    assert application.done == []
    assert cluster15.names() == names and cluster15.query(ROWS, library) == [(150,)]
    assert "library_20200101_000000" in play(holdfast, application, restore_backup="library_20200101_000000")(
        "--check", status=2
    )


def test_a_new_database_leaves_the_application_alone(
    holdfast: Holdfast, cluster15: Server, library: str, application: Application
) -> None:
    into = cluster15.unique()
    out = play(holdfast, application, restore_mode="new", restore_into=into)()
    assert "until the database was there" in " ".join(out.split())
    assert application.done == []
    assert cluster15.query(ROWS, into) == [(100,)]
    assert cluster15.query(ROWS, library) == [(150,)]
    assert "belongs to no other mode" in play(holdfast, application, restore_into=into)(status=2)


def test_a_playbook_that_is_killed_is_repeated_without_restoring_twice(
    holdfast: Holdfast, cluster15: Server, application: Application
) -> None:
    database = large(cluster15, cluster15.unique(), megabytes=1, slow=True)
    holdfast.define("library", cluster15, database, globals=False)
    holdfast.backup("library")
    again = play(holdfast, application)
    run = again.start()
    wait_until(lambda: cluster15.query(RESTORING)[0][0], "rows are being restored", 60)
    kill(run)
    assert application.done == [STOP]
    out = again()
    assert "is at work: following it" in out or "here is its result" in out
    assert application.done == [STOP, STOP, MIGRATE, START]
    done = [line for line in holdfast.history("library") if line["verb"] == "restore" and not line["dry_run"]]
    assert [line["result"] for line in done] == ["ok"]


def test_wrong_variables_are_named_before_anything_is_done(
    holdfast: Holdfast, cluster15: Server, library: str, application: Application
) -> None:
    both = {**application.command("stop"), "shell": "true"}
    out = play(holdfast, application, restore_stop=[both])(status=2)
    assert "A command has either argv" in out
    assert "has no variable restore_healthurl" in play(holdfast, application, restore_healthurl="x")("--check")
    assert "stops" in play(holdfast, application, restore_mode="stops")(status=2)
    assert application.done == []
