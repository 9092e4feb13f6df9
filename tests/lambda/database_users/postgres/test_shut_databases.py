"""Databases that nobody can enter, or that others are made of."""

import time

import pytest

from database_users.deadline import Deadline
from database_users.errors import UnsuitableServerError
from database_users.postgres.run import converge, survey
from database_users.postgres.session import Session
from rds_login.causes import ServerError
from tests.database_server import MASTER, SUPERUSER, VERSIONS, Postgres, running
from tests.desired import ORDERS
from tests.runs import outstanding, refused, run

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


def test_a_check_claims_to_know_nothing_of_what_is_in_a_declared_database_that_is_shut(
    server: Postgres,
):
    run(server, ORDERS)
    server.execute("ALTER DATABASE orders ALLOW_CONNECTIONS false")
    plan = survey(server.connect, (ORDERS,), Deadline(time.monotonic() + 60))
    opened = 'ALTER DATABASE "orders" ALLOW_CONNECTIONS true'
    assert [one.sql for one in plan.statements()] == [opened]
    assert plan.unread == ("orders",)
    assert [str(finding) for finding in plan.findings] == [
        "orders: it is not currently accepting connections: a run opens it, and what is in it is"
        " not known before"
    ]
    run(server, ORDERS)
    assert outstanding(server, ORDERS) == []


def test_a_template_is_entered_and_closed_like_any_other_database(server: Postgres):
    run(server, ORDERS)
    server.execute(
        "ALTER DATABASE orders IS_TEMPLATE true", "GRANT CONNECT ON DATABASE orders TO PUBLIC"
    )
    server.execute("CREATE TABLE item ()", database="orders", user=MASTER)
    run(server, ORDERS)
    assert outstanding(server, ORDERS) == []
    assert refused(server, "reader", ["SELECT FROM item"]) == []


@pytest.mark.parametrize("version", VERSIONS)
def test_a_server_in_recovery_is_called_a_read_replica(version: int):
    settings = {"max_connections": "100", "max_wal_senders": "10", "wal_level": "replica"}
    with running(version, standby=True, **settings) as standby:

        def connect(database: str) -> Session:
            return standby.connect(database, SUPERUSER)

        for action in (survey, converge):
            with pytest.raises(UnsuitableServerError, match="read replica, which takes no changes"):
                action(connect, (ORDERS,), Deadline(time.monotonic() + 60))


def test_a_declared_database_of_somebody_within_reach_that_allows_no_connections_is_opened(
    server: Postgres,
):
    run(server, ORDERS)
    server.execute("CREATE ROLE near", user=MASTER)
    server.execute(
        "ALTER DATABASE orders OWNER TO near", "ALTER DATABASE orders ALLOW_CONNECTIONS 0"
    )
    run(server, ORDERS)
    assert outstanding(server, ORDERS) == []
    server.login("owner", "orders").close()
