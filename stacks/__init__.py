"""The stacks of an environment, each by how often and how dangerously it changes."""

from typing import Any

from aws_cdk import App, Environment, Stack, Tags

from airflow_rds_iam.clients import Client
from airflow_rds_iam.declaration.airflow_conflicts import let_in
from airflow_rds_iam.declaration.airflow_names import told_apart
from airflow_rds_iam.declaration.model import Declaration
from stacks.access import AccessStack
from stacks.airflow import AirflowStack
from stacks.databases import database_stacks
from stacks.delivery import DeliveryStack
from stacks.network import NetworkStack


def add_environment(app: App, *, name: str, declaration: Declaration, env: Environment) -> None:
    """Add the stacks of the environment ``name`` to ``app``."""
    # Of a stack that is not declared any more, this tells whose it was.
    common: dict[str, Any] = {"env": env, "description": f"Environment {name} of airflow-rds-iam"}
    clients = [Client(**one.model_dump()) for one in declaration.network.clients]
    network = NetworkStack(
        app,
        f"{name}-network",
        network=declaration.network,
        airflows=[name for name, one in declaration.airflows.items() if not one.existing],
        retain=any(one.retain for one in declaration.instances.values() if not one.existing),
        tasks_take_roles=any(one.task_role for one in declaration.identities.values()),
        **common,
    )
    databases = database_stacks(
        app,
        environment=name,
        declaration=declaration,
        network=network.network,
        clients=[Client(**one.model_dump()) for one in let_in(declaration)],
        **common,
    )
    airflows = {
        identity: AirflowStack(
            app,
            told_apart(f"{name}-airflow", identity),
            name=declaration.airflow_name(identity, environment=name),
            airflow=declaration.airflows[identity],
            network=network.network,
            security_group=security_group,
            clients=clients,
            **common,
        )
        for identity, security_group in network.network.airflow_security_groups.items()
    }
    access = AccessStack(
        app,
        f"{name}-access",
        environment=name,
        declaration=declaration,
        network=network.network,
        databases=databases,
        airflows={identity: stack.airflow for identity, stack in airflows.items()},
        **common,
    )
    stacks: list[Stack] = [network, *databases.values(), *airflows.values(), access]
    if declaration.delivery:
        stacks.append(
            DeliveryStack(
                app,
                f"{name}-delivery",
                environment=name,
                delivery=declaration.delivery,
                **common,
            )
        )
    # Not of the application, which may have other environments.
    for stack in stacks:
        for key, value in declaration.tags.items():
            Tags.of(stack).add(key, value)
