"""Keeps the database `reports` small and fast: removes old days, then tidies the table.

Old days are removed in batches, each a transaction of its own, so that nobody waits long for a lock
and a run that failed midway is finished by the next. VACUUM and ANALYZE need PostgreSQL 17; before
it, they are the owner's, and the server warns and goes on.
"""

from contextlib import closing
from datetime import date, datetime, timedelta
from typing import Any

from airflow.providers.postgres.hooks.postgres import PostgresHook
from authoring import DAG, CronDataIntervalTimetable, Param, get_current_context, task

REMOVE = """
DELETE FROM daily_orders WHERE (day, customer) IN (
    SELECT day, customer FROM daily_orders
    WHERE day < %(before)s::date ORDER BY day, customer LIMIT %(size)s
)
"""

with DAG(
    "reports_upkeep",
    schedule=CronDataIntervalTimetable("@weekly", timezone="UTC"),
    start_date=datetime(2026, 1, 1),
    catchup=False,
    max_active_runs=1,
    params={  # pyright: ignore[reportArgumentType] (Airflow converts it)
        "keep_days": Param(730, type="integer", minimum=1),
        "batch_size": Param(1000, type="integer", minimum=1, maximum=50000),
    },
    tags=["example"],
    doc_md=__doc__,
):

    @task
    def remove_old(until: str) -> int:
        """How many rows were removed."""
        params = get_current_context().get("params", {})
        before = date.fromisoformat(until) - timedelta(days=params["keep_days"])
        values = {"before": before.isoformat(), "size": params["batch_size"]}
        connection: Any = PostgresHook("warehouse_reports").get_conn()
        with closing(connection):
            connection.autocommit = True
            reports, total = connection.cursor(), 0
            while True:
                reports.execute(REMOVE, values)
                if not reports.rowcount:
                    return total
                total += reports.rowcount

    @task
    def tidy() -> None:
        # Not in a transaction, where VACUUM may not be.
        PostgresHook("warehouse_reports").run("VACUUM (ANALYZE) daily_orders", autocommit=True)

    remove_old(until="{{ data_interval_end | ds }}").set_downstream(tidy())
