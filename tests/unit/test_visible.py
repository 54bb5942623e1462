# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a name holds is shown, and is neither a line of ours nor a command to a terminal."""

from __future__ import annotations

import io
import json
import subprocess

import pytest

from ansible_collections.holdfast.postgres.plugins.module_utils._core.postgresql.quote import typed
from ansible_collections.holdfast.postgres.plugins.module_utils._core.terminal.blocks import Line, Table
from ansible_collections.holdfast.postgres.plugins.module_utils._core.terminal.draw import draw, lines
from ansible_collections.holdfast.postgres.plugins.module_utils._core.visible import as_json, shell_word, visible

ODD = "a\n[ OK ] all\r\x1b[2Jb\x9b31mc\u2028d\u202ee\x7f\\n'\"\t"


def test_a_text_is_one_line_of_what_can_be_seen():
    assert visible(ODD) == "a\\n[ OK ] all\\r\\x1b[2Jb\\u009b31mc\\u2028d\\u202ee\\x7f\\n'\"\\t"
    assert visible("Müller 漢字, 1.2 MiB") == "Müller 漢字, 1.2 MiB"


def test_what_is_drawn_has_the_lines_that_it_was_given():
    blocks = [Line(ODD), Table(("NAME",), [(ODD,), ("b",)])]
    stream = io.StringIO()
    draw(blocks, stream)
    assert stream.getvalue() == "".join(f"{line}\n" for line in lines(blocks))
    assert lines(blocks) == [visible(ODD), "NAME", visible(ODD), "b"]


def test_json_has_the_very_text_in_harmless_characters():
    text = as_json({ODD: [ODD]}, indent=1)
    assert json.loads(text) == {ODD: [ODD]}
    assert visible(text.replace("\n", "")) == text.replace("\n", "")


@pytest.mark.parametrize("text", [ODD, "plain", "it's", "a\\b\nc", "a\x1b1", ""])
def test_a_word_of_a_command_line_is_the_text_again(text):
    word = shell_word(text)
    assert visible(word) == word
    done = subprocess.run(
        ["bash", "-c", f"printf %s {word}"], env={"LC_ALL": "C.UTF-8"}, capture_output=True, check=True
    )
    assert done.stdout.decode() == text


def test_an_identifier_can_be_typed():
    assert typed('a"b') == '"a""b"'
    assert typed('a\n"\\é') == 'U&"a\\000a""\\\\é"'
