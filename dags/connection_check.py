"""Opens connections and says as whom: for the day when a DAG cannot reach its database.

Trigger it with the ids of the connections. Each is opened in every way that a DAG has, because
they take their TLS settings from different places: the driver's own (hooks, SQL operators),
SQLAlchemy's engine (pandas, `get_sqlalchemy_engine`), and the engine that signs for each of its
connections.
"""

from contextlib import closing
from typing import TYPE_CHECKING

from airflow.providers.postgres.hooks.postgres import PostgresHook
from asked_connections import PARAMS, connection_ids
from authoring import DAG, task
from signing_engine import signing_engine

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine

WHO = "SELECT session_user::text, current_database()::text"


def who(engine: "Engine") -> list[str]:
    """The user and the database that an engine's connection has."""
    with engine.connect() as connection:
        return list(connection.exec_driver_sql(WHO).one())


with DAG(
    "connection_check",
    schedule=None,
    params=PARAMS,  # pyright: ignore[reportArgumentType] (Airflow converts it)
    tags=["diagnostic"],
    doc_md=__doc__,
):

    @task
    def driver(connection_id: str) -> list[str]:
        with closing(PostgresHook(connection_id).get_conn()) as connection:
            cursor = connection.cursor()
            cursor.execute(WHO)
            return list(cursor.fetchone())

    @task
    def engine(connection_id: str) -> list[str]:
        return who(PostgresHook(connection_id).get_sqlalchemy_engine())

    @task
    def lasting_engine(connection_id: str) -> list[str]:
        return who(signing_engine(PostgresHook(connection_id)))

    ids = connection_ids()
    driver.expand(connection_id=ids)
    engine.expand(connection_id=ids)
    lasting_engine.expand(connection_id=ids)
