"""Whether the doctor calls each fault by its name, in Airflow's own process and with its role."""

import json
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from proof import airflow, impostor
from proof.declared import AIRFLOW, Grant
from proof.deployment import Deployment
from proof.environment import MASTER, PROOF
from proof.progress import UnprovenError
from proof.steps.pipeline import LOGICAL_DATE
from proof.steps.server_identity import IMPOSTOR, MISNAMED, UNTRUSTED, presented

# Each connection of the process's environment, looked into: its id, and what was found.
DIAGNOSES = """
import json, os, sys
sys.path.insert(0, os.path.join(os.environ["AIRFLOW_HOME"], "dags"))
from doctor.airflow_connection import diagnosed
for name in json.load(sys.stdin):
    print("found", json.dumps({name: diagnosed(name).as_json()}))
"""
ELSEWHERE = "us-east-1"


def each_connection_is_healthy(deployment: Deployment) -> str:
    """The DAG finds nothing wrong with what Airflow was granted."""
    ids = [grant.connection_id for grant in deployment.declared.grants if grant.identity == AIRFLOW]
    run = deployment.worker.run(
        "connection_doctor", logical_date=LOGICAL_DATE, conf={"connection_ids": ids}
    )
    if run.state != "success":
        raise UnprovenError("; ".join(run.errors))
    return ", ".join(ids)


def faults_of_a_connection_are_named(deployment: Deployment) -> str:
    """Each thing that can be wrong with a connection, one at a time."""
    found = _diagnosed(deployment, _faulty(deployment, _grant(deployment)))
    return _are_named(found)


def faults_of_a_server_are_named(deployment: Deployment) -> str:
    """Each thing that can be wrong with a server and its user, one at a time."""
    grant = _grant(deployment)
    group = f"{grant.database}_reader"
    found: dict[str, str | None] = {}
    for key, wrong, right in (
        ("no-login", "ALTER ROLE {user} NOLOGIN", "ALTER ROLE {user} LOGIN"),
        ("no-iam-user", "REVOKE rds_iam FROM {user}", "GRANT rds_iam TO {user}"),
        (
            "own-limit",
            "ALTER ROLE {user} CONNECTION LIMIT 0",
            "ALTER ROLE {user} CONNECTION LIMIT {limit}",
        ),
        ("no-connect", f"REVOKE {group} FROM {{user}}", f"GRANT {group} TO {{user}}"),
    ):
        with _altered(deployment, grant.user, wrong, right):
            found[key] = _only(deployment, grant)
    for key, certificate in (("unknown-authority", UNTRUSTED), ("other-name", MISNAMED)):
        with presented(deployment, certificate):
            found[key] = _only(deployment, grant)
    with impostor.listening(IMPOSTOR, deployment.endpoint.port) as server:
        found["no-tls"] = _only(deployment, grant, PGHOSTADDR=IMPOSTOR)
        if server.tokens:
            raise UnprovenError("the doctor sent a token in the clear")
    with _denied(deployment):
        found["refused-token"] = _only(deployment, grant)
    return _are_named(found)


def _are_named(found: dict[str, str | None]) -> str:
    if wrong := {key: cause for key, cause in found.items() if key != cause}:
        raise UnprovenError(f"faults, and what they are called: {wrong}")
    return f"{len(found)} faults"


def _grant(deployment: Deployment) -> Grant:
    return deployment.declared.grant(AIRFLOW, "orders")


