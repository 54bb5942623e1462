# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What Python calls PostgreSQL's encodings."""

from __future__ import annotations

import pytest

from ansible_collections.holdfast.postgres.plugins.module_utils._core.postgresql.encodings import python


@pytest.mark.parametrize(
    ("name", "text", "octets"),
    [
        ("UTF8", "ü", b"\xc3\xbc"),
        ("SQL_ASCII", "ü", b"\xc3\xbc"),
        ("LATIN1", "ü", b"\xfc"),
        ("LATIN9", "€", b"\xa4"),
        ("LATIN10", "Ș", b"\xaa"),
        ("ISO_8859_5", "Ж", b"\xb6"),
        ("WIN1252", "€", b"\x80"),
        ("WIN866", "Ж", b"\x86"),
        ("KOI8R", "Ж", b"\xf6"),
        ("EUC_JP", "字", b"\xbb\xfa"),
        ("EUC_CN", "字", b"\xd7\xd6"),
        ("SJIS", "字", b"\x8e\x9a"),
        ("UHC", "字", b"\xed\xae"),
        ("BIG5", "字", b"\xa6r"),
        ("GB18030", "字", b"\xd7\xd6"),
    ],
)
def test_names_are_those_of_the_same_encoding(name, text, octets):
    assert text.encode(python(name)) == octets


@pytest.mark.parametrize(
    "name",
    [
        "EUC_JIS_2004",
        "EUC_KR",
        "JOHAB",
        "KOI8U",
        "LATIN2",
        "LATIN8",
        "GBK",
        "SHIFT_JIS_2004",
        "WIN874",
        "WIN1250",
        "WIN1258",
        "ISO_8859_8",
    ],
)
def test_python_has_them(name):
    assert python(name)


def test_what_python_has_not_is_said():
    with pytest.raises(LookupError):
        python("MULE_INTERNAL")
