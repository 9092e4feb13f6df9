"""Copies new orders from the database `orders` into `reports`, a batch after the other.

Each batch is written in one transaction, and the highest id that is there says where to go on: a
run that failed midway, or that is repeated, copies what is missing. Ids are given before their rows
are committed, so the last of them are read again each time. An order that is changed later, or
deleted, is not followed here.
"""

from contextlib import closing
from datetime import datetime
from typing import Any

from airflow.providers.postgres.hooks.postgres import PostgresHook
from authoring import DAG, Param, get_current_context, task

# More than are given to transactions that run at the same time.
READ_AGAIN = 1000
COPIED = "SELECT coalesce(max(id), 0) FROM copied_orders"
# As text, since a driver would make floating-point numbers of amounts in JSON.
NEXT = """
SELECT count(*), max(id), jsonb_agg(to_jsonb(batch))::text
FROM (
    SELECT id, ordered_at, customer, amount FROM orders
    WHERE id > %(after)s ORDER BY id LIMIT %(size)s
) batch
"""
WRITE = """
INSERT INTO copied_orders (id, ordered_at, customer, amount)
SELECT id, ordered_at, customer, amount
FROM jsonb_to_recordset(%(rows)s::jsonb)
    AS r (id bigint, ordered_at timestamptz, customer text, amount numeric)
ON CONFLICT (id) DO NOTHING
"""

with DAG(
    "orders_copy",
    schedule="@hourly",
    start_date=datetime(2026, 1, 1),
    catchup=False,
    # Two at once would copy the same.
    max_active_runs=1,
    params={  # pyright: ignore[reportArgumentType] (Airflow converts it)
        "batch_size": Param(1000, type="integer", minimum=1, maximum=50000)
    },
    tags=["example"],
    doc_md=__doc__,
):

    @task
    def copy() -> int:
        """How many orders were read."""
        size = get_current_context().get("params", {})["batch_size"]
        source, target = PostgresHook("warehouse_orders"), PostgresHook("warehouse_reports")
        reading: Any = source.get_conn()
        writing: Any = target.get_conn()
        with closing(reading), closing(writing):
            reading.autocommit = True
            orders, copied = reading.cursor(), writing.cursor()
            copied.execute(COPIED)
            after, total = max(copied.fetchone()[0] - READ_AGAIN, 0), 0
            while True:
                orders.execute(NEXT, {"after": after, "size": size})
                count, last, rows = orders.fetchone()
                if not count:
                    return total
                copied.execute(WRITE, {"rows": rows})
                writing.commit()
                after, total = last, total + count

    copy()
