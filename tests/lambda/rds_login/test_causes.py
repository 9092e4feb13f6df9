"""Why a login failed, in words that are right wherever a login is made."""

import inspect
import re
import socket

import pytest

from rds_login import causes
from rds_login.causes import RefusedTokenError, network_error, refused_login


def test_no_cause_speaks_of_the_database_users_function_or_its_variables():
    words = inspect.getsource(causes)
    assert not re.search(r"[A-Z]+_(HOST|PORT|REGION|USER)\b(?! *\()|this function|master", words)


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (socket.gaierror(socket.EAI_NONAME, ""), "the name db.example does not resolve: check"),
        (TimeoutError(), "lets whoever asks here reach the port"),
        (ConnectionRefusedError(), "db.example:5432 refuses connections: check the port"),
        (ConnectionResetError(), "the connection to db.example:5432 was lost"),
    ],
)
def test_each_cause_is_named(error: Exception, says: str):
    assert says in str(network_error(error, "db.example", 5432))


def test_a_refused_login_says_what_to_check_in_which_order():
    error = refused_login("28P01", "no\x1b[2J", "db.example", 5432, "u\u202e")
    assert type(error) is RefusedTokenError
    assert "refuses the token of u\\u202e (no\\u001b[2J): check in this order" in str(error)
