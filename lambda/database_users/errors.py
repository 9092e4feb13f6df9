"""What went wrong, in words that name the cause and the remedy.

No message holds a token or a password: messages are made of names, PostgreSQL's own primary
message, and sentences of the plan.
"""

import socket
import ssl
from typing import Any, cast

from pg8000.exceptions import DatabaseError  # pyright: ignore[reportMissingTypeStubs]

from database_users.postgres.statements import Statement

# PostgreSQL manual, "PostgreSQL Error Codes".
_TRANSIENT_CODES = {
    "40001": "a serialization failure",
    "40P01": "a deadlock",
    "53300": "too many connections",
    "55006": "an object in use",
    "57P01": "a shutdown",
    "57P02": "a crash",
    "57P03": "the server is starting up",
}
_OTHER_NAME = (62, 64)  # OpenSSL's X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH
_TRANSIENT_MESSAGES = ("tuple concurrently updated", "tuple concurrently deleted")


class DatabaseUsersError(Exception):
    """Something that stops the run; `transient` if the same run may succeed a moment later."""

    transient = False


class UnresolvedNameError(DatabaseUsersError):
    """The host name does not exist."""


class UnreachablePortError(DatabaseUsersError):
    """Nothing answers at the port."""

    transient = True


class UntrustedServerError(DatabaseUsersError):
    """The server's certificate is not the expected one, or it speaks no TLS."""


class UnsuitableServerError(DatabaseUsersError):
    """The server is none that login users with tokens can be made on."""


class RefusedLoginError(DatabaseUsersError):
    """The server takes no login of the master."""


class UnavailableServerError(DatabaseUsersError):
    """The server or the connection went away, or a concurrent change was in the way."""

    transient = True


class RefusedStatementError(DatabaseUsersError):
    """A statement failed."""


class MissingCredentialsError(DatabaseUsersError):
    """There is nothing to sign a token with."""


class LockTimeoutError(DatabaseUsersError):
    """Somebody holds a lock for too long."""


class BudgetError(DatabaseUsersError):
    """The time for the run is over."""


def connection_error(raised: Exception, host: str, port: int, user: str) -> DatabaseUsersError:
    """The cause of a connection that failed, from what the libraries raise."""
    where = f"{host}:{port}"
    error = _first(raised)
    match error:
        case DatabaseUsersError():
            return error
        case socket.gaierror() if error.errno == socket.EAI_AGAIN:
            return UnavailableServerError(f"the name {host} cannot be looked up at the moment")
        case socket.gaierror():
            return UnresolvedNameError(
                f"the name {host} does not resolve: check DATABASE_HOST, that the instance exists,"
                " and that its VPC has DNS support"
            )
        case ssl.SSLCertVerificationError():
            return _untrusted(error, where)
        case ssl.SSLError():
            return UntrustedServerError(f"{where} ended the TLS handshake: {error.reason}")
        case DatabaseError():
            return _refused_login(error, where, user)
        case TimeoutError():
            return UnreachablePortError(
                f"{where} does not answer: check that the instance is running and that its"
                " security group lets this function reach the port"
            )
        case ConnectionRefusedError():
            return UnreachablePortError(
                f"{where} refuses connections: check the port, and that the instance is running"
            )
        case _:
            return UnavailableServerError(f"the connection to {where} was lost")


def _first(raised: BaseException) -> BaseException:
    """What came first: pg8000 buries the server's answer under the failing farewell."""
    while raised.__context__ is not None:
        raised = raised.__context__
    return raised


def _untrusted(error: ssl.SSLCertVerificationError, where: str) -> DatabaseUsersError:
    if error.verify_code in _OTHER_NAME:
        return UntrustedServerError(
            f"the certificate of {where} is for another name: DATABASE_HOST must be the instance's"
            " own endpoint, no alias of it"
        )
    return UntrustedServerError(
        f"the certificate of {where} is not trusted ({error.verify_message}): global-bundle.pem"
        " must hold the authority that the instance uses"
    )


def _refused_login(error: DatabaseError, where: str, user: str) -> DatabaseUsersError:
    code, message = code_of(error), _message_of(error)
    if code in _TRANSIENT_CODES:
        return UnavailableServerError(f"{where} takes no login now: {_TRANSIENT_CODES[code]}")
    if code == "3D000" or code == "42501":
        return RefusedLoginError(f"{where} refuses the login of {user}: {message}")
    return RefusedLoginError(
        f"{where} refuses the token of {user} ({message}): check in this order that the function's"
        f" role may rds-db:connect as {user} on this instance's resource id, that {user} is a"
        " member of rds_iam, that IAM authentication is on, that AWS_REGION is the instance's"
        " region, and that the clock is right"
    )


def statement_error(
    error: Exception, statement: Statement, master: str, holder: str = ""
) -> DatabaseUsersError:
    """The cause of a statement that failed; `holder` tells who holds the lock, if known."""
    if not isinstance(error, DatabaseError):
        return UnavailableServerError(f"the connection was lost at: {statement.sentence}")
    code, message = code_of(error), _message_of(error)
    if code in _TRANSIENT_CODES or message in _TRANSIENT_MESSAGES:
        reason = _TRANSIENT_CODES.get(code, message)
        return UnavailableServerError(f"{reason} at: {statement.sentence}")
    if code == "55P03":
        return LockTimeoutError(
            f"a lock was not to be had at: {statement.sentence}"
            + (f"; it is held by {holder}" if holder else "")
        )
    if code == "57014":
        return LockTimeoutError(f"it took too long: {statement.sentence}")
    if code == "42501":
        return RefusedStatementError(
            f"{master} has no privilege for: {statement.sentence} ({message}); whoever owns it, or"
            f" has the ADMIN OPTION on its owner, must grant that to {master}"
        )
    return RefusedStatementError(f"{message} ({code}) at: {statement.sentence}")


def code_of(error: DatabaseError) -> str:
    """The SQLSTATE."""
    return _fields(error).get("C", "")


def _message_of(error: DatabaseError) -> str:
    return _fields(error).get("M", "no message")


def _fields(error: DatabaseError) -> dict[str, str]:
    first: Any = error.args[0] if error.args else {}
    return cast(dict[str, str], first) if isinstance(first, dict) else {}
