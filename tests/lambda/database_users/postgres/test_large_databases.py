"""Databases that hold much: a run does it in parts, and takes no more than it needs."""

import time
from collections.abc import Generator
from contextlib import suppress
from dataclasses import replace

import psycopg
import pytest

from database_users.deadline import Deadline
from database_users.errors import BudgetError
from database_users.postgres.catalog import leaving_rows
from database_users.postgres.planners import database as planners
from database_users.postgres.run import converge
from database_users.postgres.sql import identifier, identifiers
from rds_login.causes import RefusedLoginError
from tests.database_server import MASTER, VERSIONS, Postgres, running
from tests.desired import ORDERS, PAYROLL
from tests.runs import outstanding, run

COLUMNS = ("NULL", "a,b", "{x}", 'q"r', "s't", "back\\slash", "new\nline", "ünï😀", "plain")


def test_what_columns_give_is_taken_back_with_one_statement_for_each_table(server: Postgres):
    run(server, ORDERS)
    columns = ", ".join(f"{identifier(column)} int" for column in COLUMNS)
    server.execute(
        *(f"CREATE TABLE {table} ({columns})" for table in ("one", "two")),
        *(
            f"GRANT UPDATE ({identifiers(*COLUMNS)}) ON {table} TO orders_reader"
            for table in ("one", "two")
        ),
        "REVOKE UPDATE (plain) ON two FROM orders_reader",
        "GRANT SELECT (plain) ON two TO pg_monitor",
        database="orders",
        user=MASTER,
    )
    revoked = [sql for sql in outstanding(server, ORDERS) if sql.startswith("REVOKE UPDATE")]
    assert revoked == [
        f'REVOKE UPDATE ({identifiers(*columns)}) ON TABLE "public"."{table}"'
        ' FROM "orders_reader" CASCADE'
        for table, columns in (("one", COLUMNS), ("two", COLUMNS[:-1]))
    ]
    found = run(server, ORDERS).findings
    assert "orders: pg_monitor is not managed here and keeps privileges on 1 objects" in found
    assert outstanding(server, ORDERS) == []


@pytest.fixture(scope="module", params=VERSIONS, ids="postgresql{}".format)
def small(request: pytest.FixtureRequest) -> Generator[Postgres]:
    """A server that has locks for a few hundred objects."""
    with running(request.param, max_connections="15", max_locks_per_transaction="10") as server:
        server.execute("CREATE DATABASE orders", "CREATE ROLE near NOLOGIN", user=MASTER)
        server.execute(
            "GRANT CREATE, USAGE ON SCHEMA public TO near",
            "SET ROLE near",
            *MUCH,
            database="orders",
        )
        yield server


MUCH = (
    *(f"CREATE TABLE table_{number} (id serial PRIMARY KEY, word text)" for number in range(300)),
    "SELECT lo_create(number) FROM generate_series(20001, 20300) number",
)


def transactions(server: Postgres) -> int:
    ((number,),) = server.query("SELECT pg_current_xact_id()::text::bigint")
    return number


def test_more_than_the_server_has_locks_for_is_done_in_transactions_that_commit(small: Postgres):
    run(small, replace(ORDERS, old_owners=("near",)))
    assert small.query("SELECT count(*) FROM pg_tables WHERE tableowner = 'near'", "orders") == [
        (0,)
    ]
    assert outstanding(small, replace(ORDERS, old_owners=("near",))) == []
    before = transactions(small)
    # A removed user that holds as much goes, too.
    small.execute(
        *(f"ALTER TABLE table_{number} OWNER TO reader" for number in range(300)), database="orders"
    )
    run(small, replace(ORDERS, read=()))
    assert not small.query("SELECT FROM pg_roles WHERE rolname = 'reader'")
    assert transactions(small) - before > 300 + 3
    assert outstanding(small, replace(ORDERS, read=())) == []


def test_a_run_ends_between_two_transactions_when_its_time_is_over(newest: Postgres):
    run(newest, ORDERS)
    newest.execute(*MUCH, database="orders", user=MASTER)
    seconds = iter([60.0] * 6)

    class Passing(Deadline):
        def left(self) -> float:
            if (left := next(seconds, None)) is None:
                raise BudgetError("over")
            return left

    with pytest.raises(BudgetError):
        converge(newest.connect, (ORDERS,), Passing(0))
    assert outstanding(newest, ORDERS) != []
    run(newest, ORDERS)
    assert outstanding(newest, ORDERS) == []


def test_who_takes_all_locks_of_the_server_is_told_of_with_the_way_out(server: Postgres):
    run(server, ORDERS, PAYROLL)
    reader = server.login("reader", "orders")
    try:
        with pytest.raises(psycopg.errors.OutOfMemory):
            reader.execute("SELECT count(pg_advisory_lock(n)) FROM generate_series(1, 1000000) n")
        # Nothing helps from inside: PostgreSQL lets nobody in.
        with pytest.raises(RefusedLoginError, match=r"advisory locks among them.*reboot") as error:
            run(server, ORDERS, replace(PAYROLL, own=()))
        assert "token" not in str(error.value)
    finally:
        reader.close()
    for _ in range(100):
        with suppress(psycopg.OperationalError):  # it lets go of them as it ends
            server.superuser().close()
            break
        time.sleep(0.05)
    run(server, ORDERS, replace(PAYROLL, own=()))
    assert server.query("SELECT FROM pg_roles WHERE rolname = 'boss'") == []


MANY = "SELECT lo_create(number) FROM generate_series(30001, 30300) number"


def test_large_objects_stay_with_readers_who_can_make_more_of_them_than_can_be_listed(
    server: Postgres,
):
    run(server, ORDERS)
    server.execute(MANY, database="orders", user="reader")
    assert run(server, ORDERS).statements < 20
    assert outstanding(server, ORDERS) == []
    owners = "SELECT DISTINCT lomowner::regrole::text FROM pg_largeobject_metadata"
    assert server.query(owners, "orders") == [("reader",)]


def test_more_than_is_looked_at_in_a_run_is_told_of(
    server: Postgres, monkeypatch: pytest.MonkeyPatch
):
    for module in (leaving_rows, planners):
        monkeypatch.setattr(module, "MOST_OWNED", 100)
    monkeypatch.setattr(planners, "MOST_LARGE_OBJECTS", 300)
    run(server, ORDERS)
    server.execute("CREATE TABLE item (id int)", database="orders", user="owner")
    server.execute(MANY, "ALTER TABLE item OWNER TO reader", database="orders")
    server.execute(MANY.replace("30", "40"), database="orders", user="reader")
    after = replace(ORDERS, read=())
    told = "; ".join(run(server, after).findings)
    assert "orders: more than 99 things of those who are to own nothing: no more are" in told
    assert "orders: more than 299 large objects: no more are looked at" in told
    assert server.query("SELECT FROM pg_roles WHERE rolname = 'reader'") == []
    assert outstanding(server, after) == []
