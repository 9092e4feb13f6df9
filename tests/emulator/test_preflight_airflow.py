"""What an Amazon MWAA environment that exists has not set is told before a deploy."""

import json
import subprocess
import sys
from typing import Any

import pytest

from airflow_rds_iam.airflow.airflow import secrets_backend
from airflow_rds_iam.declaration.existing_airflow import ExistingAirflow
from preflight.airflow import unset
from proof.account import Account
from tests.existing import AIRFLOW

WANTED = secrets_backend(AIRFLOW["connections_prefix"])
BACKEND = WANTED["secrets.backend"]


class NotFoundError(Exception):
    pass


class Mwaa:
    """GetEnvironment of Amazon MWAA, of one environment."""

    class exceptions:  # noqa: N801
        ResourceNotFoundException = NotFoundError

    def __init__(self, **changes: object) -> None:
        self._environment = {
            "ExecutionRoleArn": AIRFLOW["role_arn"],
            "NetworkConfiguration": {"SecurityGroupIds": ["sg-00000009", "sg-00000002"]},
            "AirflowConfigurationOptions": WANTED,
            **changes,
        }

    def get_environment(self, *, Name: str) -> dict[str, Any]:  # noqa: N803
        if Name != AIRFLOW["environment"]:
            raise NotFoundError
        return {"Environment": self._environment}


def said(changes: dict[str, object], *, environment: str = "team") -> list[str]:
    existing = ExistingAirflow.model_validate({**AIRFLOW, "environment": environment})
    return [*unset(Mwaa(**changes), existing)]


def options(**changes: str) -> dict[str, object]:
    return {"AirflowConfigurationOptions": changes}


def test_one_that_is_as_declared_is_taken() -> None:
    assert said({}) == []


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"ExecutionRoleArn": "arn:aws:iam::111122223333:role/x"}, "execution role of team is arn"),
        (
            {"NetworkConfiguration": {"SecurityGroupIds": ["sg-00000009"]}},
            "has the security groups sg-00000009, and sg-00000002 is declared",
        ),
        (options(), "has secrets.backend not set, and finds no connection"),
        (options(**{"secrets.backend": "my.Backend"}), "has secrets.backend my.Backend, and finds"),
        (options(**{"secrets.backend": BACKEND}), "under 'airflow/connections', and 'team/conn"),
        (
            options(**{"secrets.backend": BACKEND, "secrets.backend_kwargs": "{"}),
            "under 'airflow/connections', and 'team/connections' is declared",
        ),
        (
            options(
                **{
                    "secrets.backend": BACKEND,
                    "secrets.backend_kwargs": json.dumps({"connections_prefix": "other"}),
                }
            ),
            "under 'other', and 'team/connections' is declared",
        ),
    ],
)
def test_each_thing_that_is_not_as_declared_has_its_sentence(
    changes: dict[str, object], says: str
) -> None:
    [line] = said(changes)
    assert line.startswith("airflow.existing: ")
    assert says in line


def test_one_that_is_not_there_is_told() -> None:
    [line] = said({}, environment="other")
    assert line == "airflow.existing: the account has no Amazon MWAA environment 'other' here"


def test_who_has_the_local_accounts_lines_alone_is_answered(account: Account) -> None:
    asked = "import boto3; print(boto3.client('mwaa').list_environments()['Environments'])"
    ran = subprocess.run(
        [sys.executable, "-c", asked],
        env=account.variables(account.administrator),
        capture_output=True,
        text=True,
    )
    assert (ran.returncode, ran.stderr) == (0, "")
