"""What the driver raises, in words that name the cause and the remedy.

No message holds a token or a password: messages are made of names, PostgreSQL's own primary
message, and sentences of the plan.
"""

from collections.abc import Iterable, Mapping
from typing import Any, cast

from pg8000.exceptions import DatabaseError  # pyright: ignore[reportMissingTypeStubs]

from database_users.errors import (
    ChangedError,
    ConcurrentChangeError,
    LockTimeoutError,
    RefusedStatementError,
)
from database_users.plan import Statement, Statements
from rds_login.causes import ServerError, UnavailableServerError
from rds_login.recognition import at_the_login

# PostgreSQL manual, "PostgreSQL Error Codes": what the same statement may not meet a moment later.
_TRANSIENT_CODES = {
    "40001": "a serialization failure",
    "40P01": "a deadlock",
    "53300": "too many connections",
    "55006": "an object in use",
    "57P01": "a shutdown",
    "57P02": "a crash",
    "57P03": "the server is starting up, or recovering",
    "25006": "a server that takes no changes: a replica, or a failover that is on its way",
}
# What ails a server ails a statement as it ails a login.
_AILMENTS = ("full-storage", "no-locks", "no-resource", "damaged-server", "shut-database")
# PostgreSQL manual, "PostgreSQL Error Codes": what was read is gone, is something else, or was made
# since.
_CHANGED_CODES = (
    *("3D000", "3F000", "42P01", "42703", "42704", "42809", "42883"),
    *("23505", "42710", "42P04", "42P06"),
)
_CHANGED_MESSAGES = ("cache lookup failed for ", "could not open relation with OID ")
_WITHOUT_EFFECT = (b"01006", b"01007")
_CONCURRENT_CODES = ("40001", "40P01", "55006")
_CONCURRENT_MESSAGES = ("tuple concurrently updated", "tuple concurrently deleted")


def statement_error(
    error: Exception, statement: Statement, master: str, holder: str = ""
) -> ServerError:
    """The cause of a statement that failed; `holder` tells who holds the lock, if known."""
    if not isinstance(error, DatabaseError):
        return UnavailableServerError(f"the connection was lost at: {statement.sentence}")
    code, message = code_of(error), _message_of(error)
    if code in _CONCURRENT_CODES or message in _CONCURRENT_MESSAGES:
        reason = _TRANSIENT_CODES.get(code, message)
        return ConcurrentChangeError(f"{reason} at: {statement.sentence}")
    if code in _CHANGED_CODES or message.startswith(_CHANGED_MESSAGES):
        return ChangedError(f"{_with_remedy(code, message)} ({code}) at: {statement.sentence}")
    if code in _TRANSIENT_CODES:
        return UnavailableServerError(f"{_TRANSIENT_CODES[code]} at: {statement.sentence}")
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
    return RefusedStatementError(f"{_with_remedy(code, message)} ({code}) at: {statement.sentence}")


def _with_remedy(code: str, message: str) -> str:
    """The server's `message`, and what helps, if it is known."""
    cause = at_the_login(code, message)
    return cause.explain(message) if cause.key in _AILMENTS else message


def refuse_without_effect(notices: Iterable[Mapping[bytes, bytes]], statements: Statements) -> None:
    """A GRANT or REVOKE of which nothing, or not all, came about is a warning to the server.

    Raises:
        RefusedStatementError: one of `statements` was such.
    """
    for notice in notices:
        if notice.get(b"C") in _WITHOUT_EFFECT:
            message = notice.get(b"M", b"").decode(errors="replace")
            _, _, name = message.partition(" for ")
            at = next((one for one in statements if name and name in one.sql), statements[0])
            raise RefusedStatementError(f"{message} at: {at.sentence}")


def code_of(error: DatabaseError) -> str:
    """The SQLSTATE."""
    return _fields(error).get("C", "")


def _message_of(error: DatabaseError) -> str:
    return _fields(error).get("M", "no message")


def _fields(error: DatabaseError) -> dict[str, str]:
    first: Any = error.args[0] if error.args else {}
    return cast(dict[str, str], first) if isinstance(first, dict) else {}
