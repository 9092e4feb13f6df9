"""The DAGs that a team would keep: what they make, again, and after a failure midway."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, LiteralString

from proof import shop
from proof.airflow import Run, Worker
from proof.deployment import Deployment
from proof.progress import UnprovenError
from proof.steps.pipeline import LOGICAL_DATE

FILE = "incoming/customers.csv"
LISTED = 'customer,country\nHopper,US\n"Lovelace, Ada",GB\n'
ORDERS = "SELECT id, ordered_at, customer, amount FROM orders ORDER BY id"
COPIED = "SELECT id, ordered_at, customer, amount FROM copied_orders ORDER BY id"
CUSTOMERS = "SELECT customer, country FROM customers ORDER BY customer"
DAYS = "SELECT day::text, customer FROM daily_orders WHERE day < '2026-01-01' ORDER BY 1, 2"


def orders_are_copied(deployment: Deployment, worker: Worker | None = None) -> str:
    """A batch is refused midway, and the next run copies the rest; one more changes nothing."""
    conf = {"batch_size": 2}
    wanted = _rows(deployment, ORDERS, database="orders")
    with _changed(
        deployment,
        by="TRUNCATE copied_orders; "
        "ALTER TABLE copied_orders ADD CONSTRAINT small CHECK (amount < 1000)",
        back="ALTER TABLE copied_orders DROP CONSTRAINT small",
    ):
        _failed(_run(deployment, worker, "orders_copy", conf), "copied_orders")
        before = _rows(deployment, COPIED)
    if not 0 < len(before) < len(wanted):
        raise UnprovenError(
            f"{len(before)} of {len(wanted)} orders were copied by a run that fails"
        )
    for _ in range(2):
        _succeeded(_run(deployment, worker, "orders_copy", conf))
        _same(_rows(deployment, COPIED), wanted)
    return f"{len(before)} of {len(wanted)} rows before a failure, all after it, and once more"


def a_file_is_loaded(deployment: Deployment, worker: Worker | None = None) -> str:
    """A file from S3 is what the table holds, again after a second run and a broken file."""
    wanted = [("Hopper", "US"), ("Lovelace, Ada", "GB")]
    for content, error in (
        (LISTED, None),
        (f"{LISTED}Turing,\n", "line 4 must have a value"),
        (LISTED, None),
    ):
        with _file(deployment, content) as conf:
            run = _run(deployment, worker, "customers_load", conf)
        if error:
            _failed(run, error)
        else:
            _succeeded(run)
        _same(_rows(deployment, CUSTOMERS), wanted)
    return f"{len(wanted)} rows, the same after a file that breaks off"


def old_days_are_removed(deployment: Deployment, worker: Worker | None = None) -> str:
    """A batch of old days cannot be removed, and the next run removes the rest."""
    conf = {"batch_size": 2}
    with _changed(
        deployment,
        by="INSERT INTO daily_orders SELECT date '2020-01-01' + n, 'Babbage', 1, 1 "
        "FROM generate_series(0, 4) AS n ON CONFLICT DO NOTHING; "
        "CREATE TABLE kept (day date, customer text, "
        "FOREIGN KEY (day, customer) REFERENCES daily_orders); "
        "INSERT INTO kept VALUES ('2020-01-04', 'Babbage')",
        back="DROP TABLE kept",
    ):
        _failed(_run(deployment, worker, "reports_upkeep", conf), "daily_orders")
        left = _rows(deployment, DAYS)
    _same(left, [(f"2020-01-0{day}", "Babbage") for day in (3, 4, 5)])
    report = shop.report(deployment.identity(shop.IDENTITY), deployment.declared)
    for _ in range(2):
        _succeeded(_run(deployment, worker, "reports_upkeep", conf))
        _same(_rows(deployment, DAYS), [])
    _same(shop.report(deployment.identity(shop.IDENTITY), deployment.declared), report)
    return f"{len(left)} of 5 old days left by a failure, none after it"


def _run(deployment: Deployment, worker: Worker | None, dag: str, conf: dict[str, Any]) -> Run:
    return (worker or deployment.worker).run(dag, logical_date=LOGICAL_DATE, conf=conf)


def _rows(deployment: Deployment, query: LiteralString, *, database: str = "reports") -> list[Any]:
    identity = deployment.identity(shop.IDENTITY)
    return shop.rows(identity, deployment.declared, database, query)


def _changed(deployment: Deployment, *, by: LiteralString, back: LiteralString) -> Any:
    identity = deployment.identity(shop.IDENTITY)
    return shop.changed(identity, deployment.declared, by=by, back=back)


@contextmanager
def _file(deployment: Deployment, content: str) -> Generator[dict[str, Any]]:
    """A file in the environment's bucket, and the params of the DAG that loads it."""
    bucket = deployment.airflow_environment["SourceBucketArn"].rpartition(":")[2]
    s3 = deployment.account.client("s3")
    version = s3.put_object(Bucket=bucket, Key=FILE, Body=content.encode())["VersionId"]
    try:
        yield {"bucket": bucket, "key": FILE}
    finally:
        # A bucket with a version of somebody else's is not deleted with its stack.
        s3.delete_object(Bucket=bucket, Key=FILE, VersionId=version)


def _succeeded(run: Run) -> None:
    if run.state != "success":
        raise UnprovenError(f"the DAG run ended as {run.state}: " + "; ".join(run.errors))


def _failed(run: Run, reason: str) -> None:
    if run.state != "failed" or not any(reason in error for error in run.errors):
        raise UnprovenError(f"the DAG run ended as {run.state}, not for {reason!r}: {run.errors}")


def _same(found: object, wanted: object) -> None:
    if found != wanted:
        raise UnprovenError(f"found {found}, not {wanted}")