def _faulty(deployment: Deployment, grant: Grant) -> dict[str, dict[str, Any]]:
    """A connection for each fault, by the cause's key, beside the one that is right."""
    right = _connection(deployment, grant)
    extra = right["extra"]
    absent = {**extra["sqlalchemy_query"], "sslrootcert": "/nonexistent.pem"}
    changes: dict[str, dict[str, Any]] = {
        "other-server": {},
        "no-token": {"extra": {**extra, "iam": False}},
        "no-aws-connection": {"extra": {**extra, "aws_conn_id": "absent"}},
        "other-region": {"extra": {**extra, "aws_conn_id": "elsewhere"}},
        "alias": {"host": "orders.example.com"},
        "closed-port": {"port": 1},
        "no-authorities": {"extra": {**extra, **absent, "sqlalchemy_query": absent}},
        "incomplete": {"host": None},
        "no-encryption": {"extra": {**extra, "sslmode": "disable"}},
        "no-verification": {"extra": {**extra, "sqlalchemy_query": {}}},
        "unknown-option": {"extra": {**extra, "region_name": ELSEWHERE}},
        "no-iam-user": {"login": "nobody_orders_read"},
        "no-database": {"schema": "absent"},
        "no-connect": {"schema": "reports"},
    }
    return {key: {**right, **change} for key, change in changes.items()}


def _connection(deployment: Deployment, grant: Grant) -> dict[str, Any]:
    name = f"airflow/{deployment.declared.environment}/connections/{grant.connection_id}"
    client = deployment.account.client("secretsmanager")
    return json.loads(client.get_secret_value(SecretId=name)["SecretString"])


def _only(deployment: Deployment, grant: Grant, **variables: str) -> str | None:
    """What the connection that is right is called now."""
    connection = _connection(deployment, grant)
    [cause] = _diagnosed(deployment, {"it": connection}, **variables).values()
    return cause


def _diagnosed(
    deployment: Deployment, connections: dict[str, dict[str, Any]], **variables: str
) -> dict[str, str | None]:
    role = airflow.assume(deployment.account, deployment.airflow_environment, session=PROOF)
    # An id that names another server than the connection is a fault itself.
    ids = {
        name: "billing_orders" if name == "other-server" else name.replace("-", "_")
        for name in connections
    }
    printed = deployment.airflow.python(
        DIAGNOSES,
        given=json.dumps(list(ids.values())),
        variables={
            **deployment.account.variables(role),
            # These connections are no secrets: they are in the environment, where Airflow looks
            # next.
            "AIRFLOW__SECRETS__BACKEND": "",
            "AIRFLOW_CONN_ELSEWHERE": json.dumps(
                {"conn_type": "aws", "extra": {"region_name": ELSEWHERE}}
            ),
            **{
                f"AIRFLOW_CONN_{ids[name].upper()}": json.dumps(connection)
                for name, connection in connections.items()
            },
            **variables,
        },
    )
    answers: dict[str, Any] = {}
    for line in printed.splitlines():
        if line.startswith("found "):
            answers |= json.loads(line.removeprefix("found "))
    if answers.keys() != {*ids.values()}:
        raise UnprovenError(printed)
    return {name: answers[given]["cause"] for name, given in ids.items()}


@contextmanager
def _altered(deployment: Deployment, user: str, wrong: str, right: str) -> Generator[None]:
    """The user as ``wrong`` makes it, and as ``right`` does again when left."""
    with deployment.identity(MASTER).log_in(MASTER, "postgres") as master:
        [(limit,)] = master.execute(
            "SELECT rolconnlimit FROM pg_roles WHERE rolname = %s", [user]
        ).fetchall()
        master.execute(wrong.format(user=user).encode())
        try:
            yield
        finally:
            master.execute(right.format(user=user, limit=limit).encode())


@contextmanager
def _denied(deployment: Deployment) -> Generator[None]:
    """Airflow's role may connect as nobody, until left."""
    iam = deployment.account.client("iam")
    role = deployment.airflow_environment["ExecutionRoleArn"].rpartition("/")[2]
    statement = {"Effect": "Deny", "Action": "rds-db:connect", "Resource": "*"}
    policy = {"Version": "2012-10-17", "Statement": statement}
    name = {"RoleName": role, "PolicyName": "a-fault"}
    iam.put_role_policy(**name, PolicyDocument=json.dumps(policy))
    try:
        yield
    finally:
        iam.delete_role_policy(**name)
