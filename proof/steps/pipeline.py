"""What Airflow does with the connections that it was given, and what it leaves behind."""

import re
from datetime import UTC, datetime, timedelta
from datetime import time as midnight

from proof import shop
from proof.airflow import Run, Worker
from proof.declared import AIRFLOW
from proof.deployment import Deployment
from proof.environment import UNKNOWN_KEYS
from proof.kinds import PROOF, TASK, task_session
from proof.progress import UnprovenError

# Two engines, made when the clock was sixteen minutes behind: what becomes of a connection now.
ENGINES = """
import datetime, os, sys
from unittest.mock import patch
sys.path.insert(0, os.path.join(os.environ["AIRFLOW_HOME"], "dags"))
from airflow.providers.postgres.hooks.postgres import PostgresHook
from signing_engine import signing_engine
from sqlalchemy.exc import OperationalError

name = sys.stdin.read()
hooks = [PostgresHook(name), PostgresHook(name)]
for hook in hooks:
    hook.connection  # read while the clock is right
then = datetime.datetime.now(datetime.UTC) - datetime.timedelta(minutes=16)
with patch("botocore.auth.get_current_datetime", return_value=then.replace(tzinfo=None)):
    engines = hooks[0].get_sqlalchemy_engine(), signing_engine(hooks[1])
for engine in engines:
    try:
        with engine.connect() as connection:
            print(connection.exec_driver_sql("SELECT session_user::text").scalar())
    except OperationalError as error:
        print("refused" if "PAM authentication failed" in str(error) else error)
"""
LOGICAL_DATE = datetime.combine(shop.DAY + timedelta(days=1), midnight(), UTC).isoformat()


def report_is_made(deployment: Deployment, worker: Worker | None = None) -> str:
    """The DAG reads one database and writes another, and a second run changes nothing."""
    expected = shop.expected_report()
    for which in ("first", "second"):
        _succeeded(run_report(deployment, worker))
        found = shop.report(deployment.identity(shop.IDENTITY), deployment.declared)
        if found != expected:
            raise UnprovenError(f"after the {which} run reports holds {found}, not {expected}")
    return f"{len(expected)} rows, the same after a second run"


def run_report(
    deployment: Deployment,
    worker: Worker | None = None,
    *,
    variables: dict[str, str] | None = None,
) -> Run:
    """Run the example DAG for the day that the shop has orders of, by the worker that is given."""
    worker = worker or deployment.worker
    return worker.run("orders_report", logical_date=LOGICAL_DATE, variables=variables)


def connections_are_the_users(deployment: Deployment) -> str:
    """Each connection of Airflow's, opened in every way, is the user and the database granted."""
    granted = [grant for grant in deployment.declared.grants if grant.identity == AIRFLOW]
    run = check_connections(deployment)
    _succeeded(run)
    found = {task.id: task.result for task in run.tasks}
    for way in ("driver", "engine", "lasting_engine"):
        for index, grant in enumerate(granted):
            if found[f"{way}[{index}]"] != [grant.user, grant.database]:
                raise UnprovenError(
                    f"{grant.connection_id} by the {way} is {found[f'{way}[{index}]']}, "
                    f"not {grant.user} in {grant.database}"
                )
    return ", ".join(grant.user for grant in granted)


def check_connections(deployment: Deployment, *, variables: dict[str, str] | None = None) -> Run:
    """Run the diagnostic DAG over every connection that Airflow was granted."""
    ids = [grant.connection_id for grant in deployment.declared.grants if grant.identity == AIRFLOW]
    return deployment.worker.run(
        "connection_check",
        logical_date=LOGICAL_DATE,
        conf={"connection_ids": ids},
        variables=variables,
    )


def an_engine_outlives_its_token(deployment: Deployment) -> str:
    """An engine made a quarter of an hour ago connects; Airflow's own is refused by then."""
    grant = deployment.declared.grant(AIRFLOW, "orders")
    printed = deployment.airflow.python(ENGINES, given=grant.connection_id, variables={})
    words = printed.splitlines()[-2:]
    if words != ["refused", grant.user]:
        raise UnprovenError(f"Airflow's own engine and the signing one: {printed}")
    return f"{grant.user}, sixteen minutes after the engine was made"


def no_password_is_stored(deployment: Deployment) -> str:
    """No connection holds a password, and the instance's master user has none."""
    secrets = deployment.account.client("secretsmanager")
    pages = secrets.get_paginator("list_secrets").paginate()
    stored = {
        secret["Name"]: secrets.get_secret_value(SecretId=secret["Name"])["SecretString"]
        for page in pages
        for secret in page["SecretList"]
    }
    names = {
        f"airflow/{deployment.declared.environment}/connections/{grant.connection_id}"
        for grant in deployment.declared.grants
        if grant.identity == AIRFLOW
    }
    if stored.keys() != names:
        raise UnprovenError(f"the secrets are {sorted(stored)}, not {sorted(names)}")
    for name, secret in stored.items():
        if words := re.findall(r"pass\w*|token|secret", secret, re.IGNORECASE):
            raise UnprovenError(f"the secret {name} holds {words}")
    if deployment.instance.get("MasterUserSecret"):
        raise UnprovenError("the instance's master user has a password in Secrets Manager")
    return f"{len(stored)} connections"


def nothing_was_denied(deployment: Deployment) -> str:
    """No call was denied, but for those that the proofs make to be denied.

    A missing pattern for the connections to look up shows here: every task asks for the secret of
    `aws_default`, is refused, and goes on without a word.
    """
    calls = [
        call
        for call in deployment.account.calls()
        if call.session not in (PROOF, task_session(TASK))
        and not call.principal.endswith(f"/{UNKNOWN_KEYS.access_key_id}")
    ]
    if denied := {
        f"{call.role or call.principal}: {call.action} on {call.resource}"
        for call in calls
        if not call.allowed
    }:
        raise UnprovenError("denied:\n" + "\n".join(sorted(denied)))
    made = {
        who: sum(call.role == role.rpartition("/")[2] for call in calls)
        for who, role in {
            "Airflow's": deployment.airflow_environment["ExecutionRoleArn"],
            "the bootstrap function's": deployment.users_function["Role"],
        }.items()
    }
    if not all(made.values()):
        raise UnprovenError(f"of {len(calls)} calls these many were made: {made}")
    return f"{len(calls)} calls, " + ", ".join(f"{n} {who}" for who, n in made.items())


def queries_are_on_record(deployment: Deployment) -> str:
    """PostgreSQL's log names the login user and the database on each statement of the DAG's."""
    entries = deployment.server_log("postgresql")
    for database, statement in (("orders", "FROM orders"), ("reports", "INSERT INTO daily_orders")):
        user = deployment.declared.grant(AIRFLOW, database).user
        if not any(f":{user}@{database}:" in entry and statement in entry for entry in entries):
            raise UnprovenError(
                f"of {len(entries)} entries none is of {user}@{database} with {statement!r}"
            )
    return f"{len(entries)} entries"


def _succeeded(run: Run) -> None:
    if run.state != "success":
        raise UnprovenError(f"the DAG run ended as {run.state}: " + "; ".join(run.errors))
