"""Why a login failed, in words that name the cause and the remedy.

No message holds a token or a password: messages are made of names and the server's own primary
message.
"""

import socket
import ssl

from rds_login.printable import printable

# PostgreSQL manual, "PostgreSQL Error Codes".
TRANSIENT_CODES = {
    "40001": "a serialization failure",
    "40P01": "a deadlock",
    "53300": "too many connections",
    "55006": "an object in use",
    "57P01": "a shutdown",
    "57P02": "a crash",
    "57P03": "the server is starting up, or recovering",
    "25006": "a server that takes no changes: a replica, or a failover that is on its way",
}
# What the server says of itself, and what helps.
_REMEDIES = {
    "53000": "the instance is out of a resource: its log says which",
    "53100": "the disk is full: give the instance more storage, or delete what nobody needs",
    "53200": "the instance is out of memory: it needs a larger class, or fewer connections",
    "53400": "a limit of the instance's configuration is reached: its parameter group has it",
    "57P04": "it was dropped a moment ago",
    "58030": "the disk fails: look at the instance's events",
    "XX001": "the data is damaged: restore the instance, or ask AWS",
    "XX002": "an index is damaged: REINDEX it",
}
_TOKEN_CODES = ("28000", "28P01")  # class 28, "Invalid Authorization Specification"
_OTHER_NAME = (62, 64)  # OpenSSL's X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH


class ServerError(Exception):
    """Something that a server is about; `transient` if the same may succeed a moment later.

    Its message holds names and words of the server's, as a log and a terminal may show them.
    """

    transient = False

    def __init__(self, message: str) -> None:
        super().__init__(printable(message))


class UnresolvedNameError(ServerError):
    """The host name does not exist."""


class UnreachablePortError(ServerError):
    """Nothing answers at the port."""

    transient = True


class UntrustedServerError(ServerError):
    """The server's certificate is not the expected one, or it speaks no TLS."""


class RefusedLoginError(ServerError):
    """The server takes no login of the user."""


class MissingDatabaseError(RefusedLoginError):
    """The server has no database of that name."""


class RefusedTokenError(RefusedLoginError):
    """The server, or IAM for it, does not take the token."""


class UnavailableServerError(ServerError):
    """The server or the connection went away, or a concurrent change was in the way."""

    transient = True


class NoConnectionLeftError(UnavailableServerError):
    """The server, the database or the user has as many connections as it may have."""


class MissingCredentialsError(ServerError):
    """There is nothing to sign a token with."""


def network_error(error: BaseException, host: str, port: int) -> ServerError:
    """The cause of a connection that failed before the server answered."""
    where = f"{host}:{port}"
    match error:
        case ServerError():
            return error
        case socket.gaierror() if error.errno == socket.EAI_AGAIN:
            return UnavailableServerError(f"the name {host} cannot be looked up at the moment")
        case socket.gaierror():
            return UnresolvedNameError(
                f"the name {host} does not resolve: check that it is the instance's endpoint, that"
                " the instance exists, and that its VPC has DNS support"
            )
        case ssl.SSLCertVerificationError():
            return _untrusted(error, where)
        case ssl.SSLError():
            return UntrustedServerError(f"{where} ended the TLS handshake: {error.reason}")
        case TimeoutError():
            return UnreachablePortError(
                f"{where} does not answer: check that the instance is running and that its"
                " security group lets whoever asks here reach the port"
            )
        case ConnectionRefusedError():
            return UnreachablePortError(
                f"{where} refuses connections: check the port, and that the instance is running"
            )
        case _:
            return UnavailableServerError(f"the connection to {where} was lost")


def is_of_another_name(error: ssl.SSLCertVerificationError) -> bool:
    """Whether a certificate of a trusted authority is for another name than the one asked for."""
    return error.verify_code in _OTHER_NAME


def _untrusted(error: ssl.SSLCertVerificationError, where: str) -> ServerError:
    if is_of_another_name(error):
        return UntrustedServerError(
            f"the certificate of {where} is for another name: the host must be the instance's own"
            " endpoint, no alias of it"
        )
    return UntrustedServerError(
        f"the certificate of {where} is not trusted ({error.verify_message}): the file of"
        " authorities must hold the one that the instance uses, as RDS's global-bundle.pem does"
    )


def refused_login(code: str, message: str, host: str, port: int, user: str) -> ServerError:
    """The cause of a login that the server answered with the SQLSTATE `code` and `message`."""
    where = f"{host}:{port}"
    if code == "53300":
        return NoConnectionLeftError(f"{where} takes no login of {user} now: {message}")
    if code in TRANSIENT_CODES:
        return UnavailableServerError(f"{where} takes no login now: {TRANSIENT_CODES[code]}")
    if code not in _TOKEN_CODES:
        refused = MissingDatabaseError if code == "3D000" else RefusedLoginError
        return refused(f"{where} refuses the login of {user}: {with_remedy(code, message)}")
    return RefusedTokenError(
        f"{where} refuses the token of {user} ({message}): check in this order that the role that"
        f" signed it may rds-db:connect as {user} on this instance's resource id, that {user} is a"
        " member of rds_iam, that IAM authentication is on, that the token's region is the"
        " instance's, and that the clock is right"
    )


def with_remedy(code: str, message: str) -> str:
    """The server's `message` with the SQLSTATE `code`, and what helps, if it is known."""
    if code == "53200" and "shared memory" in message:
        return (
            f"{message}: a transaction needs more locks than max_locks_per_transaction times"
            " max_connections: raise max_locks_per_transaction in the instance's parameter group,"
            " and reboot"
        )
    if code == "55000" and "invalid database" in message:
        return f"{message}: a DROP DATABASE was cut off; nothing is left but to drop it once more"
    if code == "55000" and "not currently accepting connections" in message:
        return f"{message}: its owner can ALTER DATABASE … ALLOW_CONNECTIONS true"
    return f"{message}: {_REMEDIES[code]}" if code in _REMEDIES else message
