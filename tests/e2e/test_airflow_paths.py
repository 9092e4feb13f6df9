"""Each way in which a DAG reaches a database, in Airflow 3.3.1 and in the newest Airflow 2."""

import json
from typing import Any

from proof.airflow import PATHS, Airflow
from proof.declared import AIRFLOW
from proof.deployment import Deployment
from proof.faults.asking import connection
from proof.steps.faults import TOKEN, scene
from proof.steps.pipeline import LOGICAL_DATE

WAYS = ("get_conn", "get_records", "data_frame", "operator", "sensor", "trigger", "engine")


def taken(one: Airflow, connection_id: str, **variables: str) -> dict[str, Any]:
    """What each way found; nothing that was printed holds a token."""
    printed = one.python(PATHS.read_text(), given=connection_id, variables=variables)
    assert not TOKEN.search(printed)
    [line] = [line for line in printed.splitlines() if line.startswith("found ")] or [printed]
    return json.loads(line.removeprefix("found "))


def test_each_way_of_the_provider_logs_in_as_what_was_granted(
    deployment: Deployment, one: Airflow
) -> None:
    grant = deployment.declared.grant(AIRFLOW, "orders")
    found = taken(one, grant.connection_id)
    for way in (*WAYS, "lasting_engine"):
        assert found[way] == [grant.user, grant.database], way
    assert found["test_connection"][0] is True
    assert found["uri"][0].startswith(f"postgres://{grant.user}@")


def test_a_server_in_another_region_than_airflow_is_reached(
    deployment: Deployment, one: Airflow
) -> None:
    grant = deployment.declared.grant(AIRFLOW, "orders")
    there = connection(scene(deployment, AIRFLOW))
    there["extra"]["aws_conn_id"] = "there"
    region = {"conn_type": "aws", "extra": {"region_name": deployment.account.region}}
    found = taken(
        one,
        "elsewhere_orders",
        AWS_DEFAULT_REGION="us-east-1",
        AWS_REGION="us-east-1",
        AIRFLOW__SECRETS__BACKEND="",
        AIRFLOW_CONN_ELSEWHERE_ORDERS=json.dumps(there),
        AIRFLOW_CONN_THERE=json.dumps(region),
    )
    for way in (*WAYS, "lasting_engine"):
        assert found[way] == [grant.user, grant.database], way


def test_the_dags_run_and_leave_no_token_in_airflows_database_and_logs(
    deployment: Deployment, one: Airflow
) -> None:
    ids = [grant.connection_id for grant in deployment.declared.grants if grant.identity == AIRFLOW]
    with one.worker() as worker:
        for dag in ("connection_check", "connection_doctor", "orders_report"):
            conf = None if dag == "orders_report" else {"connection_ids": ids}
            run = worker.run(dag, logical_date=LOGICAL_DATE, conf=conf)
            assert run.state == "success", run.errors
    held = [one.log, *(path for path in one.home.rglob("*") if path.suffix in {".log", ".db"})]
    assert [path for path in held if TOKEN.search(path.read_text(errors="replace"))] == []
