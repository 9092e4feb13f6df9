"""Whether clients make sure of the server before they send it a token."""

import json
from collections.abc import Generator, Iterable
from contextlib import contextmanager

from proof import impostor
from proof.airflow import Task
from proof.declared import AIRFLOW
from proof.deployment import Deployment
from proof.progress import UnprovenError
from proof.steps import bootstrap, pipeline

# Loopback as well, so that the same port is free there.
IMPOSTOR = "127.0.0.2"
# What the local RDS presents on demand in the place of an authority's certificate for its name.
UNTRUSTED, MISNAMED = "untrusted", "misnamed"
# As Amazon MWAA's Airflow opens its own database: by psycopg2, with TLS of whatever authority.
LET_IN = """
import json, sys, psycopg2
with psycopg2.connect(sslmode="require", **json.load(sys.stdin)).cursor() as cursor:
    cursor.execute("SELECT session_user")
    print(*cursor.fetchone())
"""


def an_untrusted_certificate_is_refused(deployment: Deployment) -> str:
    """Nothing connects to a server whose certificate is of an unknown authority."""
    return _is_refused(deployment, UNTRUSTED, because="certificate verify failed")


def a_certificate_for_another_name_is_refused(deployment: Deployment) -> str:
    """Nothing connects to a server whose certificate is right for another server."""
    return _is_refused(deployment, MISNAMED, because="does not match host name")


def no_token_is_sent_without_tls(deployment: Deployment) -> str:
    """Airflow tells nothing to a server that does not do TLS."""
    with impostor.listening(IMPOSTOR, deployment.endpoint.port) as server:
        tasks = _every_way(deployment, variables={"PGHOSTADDR": IMPOSTOR})
    if server.tokens:
        raise UnprovenError(
            f"{len(server.tokens)} tokens were sent in the clear, to a server without TLS"
        )
    _all_failed(tasks, because="server does not support SSL")
    return f"{len(tasks)} connections of Airflow's"


def trust_is_each_connections_own(deployment: Deployment) -> str:
    """A connection of Airflow's that names no authority is not held to RDS's.

    Amazon MWAA's own, to Airflow's database, goes through a proxy with a certificate of another
    authority; a variable with RDS's would have it refused, and with it every scheduler.
    """
    airflow, grant = deployment.identity(AIRFLOW), deployment.declared.grant(AIRFLOW, "orders")
    to = {
        "host": airflow.endpoint.host,
        "port": airflow.endpoint.port,
        "user": grant.user,
        "dbname": grant.database,
    }
    held = {"PGSSLROOTCERT": str(deployment.airflow.home / "dags/certificates/global-bundle.pem")}
    with presented(deployment, UNTRUSTED):
        free, refused = (
            deployment.airflow.python(
                LET_IN,
                given=json.dumps({**to, "password": airflow.token(grant.user)}),
                variables=variables,
            )
            for variables in ({}, held)
        )
    if free.strip() != grant.user:
        raise UnprovenError(f"a connection that names no authority was held to one: {free}")
    if "certificate verify failed" not in refused:
        raise UnprovenError(f"this would not have shown a variable that is inherited: {refused}")
    return "sslmode=require to a server of another authority"


def _is_refused(deployment: Deployment, certificate: str, *, because: str) -> str:
    """Neither Airflow connects, by the driver or by the engine, nor the users' function."""
    with presented(deployment, certificate):
        tasks = _every_way(deployment)
        plan = bootstrap.plan(deployment)
    _all_failed(tasks, because=because)
    if "certificate" not in plan.get("errorMessage", ""):
        raise UnprovenError(f"the function did not refuse the server's certificate: {plan}")
    return f"{len(tasks)} connections of Airflow's, and the function's"


def _every_way(deployment: Deployment, variables: dict[str, str] | None = None) -> list[Task]:
    """The tasks that open connections: the report's, and each connection's in every way."""
    report = pipeline.run_report(deployment, variables=variables)
    check = pipeline.check_connections(deployment, variables=variables)
    return [
        task
        for task in (*report.tasks, *check.tasks)
        if task.id.startswith(("summarise", "driver", "engine", "lasting_engine"))
    ]


def _all_failed(tasks: Iterable[Task], *, because: str) -> None:
    for task in tasks:
        if because not in task.error:
            raise UnprovenError(
                f"{task.id} did not refuse the server ({because}): {task.state} {task.error}"
            )


@contextmanager
def presented(deployment: Deployment, certificate: str) -> Generator[None]:
    """The instance presents another certificate, until left."""
    own = deployment.instance["CACertificateIdentifier"]
    _present(deployment, certificate)
    try:
        yield
    finally:
        _present(deployment, own)


def _present(deployment: Deployment, certificate: str) -> None:
    deployment.account.client("rds").modify_db_instance(
        DBInstanceIdentifier=deployment.instance["DBInstanceIdentifier"],
        CACertificateIdentifier=certificate,
        ApplyImmediately=True,
    )
