"""What the libraries raise, in words: the causes that no server can be made to show at will."""

import socket
import time

import pytest
from pg8000.exceptions import (  # pyright: ignore[reportMissingTypeStubs]
    DatabaseError,
    InterfaceError,
)

from database_users.deadline import Deadline
from database_users.errors import ChangedError, LockTimeoutError, RefusedStatementError
from database_users.plan import Statement
from database_users.postgres.errors import refuse_without_effect, statement_error
from database_users.retry import admitted
from rds_login import login as logins
from rds_login.causes import (
    FullDatabaseError,
    MissingDatabaseError,
    NoConnectionLeftError,
    ServerError,
    UnavailableServerError,
)

STATEMENT = Statement("orders", "GRANT …", "orders: reader now has SELECT on the table item")


def refusal(code: str, message: str = "no") -> DatabaseError:
    return DatabaseError({"C": code, "M": message})


def login(error: Exception) -> ServerError:
    return logins.connection_error(logins.refusal(error), "database", 5432, "administrator")


@pytest.mark.parametrize(
    ("code", "message", "says"),
    [
        ("40P01", "deadlock detected", "a deadlock at: orders: reader"),
        ("40001", "could not serialize", "a serialization failure at: orders: reader"),
        ("XX000", "tuple concurrently updated", "tuple concurrently updated at: orders: reader"),
        ("XX000", "tuple concurrently deleted", "tuple concurrently deleted at: orders: reader"),
        ("57P01", "terminating connection", "a shutdown at: orders: reader"),
        ("57P02", "crash of another process", "a crash at: orders: reader"),
        ("55006", "database is being accessed", "an object in use at: orders: reader"),
        ("25006", "read-only transaction", "a server that takes no changes: a replica, or a"),
    ],
)
def test_what_passes_by_itself_is_tried_again(code: str, message: str, says: str):
    error = statement_error(refusal(code, message), STATEMENT, "administrator")
    assert isinstance(error, UnavailableServerError)
    assert error.transient
    assert str(error).startswith(says)


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("57P03", "the server is starting, stopping or recovering"),
        ("57P01", "the server is starting, stopping or recovering"),
    ],
)
def test_a_server_that_takes_no_login_yet_is_tried_again(code: str, says: str):
    error = login(refusal(code))
    assert (type(error), error.transient) == (UnavailableServerError, True)
    assert says in str(error)


def test_a_login_for_which_no_connection_is_left_is_tried_again_and_says_whose_they_are():
    error = login(refusal("53300", 'too many connections for role "reader"'))
    assert (type(error), error.transient) == (NoConnectionLeftError, True)
    assert ': too many connections for role "reader"' in str(error)


def test_a_database_that_its_owner_shut_is_not_waited_for_as_a_full_server_is():
    calls: list[str] = []

    def shut() -> None:
        calls.append("login")
        raise login(refusal("53300", 'too many connections for database "orders"'))

    with pytest.raises(FullDatabaseError, match="which may be none"):
        admitted(shut, Deadline(time.monotonic() + 60))
    assert calls == ["login"]


def test_a_grant_that_had_no_effect_is_an_error_and_not_a_warning():
    other = Statement("orders", 'GRANT USAGE ON SCHEMA "a" TO "x"', "orders: x now has USAGE on a")
    for code, message in (
        (b"01006", b'no privileges could be revoked for "a"'),
        (b"01007", b'not all privileges were granted for "a"'),
    ):
        says = f"{message.decode()} at: {other.sentence}"
        with pytest.raises(RefusedStatementError, match=f"^{says}$"):
            refuse_without_effect([{b"C": code, b"M": message}], (STATEMENT, other))
    refuse_without_effect([{b"C": b"00000", b"M": b"role is a member already"}], (STATEMENT,))


@pytest.mark.parametrize("error", [InterfaceError("network error"), BrokenPipeError(), EOFError()])
def test_a_connection_that_goes_away_is_tried_again(error: Exception):
    assert login(error).transient
    lost = statement_error(error, STATEMENT, "administrator")
    assert lost.transient
    assert str(lost) == f"the connection was lost at: {STATEMENT.sentence}"


@pytest.mark.parametrize(
    ("code", "message", "says"),
    [
        (
            "53100",
            "could not extend file",
            "could not extend file: the server's storage",
        ),
        ("53200", "out of memory", "out of memory: the server is out of memory or of another"),
        ("53200", "out of shared memory", "raise max_locks_per_transaction in its parameter"),
        ("53400", "configuration limit exceeded", "its log says which resource"),
        (
            "58030",
            "could not read",
            "could not read: the server's disk or data is damaged",
        ),
        ("XX001", "invalid page", "invalid page: the server's disk or data is damaged: look"),
    ],
)
def test_a_server_in_need_is_told_of_in_its_own_words_and_no_token_is_blamed(
    code: str, message: str, says: str
):
    for error in (
        statement_error(refusal(code, message), STATEMENT, "administrator"),
        login(refusal(code, message)),
    ):
        assert not error.transient
        assert says in str(error)
        assert "token" not in str(error)


@pytest.mark.parametrize("code", ["3D000", "42501", "55000", "57P04", "22023", "08P01", ""])
def test_a_token_is_blamed_only_where_the_server_says_that_the_login_is_not_authorized(code: str):
    assert "token" not in str(login(refusal(code)))
    for authorization in ("28000", "28P01"):
        assert "refuses the token of administrator" in str(login(refusal(authorization)))


def test_a_name_that_cannot_be_looked_up_at_the_moment_is_tried_again():
    assert login(socket.gaierror(socket.EAI_AGAIN, "try again")).transient


def test_a_database_that_does_not_exist_is_no_question_of_the_token():
    error = login(refusal("3D000", 'database "orders" does not exist'))
    assert type(error) is MissingDatabaseError
    assert 'refuses the login of administrator: database "orders" does not exist:' in str(error)


@pytest.mark.parametrize(
    ("code", "kind", "says"),
    [
        ("57014", LockTimeoutError, "it took too long: orders: reader"),
        ("55P03", LockTimeoutError, "it is held by somebody"),
        ("42501", RefusedStatementError, "administrator has no privilege for: orders: reader"),
        ("2BP01", RefusedStatementError, "no (2BP01) at: orders: reader"),
    ],
)
def test_what_another_try_would_not_change_is_not_tried_again(
    code: str, kind: type[ServerError], says: str
):
    error = statement_error(refusal(code), STATEMENT, "administrator", "somebody")
    assert (type(error), error.transient) == (kind, False)
    assert says in str(error)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        *((code, "no") for code in ("3F000", "42P01", "42703", "42704", "42809", "42883")),
        *((code, "no") for code in ("23505", "42710", "42P04", "42P06")),
        ("XX000", "cache lookup failed for function 16384"),
        ("XX000", "could not open relation with OID 16384"),
    ],
)
def test_what_is_gone_or_was_made_since_is_read_again(code: str, message: str):
    error = statement_error(refusal(code, message), STATEMENT, "administrator")
    assert (type(error), error.transient) == (ChangedError, True)
    assert str(error).startswith(f"{message} ({code}) at: orders: reader")
