"""The stack that changes each time somebody is given or refused access."""

from collections.abc import Mapping
from typing import Any

from aws_cdk import CfnOutput, Stack
from aws_cdk import aws_iam as iam
from constructs import Construct

from airflow_rds_iam.access.database_users import DatabaseUsers
from airflow_rds_iam.airflow.connection import AirflowConnection
from airflow_rds_iam.airflow.environment import AirflowEnvironment
from airflow_rds_iam.declaration.grants import grants
from airflow_rds_iam.declaration.model import AIRFLOW, Declaration
from airflow_rds_iam.network import Network
from stacks.database import DatabaseStack


class AccessStack(Stack):
    """Policies, database users and Airflow connections: everything that follows from a grant."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        declaration: Declaration,
        network: Network,
        databases: Mapping[str, DatabaseStack],
        airflow: AirflowEnvironment,
        **kwargs: Any,
    ) -> None:
        super().__init__(scope, construct_id, **kwargs)
        # Whatever is declared here, the other stacks publish these and so stay as they are.
        CfnOutput(self, "AirflowExecutionRole", value=airflow.execution_role.role_name)
        for name, database in databases.items():
            CfnOutput(self, f"ResourceId-{name}", value=database.instance.made_resource_id)
        granted = list(grants(declaration))
        users = {
            name: DatabaseUsers(
                self,
                f"Users-{name}",
                instance=database.instance,
                databases=declaration.instances[name].databases,
                grants=[grant for grant in granted if grant.instance == name],
                drift_check=declaration.drift_check,
                vpc=network.vpc,
                subnets=network.private_subnets,
                security_group=database.users_security_group,
            )
            for name, database in databases.items()
        }
        roles: dict[str, iam.Role | iam.IRole] = {AIRFLOW: airflow.execution_role}
        for name, identity in declaration.identities.items():
            roles[name] = iam.Role.from_role_name(self, f"Role-{name}", identity.role_name)
        for grant in granted:
            instance = databases[grant.instance].instance
            policy = iam.ManagedPolicy(
                self,
                f"Policy-{grant.instance}-{grant.database}-{grant.identity}",
                description=f"{grant.identity} may {grant.level} {grant.database} on "
                f"{instance.identifier} as {grant.user}",
                roles=[roles[grant.identity]],
            )
            instance.grant_connect(policy, user=grant.user)
            if grant.identity == AIRFLOW:
                connection = AirflowConnection(
                    self,
                    f"Connection-{grant.instance}-{grant.database}",
                    name=f"{airflow.connections_prefix}/{grant.connection_id}",
                    instance=instance,
                    database=grant.database,
                    user=grant.user,
                    authorities=airflow.authorities,
                )
                connection.grant_read(policy)
                # A connection that is there can be used.
                connection.node.add_dependency(users[grant.instance])
