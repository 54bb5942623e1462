# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a role has a certain password, told from what the server keeps of it.

The formats are those of ``pg_authid.rolpassword`` (PostgreSQL's documentation, "pg_authid"; RFC 5803):
``SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>``, and ``md5`` followed by the MD5 of password and name.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import stringprep
import unicodedata

SCRAM = re.compile(r"SCRAM-SHA-256\$(\d+):([A-Za-z0-9+/=]+)\$([A-Za-z0-9+/=]+):[A-Za-z0-9+/=]+")


def is_password(kept: str, role: str, password: str) -> bool:
    """kept is what the server keeps, empty for a role without a password."""
    if kept.startswith("md5"):
        digest = hashlib.md5((password + role).encode(), usedforsecurity=False).hexdigest()
        return hmac.compare_digest(kept.encode(), f"md5{digest}".encode())
    scram = SCRAM.fullmatch(kept)
    if scram is None:
        return False
    iterations, salt, stored = int(scram[1]), base64.b64decode(scram[2]), base64.b64decode(scram[3])
    # A server takes a password as it is where it cannot be normalized.
    return any(
        hmac.compare_digest(_stored_key(form, salt, iterations), stored) for form in (password, _normalized(password))
    )


def _stored_key(password: str, salt: bytes, iterations: int) -> bytes:
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, iterations)
    return hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()


def _normalized(password: str) -> str:
    """SASLprep (RFC 4013), without what it forbids."""
    mapped = (" " if stringprep.in_table_c12(character) else character for character in password)
    return unicodedata.normalize("NFKC", "".join(one for one in mapped if not stringprep.in_table_b1(one)))
