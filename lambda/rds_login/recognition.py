"""Which cause of the table it is, from what a socket, TLS or the server said."""

import errno
import socket
import ssl

from rds_login.cause_table import CAUSES, Cause
from rds_login.tls import NoTlsError, OtherEngineError

_OTHER_NAME = (62, 64)  # OpenSSL's X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH
_ENDED = (9, 10)  # X509_V_ERR_CERT_NOT_YET_VALID, X509_V_ERR_CERT_HAS_EXPIRED
# OpenSSL's reasons, of this side's refusal and of the other's alert.
_NOTHING_IN_COMMON = (
    *("UNSUPPORTED_PROTOCOL", "NO_PROTOCOLS_AVAILABLE", "TLSV1_ALERT_PROTOCOL_VERSION"),
    *("NO_SHARED_CIPHER", "SSLV3_ALERT_HANDSHAKE_FAILURE", "TLSV1_ALERT_INSUFFICIENT_SECURITY"),
)
_NO_CERTIFICATES = ("NO_CERTIFICATE_OR_CRL_FOUND", "NO_START_LINE")

_STATUSES = {
    "stopped": "stopped",
    "stopping": "stopped",
    "storage-full": "full-storage",
    "deleting": "no-instance",
    "failed": "broken-instance",
    "restore-error": "broken-instance",
    **dict.fromkeys(
        ("creating", "starting", "rebooting", "renaming", "maintenance", "upgrading"),
        "starting",
    ),
}


class SilentLoginError(TimeoutError):
    """The server was asked for a login, and said nothing."""


def before_the_login(error: BaseException, *, answered: bool = False) -> Cause:
    """Of an error that came before the server was asked for a login.

    Args:
        error: of the name, the port or the certificate.
        answered: whether the port is known to open.
    """
    return CAUSES[_key(error, answered)]


def seen(error: BaseException, host: str, port: int) -> str:
    """What `before_the_login` knows the cause of, in words."""
    where = f"{host}:{port}"
    match error:
        case socket.gaierror():
            passing = error.errno == socket.EAI_AGAIN
            return f"the name {host} {'could not be looked up' if passing else 'does not resolve'}"
        case ssl.SSLCertVerificationError():
            of = "for another name" if error.verify_code in _OTHER_NAME else "not trusted"
            return f"the certificate of {where} is {of} ({error.verify_message})"
        case ssl.SSLError() if error.reason:
            return f"{where} ended the TLS handshake ({error.reason})"
        case NoTlsError():
            return f"{where} speaks no TLS"
        case OtherEngineError():
            return f"{where} is {error}"
        case SilentLoginError():
            return f"{where} does not answer the login"
        case TimeoutError():
            return f"{where} does not answer"
        case ConnectionRefusedError():
            return f"{where} refuses connections"
        case OSError() if error.strerror:
            return f"{where}: {error.strerror}"
        case _:
            return f"the connection to {where} was lost"


def at_the_login(code: str, message: str) -> Cause:
    """Of a server's refusal: its SQLSTATE and its message."""
    coded = [cause for cause in CAUSES.values() if code in cause.codes]
    said = [cause for cause in coded if any(words in message for words in cause.clients_say)]
    if said:
        return said[0]
    # Class 28 has too many reasons for its code alone to tell one.
    return coded[-1] if coded and not code.startswith("28") else CAUSES["refused"]


def in_the_log(line: str) -> Cause | None:
    """Of a line of the instance's log iam-db-auth-error; None if it tells none."""
    for cause in CAUSES.values():
        if any(words in line for words in cause.logged):
            return cause
    return None


def of_status(status: str) -> str | None:
    """The key of the cause that an instance's status is; None if it explains nothing.

    Source: Amazon RDS User Guide, "Viewing Amazon RDS DB instance status".
    """
    if status.startswith(("incompatible-", "inaccessible-", "insufficient-")):
        return "broken-instance"
    return _STATUSES.get(status)


def _key(error: BaseException, answered: bool) -> str:
    match error:
        case socket.gaierror():
            return "no-dns" if error.errno == socket.EAI_AGAIN else "unknown-name"
        case ssl.SSLCertVerificationError():
            if error.verify_code in _OTHER_NAME:
                return "other-name"
            return "ended-certificate" if error.verify_code in _ENDED else "unknown-authority"
        case ssl.SSLEOFError() | ssl.SSLZeroReturnError():
            return "hung-up"
        case ssl.SSLError() if error.reason in _NOTHING_IN_COMMON:
            return "other-tls"
        case ssl.SSLError():
            return "no-authorities" if error.reason in _NO_CERTIFICATES else "no-tls"
        case NoTlsError():
            return "no-tls"
        case OtherEngineError():
            return "other-engine"
        case FileNotFoundError() | PermissionError() | IsADirectoryError():
            return "no-authorities"
        case SilentLoginError():
            return "silent-login"
        case TimeoutError():
            return "mute-server" if answered else "silent-port"
        case ConnectionRefusedError():
            return "closed-port"
        case OSError() if error.errno in (errno.ENETUNREACH, errno.EHOSTUNREACH):
            return "no-route"
        case _:
            return "hung-up" if answered else "lost-connection"
