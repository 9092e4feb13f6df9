"""A connection to a PostgreSQL server's port that is TLS, and verified, before anything is said."""

import ssl
from socket import create_connection
from struct import pack

from rds_login.causes import UntrustedServerError

_SSL_REQUEST = pack("!ii", 8, 80877103)  # PostgreSQL manual, "Message Formats"


def encrypted(
    host: str,
    port: int,
    context: ssl.SSLContext,
    seconds: float,
    *,
    address: str | None = None,
) -> ssl.SSLSocket:
    """A socket on which `host` has shown a certificate that `context` trusts.

    Each step may take `seconds`, and so may what is read and written later. Where an `address` is
    given, the name is not looked up.

    Raises:
        UntrustedServerError: the server speaks no TLS.
        OSError: anything else that fails; `network_error` has words for it.
    """
    plain = create_connection((address or host, port), seconds)
    try:
        plain.sendall(_SSL_REQUEST)
        _expect_tls(plain.recv(1), f"{host}:{port}")
        return context.wrap_socket(plain, server_hostname=host)
    except BaseException:
        plain.close()
        raise


def _expect_tls(answer: bytes, where: str) -> None:
    if answer == b"":
        raise ConnectionResetError
    if answer != b"S":
        raise UntrustedServerError(f"{where} speaks no TLS")
