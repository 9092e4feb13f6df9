"""No user takes all connections: each has a limit, and what the master has kept is its own."""

import itertools
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace

import psycopg
import pytest

from database_users.deadline import Deadline
from database_users.postgres.run import converge
from database_users.postgres.scope import changed_since
from tests.database_server import MASTER, VERSIONS, Postgres, running
from tests.desired import ORDERS, PAYROLL
from tests.runs import outstanding, run

LIMITED = replace(ORDERS, connection_limit=5)
OWN = "too many connections for role"


def limits(server: Postgres) -> dict[str, int]:
    return dict(
        server.query(
            "SELECT rolname, rolconnlimit FROM pg_roles WHERE rolname = ANY ("
            "ARRAY['reader', 'writer', 'owner', 'orders_owner'])"
        )
    )


def as_many(server: Postgres, user: str, stack: ExitStack, says: str) -> int:
    """How many sessions `user` can open until the server `says` no; they stay open."""

    def opened() -> Iterator[int]:
        for count in itertools.count(1):
            stack.enter_context(server.login(user, "orders"))
            yield count

    sessions: list[int] = []
    with pytest.raises(psycopg.OperationalError, match=says):
        sessions.extend(opened())
    return len(sessions)


@pytest.fixture(scope="module", params=VERSIONS, ids="postgresql{}".format)
def small(request: pytest.FixtureRequest) -> Iterator[Postgres]:
    """A server that keeps two connections for its master, as RDS does."""
    with running(request.param, max_connections="20", reserved_connections="2") as server:
        server.execute("GRANT pg_use_reserved_connections TO rds_superuser")
        yield server


def test_a_user_that_opens_all_it_can_keeps_nobody_out(small: Postgres):
    small.reset()
    with ExitStack() as stack:
        run(small, LIMITED)
        for user in ("owner", "reader"):
            assert as_many(small, user, stack, OWN) == 5
        small.login("writer", "orders").close()
        run(small, LIMITED, PAYROLL)
        assert run(small, replace(LIMITED, own=()), PAYROLL).statements > 0
        assert as_many(small, "writer", stack, OWN) == 5


@pytest.mark.slow
def test_the_master_gets_in_where_its_users_have_all_that_is_left(small: Postgres):
    small.reset()
    generous = replace(ORDERS, connection_limit=50)
    # Of each a session, where two are to be had.
    others = [
        replace(PAYROLL, name=f"db{n}", owner=f"o{n}", writer=f"w{n}", reader=f"r{n}", own=())
        for n in range(5)
    ]
    with ExitStack() as stack:
        run(small, generous)
        assert as_many(small, "owner", stack, "reserved") > 10
        run(small, generous, *others)
        assert outstanding(small, generous, *others) == []
        run(small, replace(generous, own=()), *others)
        small.login("reader", "orders").close()


def test_a_limit_that_was_changed_by_hand_is_put_right(server: Postgres):
    run(server, LIMITED)
    assert limits(server) == {"reader": 5, "writer": 5, "owner": 5, "orders_owner": -1}
    server.execute("ALTER ROLE owner CONNECTION LIMIT 1", "ALTER ROLE reader CONNECTION LIMIT -1")
    assert outstanding(server, LIMITED) == [
        'ALTER ROLE "reader" CONNECTION LIMIT 5',
        'ALTER ROLE "owner" CONNECTION LIMIT 5',
    ]
    run(server, LIMITED)
    assert limits(server)["owner"] == limits(server)["reader"] == 5
    assert outstanding(server, LIMITED) == []


def test_another_limit_is_a_change_of_the_users_alone(server: Postgres):
    run(server, ORDERS)
    assert limits(server)["owner"] == -1
    now = Deadline(time.monotonic() + 60)
    outcome = converge(server.connect, (LIMITED,), now, changed_since((ORDERS,)))
    assert (outcome.databases, outcome.statements) == (0, 3)
    run(server, ORDERS)  # one that is not declared is nobody's to change
    assert limits(server)["owner"] == 5


@pytest.mark.parametrize("user", ["reader", "writer", "owner"])
def test_no_user_raises_its_own_limit(server: Postgres, user: str):
    run(server, LIMITED)
    with server.login(user, "orders") as session:
        for become in ("SELECT", "SET ROLE NONE"):
            session.execute(become.encode())
            for name in ("CURRENT_USER", "SESSION_USER", user):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    session.execute(f"ALTER ROLE {name} CONNECTION LIMIT 1000".encode())
    assert limits(server)[user] == 5


@pytest.mark.parametrize("limit", [0, 1, 7])
def test_a_limit_of_a_database_is_put_right_before_the_visit(server: Postgres, limit: int):
    run(server, LIMITED)
    with server.login("owner", "orders") as owner:
        owner.execute(f"ALTER DATABASE orders CONNECTION LIMIT {limit}".encode())
        server.execute("GRANT CONNECT ON DATABASE orders TO PUBLIC", user=MASTER)
        run(server, LIMITED)
        assert outstanding(server, LIMITED) == []
    assert server.query("SELECT datconnlimit FROM pg_database WHERE datname = 'orders'") == [(-1,)]
