# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the action plugins of modules that may take hours do: start the work, show its steps, bring its result.

The work does not depend on the connection. When that breaks, the work goes on, and the same task finds it.
"""

from __future__ import annotations

import os
import secrets
import time
from datetime import datetime
from typing import Any

from ansible.errors import AnsibleConnectionFailure, AnsibleError
from ansible.plugins.action import ActionBase

from ansible_collections.holdfast.postgres.plugins.plugin_utils.connection import notice_its_death
from ansible_collections.holdfast.postgres.plugins.plugin_utils.telling import tell

# Seconds. Each question is one start of Python on the host; a step that comes while one is open is answered at once.
OPEN = 10
REACH = 20
RECONNECT = 120
PAUSE = 3

AT_WORK = "the same was begun at {since} and is at work: following it"
ENDED = "the same was begun at {since}, lost its connection, and succeeded: here is its result, nothing is done again"
LOST = "the connection is lost; the work goes on. Trying to reach the host again"
GONE = (
    "{error}\nThe {what} goes on on the host, without a connection."
    " The same task follows it when it is run again, and finds its result within an hour of its end."
)

Result = dict[str, Any]


class Following(ActionBase):
    """The action plugin of a module that does its work apart from the connection when HOLDFAST_RUN gives it an id."""

    _supports_check_mode = True
    _supports_async = True

    def run(self, tmp: str | None = None, task_vars: Result | None = None) -> Result:
        result: Result = super().run(tmp, task_vars)
        if self._task.check_mode or self._task.async_val:
            # Whoever asks for async polls by Ansible's own means, and is shown what these show.
            detached = bool(self._task.async_val) and not self._connection.has_native_async
            result.update(self._execute_module(task_vars=task_vars, wrap_async=detached))
            return result
        self._host = (task_vars or {}).get("inventory_hostname", "")
        self._playbook = os.getppid()
        notice_its_death(self._connection)
        started = self._start(task_vars)
        if "holdfast_run" in started:
            started = self._follow(started, task_vars)
        result.update(started)
        return result

    def _start(self, task_vars: Result | None) -> Result:
        """The module's own result, or the run that does the work; it is begun once, however often it is asked for."""
        deadline = time.monotonic() + REACH
        self._task.environment.append({"HOLDFAST_RUN": secrets.token_hex(8)})
        try:
            while True:
                try:
                    return dict(self._execute_module(task_vars=task_vars))
                except AnsibleConnectionFailure:
                    if time.monotonic() > deadline:
                        raise
                self._reconnect()
        finally:
            self._task.environment.pop()

    def _follow(self, started: Result, task_vars: Result | None) -> Result:
        """The result of the run that does the work, once it is there."""
        if not started.get("new"):
            self._show((AT_WORK if started["at_work"] else ENDED).format(since=started["since"]))
        run, told = started["holdfast_run"], 0
        while True:
            answer = self._ask({"run": run, "after": told, "wait": OPEN}, task_vars)
            followed = answer.pop("followed", None)
            if followed is None:
                return answer
            for step in followed["steps"]:
                moment = datetime.fromisoformat(step["time"]).astimezone()
                self._show(f"{moment:%H:%M:%S}  {step['text']}")
            told += len(followed["steps"])
            if os.getppid() != self._playbook:
                # Nobody would get the result, which is kept for whoever asks for it again.
                raise AnsibleError("the playbook was killed")
            if not followed["at_work"]:
                self._ask({"run": run, "forget": True}, task_vars)
                return answer

    def _ask(self, question: Result, task_vars: Result | None) -> Result:
        """The answer of the host, however often the connection breaks; an error when it stays away."""
        deadline = None
        while True:
            broken, answer = None, {}
            try:
                answer = self._execute_module("holdfast.postgres.follow", question, task_vars=task_vars)
            except AnsibleConnectionFailure as error:
                broken = error
            if "followed" in answer:
                return answer
            if deadline is None:
                self._show(LOST)
                deadline = time.monotonic() + RECONNECT
            elif time.monotonic() > deadline:
                told = GONE.format(error=broken or answer.get("msg", ""), what=self._what)
                if broken is not None:
                    raise AnsibleConnectionFailure(told) from broken
                return {**answer, "msg": told}
            self._reconnect()

    def _reconnect(self) -> None:
        time.sleep(PAUSE)
        if self._connection.transport == "ssh":
            # A master that still believes in its connection would let every later one hang.
            self._connection.reset()

    @property
    def _what(self) -> str:
        return str(self._task.action).rpartition(".")[2]

    def _show(self, text: str) -> None:
        if not self._task.no_log:
            tell(self._host, text)
