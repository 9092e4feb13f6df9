"""The doctor, asked in each way that it can be: by command, and inside an Airflow."""

import json
from collections.abc import Generator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import IO, Any, TypeAlias
from unittest.mock import patch

import doctor.__main__ as command
from doctor import evidence
from proof import airflow
from proof.airflow import Airflow
from proof.faults.fault import Asked, Scene
from proof.faults.surroundings import otherwise

Found: TypeAlias = dict[str, Any]
"""A diagnosis as machines have it, with `text`, as people do."""
ELSEWHERE = {"conn_type": "aws", "extra": {"region_name": "us-east-1"}}
PROFILED = {"conn_type": "aws", "extra": {"profile_name": "nobody"}}
CONFIGURED = {"conn_type": "aws", "extra": {"config_kwargs": {"nothing": 1}}}
BARRED = {"conn_type": "aws", "extra": {"role_arn": "arn:aws:iam::111122223333:role/barred"}}


def by_command(scene: Scene, asked: Asked) -> Found:
    """What `make doctor` says."""
    deployment, grant = scene.deployment, scene.grant
    signing = deployment.account.variables(deployment.identity(grant.identity).credentials)
    arguments = [
        *("dev", grant.identity, grant.database, "--json"),
        *("--host", deployment.endpoint.host, "--port", str(deployment.endpoint.port)),
        *("--authorities", str(deployment.account.authorities)),
        *asked.arguments,  # of two, the last one counts
    ]
    said = StringIO()
    variables = {"AWS_SESSION_TOKEN": "", "PGHOSTADDR": "127.0.0.1", **signing}
    with (
        redirect_stdout(said),
        patch.object(evidence, "SECONDS", 1),
        otherwise(**asked.surroundings(variables)),
    ):
        status = command.main(arguments)
    found: Found = {**json.loads(said.getvalue()), "text": said.getvalue()}
    if status != (0 if found["healthy"] else 1):
        raise AssertionError(f"it ended with {status}: {found}")
    return found


@dataclass(frozen=True)
class InAirflow:
    """A process of an Airflow that the doctor is asked in."""

    questions: IO[str]
    answers: IO[str]

    def __call__(self, scene: Scene, asked: Asked) -> Found:
        """What the doctor says of the scene's connection."""
        name = asked.title or scene.grant.connection_id
        deployment = scene.deployment
        signing = deployment.account.variables(
            deployment.identity(scene.grant.identity).credentials
        )
        variables = {
            **signing,
            f"AIRFLOW_CONN_{name.upper()}": json.dumps(_changed(connection(scene), asked)),
            "AIRFLOW_CONN_ELSEWHERE": json.dumps(ELSEWHERE),
            "AIRFLOW_CONN_BARRED": json.dumps(BARRED),
            "AIRFLOW_CONN_PROFILED": json.dumps(PROFILED),
            "AIRFLOW_CONN_CONFIGURED": json.dumps(CONFIGURED),
        }
        question = [name, asked.surroundings(variables)]
        print(json.dumps(question), file=self.questions, flush=True)
        found, text = json.loads(self.answers.readline())
        return {**found, "text": text}


@contextmanager
def in_airflow(one: Airflow) -> Generator[InAirflow]:
    """Ask in an Airflow, whose connections are in its environment, as they are no secrets."""
    path = f"{one.home / 'dags'}:{Path(__file__).parent}"
    variables = {"AIRFLOW__SECRETS__BACKEND": "", "PYTHONPATH": path}
    with one.answering(airflow.DOCTOR, variables) as (questions, answers):
        yield InAirflow(questions, answers)


def connection(scene: Scene) -> dict[str, Any]:
    """Airflow's connection, as it is deployed."""
    deployment = scene.deployment
    name = f"airflow/{deployment.declared.environment}/connections/{scene.grant.connection_id}"
    client = deployment.account.client("secretsmanager")
    return json.loads(client.get_secret_value(SecretId=name)["SecretString"])


def _changed(right: dict[str, Any], asked: Asked) -> dict[str, Any]:
    changed = {**right, **asked.connection}
    changed["extra"] = {**right["extra"], **asked.connection.get("extra", {})}
    return changed
