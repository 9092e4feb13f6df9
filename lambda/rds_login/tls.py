"""A connection to a PostgreSQL server's port that is TLS, and verified, before anything is said."""

import ssl
from pathlib import Path
from socket import MSG_PEEK, create_connection, socket
from struct import pack

_SSL_REQUEST = pack("!ii", 8, 80877103)  # PostgreSQL manual, "Message Formats"
# MySQL source documentation, "Protocol::HandshakeV10": after a packet's length of three bytes, its
# number, 0, and the protocol's version; then the server's, as a text that a zero ends.
_GREETING = slice(3, 5)
_MYSQL = b"\0\x0a"


class NoTlsError(OSError):
    """Whoever answers speaks no TLS."""


class OtherEngineError(OSError):
    """Whoever answers is no PostgreSQL but the engine that the error names."""


def trusting(authorities: Path | str) -> ssl.SSLContext:
    """A context that takes a certificate of `authorities`, a file in PEM, for the host's name.

    Chain and name are what protects. Python adds `VERIFY_X509_STRICT` to its defaults from 3.13 on,
    which also refuses a certificate for its form (RFC 5280: a missing key identifier, say). Whether
    every RDS server's has that form AWS does not say, libpq does not ask for it, and so Airflow and
    psql would reach a server that the function does not.

    Source: Python's library reference, "ssl.create_default_context".
    """
    context = ssl.create_default_context(cafile=authorities)
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context


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
        NoTlsError: the server speaks no TLS.
        OtherEngineError: the server is MySQL or MariaDB.
        OSError: anything else that fails; `before_the_login` knows its cause.
    """
    return secured(create_connection((address or host, port), seconds), host, context)


def secured(plain: socket, host: str, context: ssl.SSLContext) -> ssl.SSLSocket:
    """What `encrypted` makes of a connection that is open already; if it fails, that is closed."""
    try:
        plain.sendall(_SSL_REQUEST)
        _expect_tls(plain)
        return context.wrap_socket(plain, server_hostname=host)
    except BaseException:
        plain.close()
        raise


def _expect_tls(plain: socket) -> None:
    # PostgreSQL says one letter and waits; MySQL greets unasked, and its first byte may be any.
    answer = plain.recv(128, MSG_PEEK)
    if answer == b"":
        raise ConnectionResetError
    if answer[_GREETING] == _MYSQL:
        raise OtherEngineError("MariaDB" if b"MariaDB" in answer else "MySQL")
    if plain.recv(1) != b"S":
        raise NoTlsError
