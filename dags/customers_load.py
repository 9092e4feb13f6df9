"""Loads a CSV file from S3 into the table `customers` of the database `reports`.

Trigger it with a bucket that Airflow's role may read (the environment's own is one) and a key. The
file is the whole list: what is in the table is replaced in one transaction, so that a run that
fails leaves the list as it was, and one that is repeated makes the same.
"""

import csv
import io
import json
from collections.abc import Iterable, Iterator
from contextlib import closing
from itertools import islice
from typing import Any

from airflow.providers.postgres.hooks.postgres import PostgresHook
from authoring import DAG, Param, get_current_context, task

COLUMNS = ["customer", "country"]
BATCH = 1000
FORGET = "DELETE FROM customers"
WRITE = """
INSERT INTO customers (customer, country)
SELECT customer, country
FROM jsonb_to_recordset(%(rows)s::jsonb) AS r (customer text, country text)
"""


def rows(lines: Iterable[str]) -> Iterator[dict[str, str]]:
    """The rows of a CSV file whose first line names `COLUMNS`.

    Raises:
        ValueError: which line is no such row, and what it must be.
    """
    reader = csv.DictReader(lines, strict=True)
    if reader.fieldnames != COLUMNS:
        raise ValueError(f"line 1 must be {','.join(COLUMNS)}, and is {reader.fieldnames}")
    for row in reader:
        if None in row or not all(row.values()):
            raise ValueError(f"line {reader.line_num} must have a value for each of {COLUMNS}")
        yield row


with DAG(
    "customers_load",
    schedule=None,
    params={  # pyright: ignore[reportArgumentType] (Airflow converts it)
        "bucket": Param(None, type=["null", "string"], minLength=3),
        "key": Param("incoming/customers.csv", type="string", minLength=1),
    },
    max_active_runs=1,
    tags=["example"],
    doc_md=__doc__,
):

    @task
    def load() -> int:
        """How many customers are in the table."""
        # Only now: it takes a second to import, which a DAG that is parsed has no use for.
        from airflow.providers.amazon.aws.hooks.s3 import S3Hook

        params = get_current_context().get("params", {})
        if not params["bucket"]:
            raise ValueError("trigger it with a bucket: the name of one, such as team-files")
        s3: Any = S3Hook().get_conn()
        found = s3.get_object(Bucket=params["bucket"], Key=params["key"])
        with (
            closing(PostgresHook("warehouse_reports").get_conn()) as connection,
            connection.cursor() as customers,
            io.TextIOWrapper(io.BufferedReader(found["Body"]), "utf-8-sig", newline="") as file,
        ):
            customers.execute(FORGET)
            listed, total = rows(file), 0
            while batch := [*islice(listed, BATCH)]:
                customers.execute(WRITE, {"rows": json.dumps(batch)})
                total += len(batch)
            connection.commit()
        return total

    load()
