import time

from database_users.deadline import Deadline
from database_users.postgres.catalog.rows import Row
from database_users.postgres.run import converge, survey
from database_users.postgres.session import Session
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


def test_a_database_is_read_in_one_message_unless_all_in_its_schemas_is_the_servers_own(
    server: Postgres,
):
    converge(server.connect, (ORDERS,), deadline())
    asked: list[str] = []

    def connect(database: str) -> Session:
        session = server.connect(database)
        whole = session.query

        def query(sql: str, sentence: str) -> list[Row]:
            asked.append(session.database)
            return whole(sql, sentence)

        session.query = query
        return session

    def found() -> bool:
        plan = survey(connect, (ORDERS,), deadline())
        return any("INSERT on 1 tables (own)" in str(one) for one in plan.findings)

    assert not found()
    assert asked == ["postgres", "orders"]
    server.execute(
        "CREATE TABLE own (id int)",
        "GRANT INSERT ON own TO PUBLIC",
        database="orders",
    )
    assert found()
    assert asked[2:] == ["postgres", "orders", "orders"]
    made = "CREATE FUNCTION made() RETURNS int LANGUAGE sql RETURN 1"
    server.execute(made, database="orders", user="owner")
    assert found()
    assert asked[5:] == ["postgres", "orders"]
