"""Copies each day's revenue by customer from the database `orders` into `reports`.

It names two connections and knows nothing else: which server, which login user and how to prove
who it is come with the connection.
"""

import json
from datetime import datetime

from airflow.providers.postgres.hooks.postgres import PostgresHook
from authoring import DAG, CronDataIntervalTimetable, task

SUMMARISE = """
SELECT customer, count(*), sum(amount)::text
FROM orders
WHERE ordered_at >= %(start)s AND ordered_at < %(end)s
GROUP BY customer
ORDER BY customer
"""

# Both run in one transaction, so a day is replaced as a whole: a run that is repeated, or that
# comes after a correction of the orders, leaves the rows that a single run would have left.
REPLACE_DAY = (
    "DELETE FROM daily_orders WHERE day = %(day)s::date",
    """
    INSERT INTO daily_orders (day, customer, orders, revenue)
    SELECT %(day)s::date, customer, orders, revenue
    FROM jsonb_to_recordset(%(rows)s::jsonb) AS r (customer text, orders int, revenue numeric)
    """,
)

with DAG(
    "orders_report",
    schedule=CronDataIntervalTimetable("@daily", timezone="UTC"),
    start_date=datetime(2026, 1, 1),
    catchup=False,
    tags=["example"],
    doc_md=__doc__,
):

    @task
    def summarise(start: str, end: str) -> list[dict[str, str | int]]:
        rows = PostgresHook("warehouse_orders").get_records(SUMMARISE, {"start": start, "end": end})
        return [
            {"customer": customer, "orders": orders, "revenue": revenue}
            for customer, orders, revenue in rows
        ]

    @task
    def publish(day: str, rows: list[dict[str, str | int]]) -> None:
        PostgresHook("warehouse_reports").run(
            REPLACE_DAY, parameters={"day": day, "rows": json.dumps(rows)}
        )

    summary = summarise(start="{{ data_interval_start }}", end="{{ data_interval_end }}")
    # What a task returns is known only when it has run, which no type checker sees.
    publish(day="{{ data_interval_start | ds }}", rows=summary)  # pyright: ignore[reportArgumentType]
