# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The same question to every job of this host: one that cannot answer must not hide what the others say."""

from __future__ import annotations

from typing import Any, Callable

from .definition import load
from .definition.model import Job
from .errors import HoldfastError
from .places import Places

Answer = dict[str, Any]


def ask(
    places: Places, name: str | None, question: Callable[[Job], Answer]
) -> tuple[list[Answer], list[tuple[str, HoldfastError]]]:
    """(answers, (job, error) of those that could not answer). name: ask this job alone, and raise what it raises."""
    names = load.names(places)
    if name is not None or not names:
        return [question(load.load(places, name))], []
    answers, failed = [], []
    for each in names:
        try:
            answers.append(question(load.load(places, each)))
        except HoldfastError as error:
            failed.append((each, error))
    return answers, failed


def as_data(failed: list[tuple[str, HoldfastError]]) -> list[dict[str, str]]:
    """job, thing, cause and next_step of each."""
    return [
        {"job": job, "thing": error.thing, "cause": error.cause, "next_step": error.next_step} for job, error in failed
    ]
