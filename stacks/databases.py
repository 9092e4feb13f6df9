"""The stack of each instance of an environment, whoever made the instance."""

from typing import Any

from aws_cdk import App

from airflow_rds_iam.clients import Client
from airflow_rds_iam.declaration.model import Declaration
from airflow_rds_iam.network.network import Network
from stacks.database import DatabaseStack
from stacks.existing_database import ExistingDatabaseStack

AnyDatabaseStack = DatabaseStack | ExistingDatabaseStack


def database_stacks(
    app: App,
    *,
    environment: str,
    declaration: Declaration,
    network: Network,
    clients: list[Client],
    **common: Any,
) -> dict[str, AnyDatabaseStack]:
    """The stacks, by the name of the instance."""
    stacks: dict[str, AnyDatabaseStack] = {}
    opened: set[tuple[str | None, int]] = set()
    for name, instance in declaration.instances.items():
        stack_name = f"{environment}-database-{name}"
        if existing := instance.existing:
            port = (existing.security_group, existing.port)
            stacks[name] = ExistingDatabaseStack(
                app,
                stack_name,
                existing=existing,
                network=network,
                clients=clients,
                lets_in=port not in opened,
                **common,
            )
            opened.add(port)
        else:
            stacks[name] = DatabaseStack(
                app,
                stack_name,
                identifier=instance.identifier(environment, name),
                instance=instance,
                network=network,
                clients=clients,
                **common,
            )
    return stacks
