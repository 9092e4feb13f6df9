"""Why a login failed, in the words of the table, wherever a login is made."""

import re
import socket
import ssl

import pytest

from rds_login.cause_table import CAUSES, STEPS
from rds_login.causes import RefusedTokenError, network_error, refused_login
from rds_login.recognition import SilentLoginError
from rds_login.tls import NoTlsError, OtherEngineError


def unverified(code: int) -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError()
    error.verify_code, error.verify_message = code, "no"
    return error


NETWORK = {
    "unknown-name": socket.gaierror(socket.EAI_NONAME, ""),
    "no-dns": socket.gaierror(socket.EAI_AGAIN, ""),
    "silent-port": TimeoutError(),
    "no-route": OSError(101, "Network is unreachable"),
    "closed-port": ConnectionRefusedError(),
    "no-authorities": FileNotFoundError(2, "No such file"),
    "no-tls": NoTlsError(),
    "other-engine": OtherEngineError("MySQL"),
    "unknown-authority": unverified(19),
    "ended-certificate": unverified(10),
    "other-name": unverified(62),
    "silent-login": SilentLoginError(),
    "lost-connection": ConnectionResetError(),
}


@pytest.mark.parametrize("key", NETWORK)
def test_an_error_before_the_login_has_the_tables_words(key: str) -> None:
    error, cause = network_error(NETWORK[key], "db.example", 5432), CAUSES[key]
    assert str(error).endswith(f": {cause.means}: {cause.remedy}")
    assert error.transient == cause.passes


@pytest.mark.parametrize(
    ("code", "words", "key"),
    [
        (code, words, cause.key)
        for cause in CAUSES.values()
        for code in cause.codes
        for words in cause.clients_say
    ],
)
def test_a_servers_refusal_has_the_tables_words(code: str, words: str, key: str) -> None:
    error, cause = refused_login(code, words, "db.example", 5432, "reader"), CAUSES[key]
    assert str(error).endswith(f"of reader: {words}: {cause.means}: {cause.remedy}")
    assert error.transient == cause.passes


def test_a_code_that_no_cause_has_is_told_as_the_server_says_it() -> None:
    error = refused_login("XX000", "something else", "db.example", 5432, "reader")
    assert "something else: the server refuses the login for a reason of its own" in str(error)


def test_what_the_server_says_of_others_is_shown_and_not_obeyed() -> None:
    error = refused_login("28P01", "no\x1b[2J", "db.example", 5432, "u\u202e")
    assert type(error) is RefusedTokenError
    assert "refuses the token of u\\u202e: no\\u001b[2J" in str(error)


def test_each_cause_says_what_it_means_what_helps_and_where() -> None:
    for cause in CAUSES.values():
        assert cause.step in STEPS
        assert cause.means
        assert cause.remedy
        assert not re.search(r"[.;:]$", cause.means + cause.remedy), cause.key


def test_no_cause_speaks_of_the_database_users_function_or_its_variables() -> None:
    for cause in CAUSES.values():
        words = f"{cause.means} {cause.remedy}"
        assert not re.search(r"[A-Z]+_(HOST|PORT|USER)\b|this function|master", words)
