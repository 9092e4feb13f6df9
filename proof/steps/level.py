"""A grant of Airflow's that changes its level and back, while a DAG goes on."""

import json
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import groupby
from pathlib import Path

from proof.airflow import Worker
from proof.declared import AIRFLOW, Grant, at_level
from proof.deployment import DECLARATION, Deployment
from proof.progress import UnprovenError
from proof.steps import pipeline

DATABASE = "orders"
LEVEL = "write"


def a_change_of_level_leaves_no_gap(deployment: Deployment, *others: Worker) -> str:
    """Airflow's connection logs in at every moment of a deploy that raises or lowers its level.

    A DAG of its worker's, and of the others', goes on meanwhile.
    """
    grant = deployment.declared.grant(AIRFLOW, DATABASE)
    changed = at_level(DECLARATION, grant, LEVEL, directory=deployment.state / "level")
    raised = users_throughout(deployment, grant, changed, *others)
    lowered = users_throughout(deployment, grant, DECLARATION, *others)
    new = f"{AIRFLOW}_{DATABASE}_{LEVEL}"
    if (raised, lowered) != ([grant.user, new], [new, grant.user]):
        raise UnprovenError(f"the connection logged in as {raised}, then as {lowered}")
    return f"{grant.user}, {new} and back, without a refusal"


def users_throughout(
    deployment: Deployment, grant: Grant, declaration: Path, *others: Worker
) -> list[str]:
    """The users that the connection names while ``declaration`` is deployed, in their order."""
    with ThreadPoolExecutor(2) as beside:
        deploy = beside.submit(deployment.make, "deploy", environment=declaration)
        logins = beside.submit(_log_in_until, deploy, deployment, grant)
        ran = 0
        while ran <= len(others) or not deploy.done():
            worker = (deployment.worker, *others)[ran % (1 + len(others))]
            run = pipeline.run_report(deployment, worker)
            if run.state != "success":
                raise UnprovenError(f"a DAG run during the deploy: {run.state}, {run.errors}")
            ran += 1
        deploy.result()
        return [user for user, _ in groupby(logins.result())]


def _log_in_until(deploy: Future[None], deployment: Deployment, grant: Grant) -> list[str]:
    airflow = deployment.identity(AIRFLOW)
    secrets = deployment.account.client("secretsmanager", airflow.credentials)
    name = f"airflow/{deployment.declared.environment}/connections/{grant.connection_id}"
    users: list[str] = []
    done = False
    while not done:
        done = deploy.done()  # so that the last login is one after it
        connection = json.loads(secrets.get_secret_value(SecretId=name)["SecretString"])
        with airflow.log_in(connection["login"], connection["schema"]) as session:
            session.execute("SELECT 1")
        users.append(connection["login"])
    return users
