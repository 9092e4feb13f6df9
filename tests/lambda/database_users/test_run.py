import time

from database_users.connection import Deadline
from database_users.desired import Database
from database_users.run import converge, survey

from tests.database_server import Postgres


def orders(**users):
    return Database("orders", "orders_owner", "orders_writer", "orders_reader", **users)


def deadline():
    return Deadline(time.monotonic() + 60)


ALL = (orders(read=("airflow_orders_read",), write=("etl_orders_write",), own=("shop_orders_own",)),)


def test_a_second_run_has_nothing_to_do(server: Postgres):
    first = converge(server.connect, ALL, deadline())
    assert first.statements > 0
    plan = survey(server.connect, ALL, deadline())
    assert [s.sql for s in plan.statements()] == []
    assert converge(server.connect, ALL, deadline()).statements == 0
