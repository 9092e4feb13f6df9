"""Whether an Amazon MWAA environment that exists has set what its connections need."""

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from airflow_rds_iam.airflow.airflow import secrets_backend
from airflow_rds_iam.declaration.existing_airflow import ExistingAirflow

ARGUMENTS = "secrets.backend_kwargs"


def unset(mwaa: Any, existing: ExistingAirflow, *, said: str = "airflow.existing") -> Iterator[str]:
    """What of the environment is not as declared, or as it must be.

    Args:
        mwaa: a boto3 client; it calls GetEnvironment.
        existing: as declared, with the name of its environment.
        said: where it is declared.

    Raises:
        ClientError: the caller may not ask.
    """
    name = existing.environment
    try:
        found = mwaa.get_environment(Name=name)["Environment"]
    except mwaa.exceptions.ResourceNotFoundException:
        yield f"{said}: the account has no Amazon MWAA environment {name!r} here"
        return
    if found["ExecutionRoleArn"] != existing.role_arn:
        yield (
            f"{said}: the execution role of {name} is {found['ExecutionRoleArn']}, and "
            f"{existing.role_arn} is declared"
        )
    groups = found["NetworkConfiguration"]["SecurityGroupIds"]
    if existing.security_group and existing.security_group not in groups:
        yield (
            f"{said}: {name} has the security groups {', '.join(groups)}, and "
            f"{existing.security_group} is declared"
        )
    if existing.connections_prefix:
        options = found.get("AirflowConfigurationOptions", {})
        for wrong in _backend(name, existing.connections_prefix, options):
            yield f"{said}: {wrong}"


def _backend(name: str | None, prefix: str, options: Mapping[str, str]) -> Iterator[str]:
    wanted = secrets_backend(prefix)
    remedy = (
        "its owner sets the configuration options that docs/existing.md shows, which takes 20 to "
        "30 minutes"
    )
    backend = options.get("secrets.backend")
    if backend != wanted["secrets.backend"]:
        yield (
            f"{name} has secrets.backend {backend or 'not set'}, and finds no "
            f"connection: must be {wanted['secrets.backend']}; {remedy}"
        )
        return
    arguments: dict[str, Any] = {}
    with suppress(ValueError):
        arguments = json.loads(options.get(ARGUMENTS, "{}"))
    found = arguments.get("connections_prefix", "airflow/connections")
    if found != prefix:
        yield (
            f"{name} looks connections up under {found!r}, and {prefix!r} is "
            f"declared: declare what it has, or {remedy}"
        )
