"""What fails for one user or in one database withholds nothing from the others."""

from dataclasses import replace
from typing import Any

import psycopg
import pytest

from database_users import parallel, retry
from database_users.errors import RefusedStatementError, UnfinishedError
from database_users.postgres.session import Session
from rds_login.causes import ServerError, UnavailableServerError
from tests.database_server import Postgres
from tests.desired import ORDERS, PAYROLL
from tests.runs import Refusing, outstanding, run, run_through

BEFORE = (ORDERS, PAYROLL)
AFTER = (replace(ORDERS, read=("analyst",), own=()), replace(PAYROLL, own=(), write=("clerk",)))


@pytest.mark.first(2)
@pytest.mark.parametrize(
    "refused",
    [
        '"owner" NOLOGIN',
        'REVOKE "orders_owner"',
        'ON DATABASE "orders" FROM',
        'ON TABLE "public"."item"',
        'ON DATABASE "orders" TO',
        'GRANT "rds_iam" TO "analyst"',
    ],
)
def test_what_is_refused_withholds_nothing_from_others(newest: Postgres, refused: str):
    run(newest, *BEFORE)
    newest.execute("CREATE TABLE item (id int)", database="orders", user="owner")
    newest.execute("GRANT TRIGGER ON item TO orders_reader", database="orders")
    newest.execute("REVOKE CONNECT ON DATABASE orders FROM orders_reader")
    newest.execute("GRANT CONNECT ON DATABASE orders TO PUBLIC")
    with pytest.raises(ServerError, match="refused at: "):
        run_through(Refusing(newest, refused).connect, *AFTER)
    of_orders = ("orders", "owner", "analyst")
    left = outstanding(newest, *AFTER)
    assert [sql for sql in left if not any(word in sql for word in of_orders)] == []
    newest.login("clerk", "payroll").close()
    for user in ("boss", "reader"):
        assert newest.query(f"SELECT FROM pg_roles WHERE rolname = '{user}'") == []
    run(newest, *AFTER)
    assert outstanding(newest, *AFTER) == []


@pytest.mark.parametrize("share", [20, 2, 1])
def test_roles_that_cannot_be_made_for_one_database_are_made_for_the_others(
    newest: Postgres, monkeypatch: pytest.MonkeyPatch, share: int
):
    monkeypatch.setattr(parallel, "SMALLEST_SHARE", share)
    newest.execute("CREATE ROLE orders_writer")  # the master may make nobody a member of it
    with pytest.raises(RefusedStatementError, match="no privilege for: writer may write orders"):
        run(newest, ORDERS, PAYROLL)
    newest.login("boss", "payroll").close()
    assert [sql for sql in outstanding(newest, ORDERS, PAYROLL) if "payroll" in sql] == []
    assert newest.query("SELECT FROM pg_database WHERE datname = 'orders'") == []


def test_roles_of_many_databases_are_made_in_sessions_beside_each_other(
    newest: Postgres, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(parallel, "SMALLEST_SHARE", 1)
    made: dict[str, int] = {}

    def connect(database: str) -> Session:
        session = newest.connect(database)
        whole = session.driver.run

        def noted(sql: str) -> list[Any] | None:
            for user in ("reader", "boss"):
                if f'CREATE ROLE "{user}"' in sql:
                    made[user] = session.driver.process
            return whole(sql)

        session.driver.run = noted  # pyright: ignore[reportAttributeAccessIssue]
        return session

    run_through(connect, *BEFORE)
    assert made["reader"] != made["boss"]
    assert outstanding(newest, *BEFORE) == []


def test_each_of_several_failures_is_told(newest: Postgres):
    run(newest, *BEFORE)
    with pytest.raises(UnfinishedError) as failed:
        run_through(Refusing(newest, '"owner" NOLOGIN', '"boss" NOLOGIN').connect, *AFTER)
    for user in ("owner", "boss"):
        assert f"refused at: {user} may not log in any more" in str(failed.value)
    for user, database in (("owner", "orders"), ("boss", "payroll")):
        with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
            newest.login(user, database)


def _do_not_wait(_: float) -> None:
    pass


def test_a_database_that_nobody_gets_into_keeps_no_other_closed(
    newest: Postgres, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(retry.time, "sleep", _do_not_wait)
    run(newest, *BEFORE)

    def connect(database: str) -> Session:
        if database == "orders":
            raise UnavailableServerError("no way in")
        return newest.connect(database)

    with pytest.raises(UnavailableServerError, match="no way in"):
        run_through(connect, *AFTER)
    newest.login("clerk", "payroll").close()
    assert newest.query("SELECT FROM pg_roles WHERE rolname = 'boss'") == []
    with pytest.raises(psycopg.OperationalError):
        newest.login("analyst", "orders")
