"""Why a login failed, as an error with the words of the table.

No message holds a token or a password: messages are made of names, the server's own primary
message and the table's sentences.
"""

from rds_login.cause_table import Cause
from rds_login.printable import printable
from rds_login.recognition import at_the_login, before_the_login, seen

# Class 28, "Invalid Authorization Specification" (PostgreSQL manual, "PostgreSQL Error Codes").
_TOKEN_CODES = ("28000", "28P01")


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


class ShutOutError(RefusedLoginError):
    """The database takes no logins, or none of the user."""


class RefusedTokenError(RefusedLoginError):
    """The server, or IAM for it, does not take the token."""


class UnavailableServerError(ServerError):
    """The server or the connection went away, or a concurrent change was in the way."""

    transient = True


class UnansweredLoginError(UnavailableServerError):
    """The server takes the connection, and does not answer the login."""


class NoConnectionLeftError(UnavailableServerError):
    """The server or the user has as many connections as it may have."""


class FullDatabaseError(UnavailableServerError):
    """The database has as many connections as it may have, which may be none."""


class MissingCredentialsError(ServerError):
    """There is nothing to sign a token with."""


_ERRORS: dict[str, type[ServerError]] = {
    "unknown-name": UnresolvedNameError,
    "silent-port": UnreachablePortError,
    "closed-port": UnreachablePortError,
    "no-route": UnreachablePortError,
    "no-authorities": UntrustedServerError,
    "no-tls": UntrustedServerError,
    "other-tls": UntrustedServerError,
    "other-engine": UntrustedServerError,
    "unknown-authority": UntrustedServerError,
    "ended-certificate": UntrustedServerError,
    "other-name": UntrustedServerError,
    "silent-login": UnansweredLoginError,
    "no-database": MissingDatabaseError,
    "shut-database": ShutOutError,
    "no-connect": ShutOutError,
    "full-database": FullDatabaseError,
    "own-limit": NoConnectionLeftError,
    "no-connection-left": NoConnectionLeftError,
}


def network_error(error: BaseException, host: str, port: int) -> ServerError:
    """The cause of a connection that failed before the server answered."""
    if isinstance(error, ServerError):
        return error
    cause = before_the_login(error)
    return _explained(cause, seen(error, host, port), otherwise=RefusedLoginError)


def refused_login(code: str, message: str, host: str, port: int, user: str) -> ServerError:
    """The cause of a login that the server answered with the SQLSTATE `code` and `message`."""
    token = code in _TOKEN_CODES
    said = f"{host}:{port} refuses the {'token' if token else 'login'} of {user}: {message}"
    otherwise = RefusedTokenError if token else RefusedLoginError
    return _explained(at_the_login(code, message), said, otherwise=otherwise)


def _explained(cause: Cause, said: str, *, otherwise: type[ServerError]) -> ServerError:
    passing = UnavailableServerError if cause.passes else otherwise
    return _ERRORS.get(cause.key, passing)(cause.explain(said))
