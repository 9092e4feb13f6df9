"""Passwords of who is no member of `rds_iam`, as PostgreSQL keeps and checks them.

Source: the PostgreSQL documentation, "pg_authid"; RFC 5802, "SCRAM Algorithm Overview".
"""

import base64
import hashlib
import hmac
import re

_KEPT = re.compile(r"SCRAM-SHA-256\$(\d+):([^$]+)\$([^:]+):(.+)")


def takes(kept: str | None, password: str) -> bool:
    """Whether `password` is the one of which pg_authid has `kept`."""
    found = _KEPT.fullmatch(kept or "")
    if found is None:
        return False
    rounds, salt, stored = int(found[1]), base64.b64decode(found[2]), base64.b64decode(found[3])
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, rounds)
    client = hmac.digest(salted, b"Client Key", "sha256")
    return hmac.compare_digest(hashlib.sha256(client).digest(), stored)
