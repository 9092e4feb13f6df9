"""Each way in which a DAG reaches a database, taken once in a real Airflow; see `proof.airflow`.

It is run by Airflow's own interpreter and environment, of Airflow 2 or 3, and imports nothing of
this project. It reads the id of a connection from standard input, and prints a line with what each
way found: the user and the database, or the error.
"""

import asyncio
import json
import os
import sys
from collections.abc import Callable
from contextlib import closing
from typing import Any

from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator
from airflow.providers.common.sql.sensors.sql import SqlSensor
from airflow.providers.common.sql.triggers.sql import SQLExecuteQueryTrigger
from airflow.providers.postgres.hooks.postgres import PostgresHook

WHO = "SELECT session_user::text, current_database()::text"


def get_conn(name: str) -> Any:
    """The driver's own connection."""
    with closing(PostgresHook(name).get_conn()) as connection, connection.cursor() as cursor:
        cursor.execute(WHO)
        return cursor.fetchone()


def get_records(name: str) -> Any:
    """The hook's query."""
    return PostgresHook(name).get_records(WHO)[0]


def data_frame(name: str) -> Any:
    """Pandas' reading, which takes an engine."""
    hook: Any = PostgresHook(name)
    read = hook.get_df if hasattr(hook, "get_df") else hook.get_pandas_df
    return read(WHO).iloc[0].tolist()


def operator(name: str) -> Any:
    """The operator for statements."""
    run: Any = SQLExecuteQueryOperator(task_id="it", conn_id=name, sql=WHO).execute({})
    return run[0]


def sensor(name: str) -> Any:
    """The sensor, whose one look is what it selects."""
    seen: list[str] = []

    def success(who: Any) -> bool:
        seen.append(who)
        return True

    sql = "SELECT session_user || ' ' || current_database()"
    SqlSensor(task_id="it", conn_id=name, sql=sql, success=success).poke({})
    return seen[0].split()


def trigger(name: str) -> Any:
    """The trigger that a deferred operator leaves its query to."""

    async def answers() -> list[Any]:
        events: Any = SQLExecuteQueryTrigger(sql=WHO, conn_id=name).run()
        return [event.payload async for event in events]

    return asyncio.run(answers())[0]["results"][0]


def engine(name: str) -> Any:
    """SQLAlchemy's engine, as the hook makes it."""
    own: Any = PostgresHook(name).get_sqlalchemy_engine()
    with own.connect() as connection:
        return connection.exec_driver_sql(WHO).one()


def lasting_engine(name: str) -> Any:
    """The engine that signs for each new connection."""
    sys.path.insert(0, os.path.join(os.environ["AIRFLOW_HOME"], "dags"))  # noqa: PTH118
    from signing_engine import signing_engine

    own: Any = signing_engine(PostgresHook(name))
    with own.connect() as connection:
        return connection.exec_driver_sql(WHO).one()


def test_connection(name: str) -> Any:
    """What the page's button does."""
    answer: Any = PostgresHook(name).test_connection()
    return answer


def uri(name: str) -> Any:
    """The connection as a URI, which is read and not opened."""
    return [PostgresHook.get_connection(name).get_uri()]


WAYS: tuple[Callable[[str], Any], ...] = (
    get_conn,
    get_records,
    data_frame,
    operator,
    sensor,
    trigger,
    engine,
    lasting_engine,
    test_connection,
    uri,
)


def main() -> None:
    """Take each way to the connection that is asked for."""
    name = sys.stdin.read()
    found: dict[str, Any] = {}
    for way in WAYS:
        try:
            found[way.__name__] = list(way(name))
        except Exception as error:
            found[way.__name__] = f"{type(error).__name__}: {error}"
    print("found", json.dumps(found, default=str))


if __name__ == "__main__":
    main()
