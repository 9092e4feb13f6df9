"""What grants need of an Airflow, whoever made it."""

import json
from typing import Protocol

from aws_cdk import aws_iam as iam


class Airflow(Protocol):
    """An Airflow whose tasks have a role, and that may look its connections up."""

    @property
    def execution_role(self) -> iam.IRole:
        """The role of its tasks."""
        ...

    @property
    def execution_role_arn(self) -> str:
        """The ARN of that role, with its path."""
        ...

    @property
    def connections_prefix(self) -> str | None:
        """That of its secrets backend; None if it has none."""
        ...

    @property
    def authorities(self) -> str:
        """Path, on its workers, of the certificates that RDS's are verified with."""
        ...


def secrets_backend(connections_prefix: str) -> dict[str, str]:
    """The configuration options with which Airflow finds connections in Secrets Manager."""
    return {
        "secrets.backend": "airflow.providers.amazon.aws.secrets.secrets_manager"
        ".SecretsManagerBackend",
        "secrets.backend_kwargs": json.dumps(
            {
                "connections_prefix": connections_prefix,
                # MWAA's own pattern, which these arguments replace: without it every task
                # asks for the secret of aws_default, which it may not read.
                "connections_lookup_pattern": "^(?!aws_default$).*$",
                "variables_prefix": None,
                "config_prefix": None,
            }
        ),
    }
