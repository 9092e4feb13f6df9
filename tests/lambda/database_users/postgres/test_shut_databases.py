"""Databases that nobody can enter, or that others are made of."""

import time

import pytest

from database_users.deadline import Deadline
from database_users.postgres.run import survey
from rds_login.causes import ServerError
from tests.database_server import MASTER, Postgres
from tests.desired import ORDERS
from tests.runs import run

INVALID = "UPDATE pg_database SET datconnlimit = -2 WHERE datname = '{}'"


def test_an_invalid_database_is_called_so_and_no_token_is_blamed(server: Postgres):
    run(server, ORDERS)
    server.execute(INVALID.format("orders"))
    says = r'cannot connect to invalid database "orders": a DROP DATABASE was cut off; nothing is'
    with pytest.raises(ServerError, match=says) as raised:
        run(server, ORDERS)
    assert "token" not in str(raised.value)


def test_a_check_goes_on_without_an_invalid_database_and_calls_it_so(server: Postgres):
    run(server, ORDERS)
    server.execute(INVALID.format("orders"))
    plan = survey(server.connect, (ORDERS,), Deadline(time.monotonic() + 60))
    assert plan.unread == ("orders",)
    (finding,) = (str(finding) for finding in plan.findings if "invalid" in str(finding))
    assert "a DROP DATABASE was cut off; nothing is left but to drop it once more" in finding
    assert "token" not in finding


def test_an_undeclared_database_that_allows_no_connections_is_told_of_with_the_remedy(
    server: Postgres,
):
    run(server, ORDERS)
    server.execute("CREATE DATABASE closed", user=MASTER)
    server.execute("CREATE TABLE mine ()", "ALTER TABLE mine OWNER TO reader", database="closed")
    server.execute("ALTER DATABASE closed ALLOW_CONNECTIONS false")
    outcome = run(server)
    (finding,) = (finding for finding in outcome.findings if "closed" in finding)
    assert "not currently accepting connections: its owner can ALTER DATABASE" in finding
    assert "token" not in finding
