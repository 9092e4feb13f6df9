import time

from database_users.deadline import Deadline
from database_users.postgres.run import converge, survey
from tests.database_server import Postgres
from tests.desired import ORDERS


def deadline() -> Deadline:
    return Deadline(time.monotonic() + 60)


def test_a_second_run_has_nothing_to_do(server: Postgres):
    first = converge(server.connect, (ORDERS,), deadline())
    assert first.statements > 0
    plan = survey(server.connect, (ORDERS,), deadline())
    assert [statement.sql for statement in plan.statements()] == []
    assert converge(server.connect, (ORDERS,), deadline()).statements == 0
