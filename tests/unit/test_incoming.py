# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files that arrive on the controller in pieces."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from ansible_collections.holdfast.postgres.plugins.module_utils._core.errors import Locked, Refused
from ansible_collections.holdfast.postgres.plugins.plugin_utils.incoming import alone, is_there, plain_name, receive

WHOLE = b"one two three"
SHA256 = hashlib.sha256(WHOLE).hexdigest()


@pytest.mark.parametrize("name", ["", ".", "..", ".ssh", "../id", "/etc/passwd", "a/b", "a\0b"])
def test_a_host_cannot_choose_where_its_files_go(name: str) -> None:
    with pytest.raises(Refused):
        plain_name(name)


def test_what_arrives_in_pieces_is_whole_when_it_has_its_name(tmp_path: Path) -> None:
    path, piece = tmp_path / "file", tmp_path / "piece"
    for text in (b"one ", b"two three"):
        piece.write_bytes(text)
        # Each time anew, as after an interruption
        with receive(path) as incoming:
            incoming.add(piece)
            assert not path.exists()
    with receive(path) as incoming:
        assert incoming.size == len(WHOLE) and incoming.matches(SHA256)
        assert incoming.publish()
    assert path.read_bytes() == WHOLE
    assert is_there(path, len(WHOLE), SHA256)
    assert not is_there(path, len(WHOLE), hashlib.sha256(b"one two four!").hexdigest())


def test_only_one_receives_into_a_directory(tmp_path: Path) -> None:
    with alone(tmp_path), pytest.raises(Locked), alone(tmp_path):
        pass
