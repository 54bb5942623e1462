# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Programs, alone and in pipelines: argument lists, no shell, every exit status and standard error kept."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import signal
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, Callable, cast

from .errors import ProgramFailed
from .pipes import CHUNK, Feeder, Tail, widen
from .privileges import NO_PROGRAMS, guard
from .programs import found
from .visible import shell_word


@dataclass(frozen=True)
class Command:
    """One program to run.

    env is added to a copy of our own environment from which libpq's variables were taken out, so that nothing
    an operator exported can redirect a backup. user is an operating system user to become (needs root), or the number
    of one that has no name and belongs to no group. confined: it can start no program, nor get any right back.
    secret_env is like env, and never shown. ending is the signal that ends the program, with us or before us. umask is
    -1 for ours.
    """

    argv: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    secret_env: Mapping[str, str] = field(default_factory=dict, repr=False)
    user: str | int | None = None
    label: str = ""
    ending: signal.Signals = signal.SIGTERM
    confined: bool = False
    umask: int = -1

    @property
    def name(self) -> str:
        return self.label or os.path.basename(self.argv[0])


class Pipeline:
    """Programs joined by pipes, as a context: leaving it by an error ends whatever still runs.

    source: the first program's standard input: an open file, chunks of octets, ``subprocess.PIPE`` to use
    :meth:`write`, or None for nothing. sink: the last program's standard output: ``subprocess.PIPE`` to use
    :meth:`chunks`, a file, or None to discard it.
    """

    def __init__(
        self,
        commands: Sequence[Command],
        source: IO[bytes] | Iterable[bytes] | int | None = None,
        sink: IO[bytes] | int | None = None,
    ) -> None:
        self.commands = list(commands)
        self._source = source
        self._sink = subprocess.DEVNULL if sink is None else sink
        self._running: list[subprocess.Popen[bytes]] = []
        self._stderr: list[Tail] = []
        self._feeder: Feeder | None = None

    def __enter__(self) -> Pipeline:
        try:
            self._start()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    @property
    def output(self) -> IO[bytes]:
        """The last program's output, as a file."""
        stdout = self._running[-1].stdout
        if stdout is None:
            raise ValueError("the pipeline was not started with sink=PIPE")
        return stdout

    def chunks(self) -> Iterator[bytes]:
        """The last program's output, piece by piece, until it closes it."""
        stdout = self.output
        while True:
            chunk = os.read(stdout.fileno(), CHUNK)
            if not chunk:
                return
            yield chunk

    def write(self, chunk: bytes) -> None:
        """Feed the first program; the error it died of, if it did."""
        stdin = self._running[0].stdin
        if stdin is None:
            raise ValueError("the pipeline was not started with source=PIPE")
        try:
            stdin.write(chunk)
            stdin.flush()
        except BrokenPipeError:
            self.finish()
            raise self._stopped_early() from None

    @property
    def pid(self) -> int:
        """Of the first program."""
        return self._running[0].pid

    @property
    def running(self) -> bool:
        """Whether every program still runs."""
        return all(process.poll() is None for process in self._running)

    def wait(self) -> None:
        """Until no program runs any more, however each of them ended."""
        for process in self._running:
            process.wait()

    def finish(self) -> None:
        """Wait for every program; raise :class:`ProgramFailed` unless all of them succeeded."""
        stdin = self._running[0].stdin
        if stdin is not None and self._feeder is None:
            with contextlib.suppress(BrokenPipeError):
                stdin.close()
        self.wait()
        if self._feeder is not None:
            self._feeder.join()
            if self._feeder.error is not None:
                raise self._feeder.error
        for tail in self._stderr:
            tail.join()
        failures = [
            (command.name, _fate(process.returncode), tail.text)
            for command, process, tail in zip(self.commands, self._running, self._stderr)
            if process.returncode != 0
        ]
        if failures:
            # A program that died of SIGPIPE lost its reader: the reader is the one to blame.
            failures.sort(key=lambda failure: failure[1] == _fate(-signal.SIGPIPE))
            raise ProgramFailed(failures)
        if self._feeder is not None and self._feeder.refused:
            raise self._stopped_early()

    def stderr(self, stage: int) -> str:
        """What a finished program wrote to its standard error (its last 64 KiB)."""
        return self._stderr[stage].text

    def _stopped_early(self) -> ProgramFailed:
        return ProgramFailed([(self.commands[0].name, "succeeded without reading its input to the end", "")])

    def _start(self) -> None:
        chunks: Iterable[bytes] | None = None
        upstream: IO[bytes] | int | None
        if self._source is None or isinstance(self._source, (int, io.IOBase)):
            upstream = cast("IO[bytes] | int | None", self._source)
        else:
            upstream, chunks = subprocess.PIPE, self._source
        for position, command in enumerate(self.commands):
            last = position == len(self.commands) - 1
            process = _popen(
                command,
                stdin=subprocess.DEVNULL if upstream is None else upstream,
                stdout=self._sink if last else subprocess.PIPE,
            )
            if position > 0 and upstream is not None and not isinstance(upstream, int):
                upstream.close()
            self._running.append(process)
            if process.stdout is not None:
                widen(process.stdout)
            self._stderr.append(Tail(process.stderr))
            upstream = process.stdout
        if chunks is not None:
            self._feeder = Feeder(self._running[0].stdin, chunks)

    def _end(self) -> None:
        for command, process in zip(self.commands, self._running):
            if process.poll() is None:
                process.send_signal(command.ending)
        for process in self._running:
            try:
                process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if self._feeder is not None:
            self._feeder.join()
        for process in self._running:
            for pipe in (process.stdin, process.stdout, process.stderr):
                if pipe is not None:
                    with contextlib.suppress(OSError):
                        pipe.close()


def run(command: Command, source: bytes = b"", encoding: str = "utf-8") -> str:
    """The output of a program that succeeded, as text; :class:`ProgramFailed` otherwise."""
    with Pipeline([command], source=[source] if source else None, sink=subprocess.PIPE) as pipeline:
        output = b"".join(pipeline.chunks())
        pipeline.finish()
    return output.decode(encoding, "replace")


def copy(pipeline: Pipeline, *receivers: Callable[[bytes], object]) -> int:
    """Hand the output of a pipeline to each receiver, wait for its programs; the octets that passed."""
    total = 0
    for chunk in pipeline.chunks():
        for receive in receivers:
            receive(chunk)
        total += len(chunk)
    pipeline.finish()
    return total


def _popen(command: Command, stdin: IO[bytes] | int, stdout: IO[bytes] | int) -> subprocess.Popen[bytes]:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PG")}
    environment.update({"LC_ALL": "C.UTF-8", "LANGUAGE": "C"})
    environment.update(command.env)
    environment.update(command.secret_env)
    program = found(command.argv[0], environment.get("PATH"))
    if command.confined:
        environment.update(NO_PROGRAMS)
        environment.pop("HOME", None)
    logging.getLogger("holdfast").debug("%s", " ".join(shell_word(word) for word in command.argv))
    return subprocess.Popen(
        [*guard(command.user, command.ending, command.confined), program, *command.argv[1:]],
        stdin=stdin,
        stdout=stdout,
        stderr=subprocess.PIPE,
        env=environment,
        # A working directory that every user may enter: programs run as another user inherit ours.
        cwd="/",
        umask=command.umask,
        start_new_session=True,
    )


def _fate(status: int) -> str:
    if status >= 0:
        return f"failed with exit status {status}"
    try:
        name = signal.Signals(-status).name
    except ValueError:
        name = str(-status)
    return f"was ended by {name}"
