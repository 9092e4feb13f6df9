"""The regular comparison of the server with its declaration, run as its schedule runs it."""

import json
from typing import Any

from proof.deployment import Deployment
from proof.environment import MASTER
from proof.progress import UnprovenError

DATABASE = "orders"
SERVICE = "scheduler.amazonaws.com"


def drift_is_noticed(deployment: Deployment) -> str:
    """What is granted by hand is counted, and named in the log."""
    with deployment.identity(MASTER).log_in(MASTER, "postgres") as connection:
        connection.execute(f"GRANT CONNECT ON DATABASE {DATABASE} TO PUBLIC".encode())
        try:
            _expect(deployment, 1)
            _expect_logged(deployment, f'REVOKE CONNECT ON DATABASE "{DATABASE}" FROM PUBLIC')
        finally:
            connection.execute(f"REVOKE CONNECT ON DATABASE {DATABASE} FROM PUBLIC".encode())
    _expect(deployment, 0)
    return "1 statement outstanding, then 0"


MAKE_TABLE = (
    "CREATE ROLE billing_app NOLOGIN",
    "GRANT billing_app TO CURRENT_USER WITH INHERIT TRUE, SET TRUE",
    "GRANT CREATE ON SCHEMA public TO billing_app",
    "SET ROLE billing_app",
    "CREATE TABLE public.invoice (id int)",
)
DROP_TABLE = ("RESET ROLE", "DROP OWNED BY billing_app", "DROP ROLE billing_app")
SELECT = "SELECT FROM public.invoice"


def drift_is_repaired(deployment: Deployment) -> str:
    """A table that an application's own role makes is found, and opened by `make repair` alone."""
    identity, user = deployment.identity("airflow"), f"airflow_{DATABASE}_read"
    with deployment.identity(MASTER).log_in(MASTER, DATABASE) as connection:
        try:
            for statement in MAKE_TABLE:
                connection.execute(statement.encode())
            found = check(deployment).get("Statements")
            if not found:
                raise UnprovenError("the check does not find the new table")
            deployment.make("access")
            _expect(deployment, found)  # since what is declared is what it was
            deployment.make("repair")
            _expect(deployment, 0)
            with identity.log_in(user, DATABASE) as reading:
                reading.execute(SELECT.encode())
        finally:
            for statement in DROP_TABLE:
                connection.execute(statement.encode())
    _expect(deployment, 0)
    return f"{found} statements outstanding, then 0"


def _expect(deployment: Deployment, statements: int) -> None:
    found = check(deployment)
    if found.get("Statements") != statements:
        raise UnprovenError(f"the check finds {found}, not {statements} statements")


def check(deployment: Deployment) -> dict[str, Any]:
    """Call what the schedule calls, with its input, and as the role that it has."""
    account = deployment.account
    scheduler = account.client("scheduler")
    [name] = [schedule["Name"] for schedule in scheduler.list_schedules()["Schedules"]]
    schedule = scheduler.get_schedule(Name=name)
    target = schedule["Target"]
    role = account.assume_as_service(
        target["RoleArn"], service=SERVICE, source_arn=schedule["Arn"], session="schedule"
    )
    answer = account.client("lambda", role).invoke(
        FunctionName=target["Arn"], Payload=target["Input"]
    )
    return json.load(answer["Payload"])


def _expect_logged(deployment: Deployment, statement: str) -> None:
    group = deployment.users_function["LoggingConfig"]["LogGroup"]
    pages = deployment.account.client("logs").get_paginator("filter_log_events")
    messages = [
        event["message"] for page in pages.paginate(logGroupName=group) for event in page["events"]
    ]
    if not any(statement in message for message in messages):
        raise UnprovenError(f"the log does not name the statement that differs: {statement}")
