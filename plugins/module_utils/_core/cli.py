# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The program ``holdfast``: arguments in, a verb, blocks or JSON out, an exit status."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TextIO, cast

from .arguments import parse

if TYPE_CHECKING:
    from .errors import HoldfastError

# EX_SOFTWARE of sysexits.h
CRASHED = 70


def main(argv: Sequence[str], stdout: TextIO | None, stderr: TextIO | None) -> int:
    """Run the program; its exit status, which tells how the run went even if nobody reads what is written."""
    try:
        arguments = parse(argv)
    except SystemExit as ending:
        return int(ending.code or 0)
    from .terminal.steady import Steady

    out, err = Steady(stdout), Steady(stderr)
    status = _run(arguments, cast("TextIO", out), cast("TextIO", err))
    out.flush()
    err.flush()
    # Whoever leaves a pager has seen enough. Anything else kept the answer from whoever wanted it.
    if out.broken is not None and not isinstance(out.broken, BrokenPipeError):
        err.write(f"holdfast: standard output: {out.broken.strerror}; what was done is in the history\n")
        err.flush()
        return max(status, 1)
    return status


def _run(arguments: argparse.Namespace, stdout: TextIO, stderr: TextIO) -> int:
    import signal
    import sys

    from .errors import HoldfastError
    from .places import Places
    from .progress import Progress
    from .terminal import views
    from .terminal.draw import draw
    from .terminal.progress import StreamProgress
    from .verbs import VERBS
    from .visible import as_json

    signal.signal(signal.SIGTERM, _interrupt)
    # The connection to the terminal is lost. nohup has it ignored, and then it stays so.
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        signal.signal(signal.SIGHUP, _interrupt)
    arguments.live = stdout.isatty()
    # Only a person can answer, wherever the output goes. With --json standard output is for the result alone.
    arguments.asks = sys.stdin is not None and sys.stdin.isatty()
    arguments.terminal = stdout if arguments.live and not arguments.json else stderr
    if arguments.verbose:
        _trace(stderr)
    progress = Progress() if arguments.json else StreamProgress(stdout)
    try:
        result, view, status = VERBS[arguments.verb](arguments, Places.from_environment(), progress)
    except HoldfastError as error:
        if arguments.json:
            stdout.write(as_json(_as_data(error)) + "\n")
        progress.fail(f"{error.thing}: {error.first_line}")
        draw(views.errors([(error.thing, error.cause, error.next_step)]), stderr)
        return error.exit_status
    except KeyboardInterrupt:
        progress.fail(f"{arguments.verb}: ended by a signal")
        draw(views.errors([(arguments.verb, "ended by a signal; what was unfinished is undone", "")]), stderr)
        return 130
    except Exception:  # noqa: BLE001 - a crash must not end with the status of a warning
        import traceback

        progress.fail(f"{arguments.verb}: crashed")
        stderr.write(traceback.format_exc())
        draw(views.errors([(arguments.verb, "this is a defect of holdfast", "Please report the lines above.")]), stderr)
        return CRASHED
    if arguments.json:
        stdout.write(as_json(result, indent=2) + "\n")
    else:
        draw(view(result), stdout)
    return int(status)


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def _trace(stderr: TextIO) -> None:
    import logging

    from .visible import visible

    class OneLine(logging.Formatter):
        def format(self, record: logging.LogRecord) -> str:
            return visible(super().format(record))

    handler = logging.StreamHandler(stderr)
    handler.setFormatter(OneLine("%(asctime)s  %(message)s"))
    logger = logging.getLogger("holdfast")
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)


def _as_data(error: HoldfastError) -> dict[str, Any]:
    replaced = {"replaced": True} if error.replaced else {}
    return {"failed": True, "error": f"{error.thing}: {error.cause}", "next_step": error.next_step, **replaced}
