"""The stack of one instance or cluster: stateful, rarely changed."""

from collections.abc import Sequence
from typing import Any

from aws_cdk import Stack
from aws_cdk import aws_ec2 as ec2
from constructs import Construct

from airflow_rds_iam.audit.saved_queries import SavedQueries
from airflow_rds_iam.clients import Client, let_in
from airflow_rds_iam.declaration import instances as declared
from airflow_rds_iam.network.network import Network
from airflow_rds_iam.servers.foundation import PORT
from airflow_rds_iam.servers.postgres_cluster import PostgresCluster
from airflow_rds_iam.servers.postgres_instance import PostgresInstance


class DatabaseStack(Stack):
    """A server, and who may reach it: Airflow, the function that makes its users, clients.

    Rules of security groups are replaced with each change, so they stand beside the groups whose
    ids they name, and a change of access touches none.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        identifier: str,
        instance: declared.Instance,
        network: Network,
        clients: Sequence[Client] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(scope, construct_id, **kwargs)
        self.instance = self._server(identifier, instance, network)
        SavedQueries(self, "Queries", identifier=identifier, cluster=instance.is_cluster)
        self.users_security_group = ec2.SecurityGroup(
            self,
            "UsersSecurityGroup",
            vpc=network.vpc,
            description=f"Database users of {identifier}",
            allow_all_outbound=False,
        )
        for airflow in network.airflow_security_groups.values():
            self.instance.connections.allow_default_port_from(airflow, "Airflow")
        self.users_security_group.connections.allow_to_default_port(
            self.instance, "The database, nothing else"
        )
        [security_group] = self.instance.connections.security_groups
        let_in(self, clients, security_group=security_group, port=PORT)
        self.instance.come_last(self)

    def _server(
        self, identifier: str, instance: declared.Instance, network: Network
    ) -> PostgresInstance | PostgresCluster:
        if instance.is_cluster:
            capacity = instance.serverless
            return PostgresCluster(
                self,
                "Postgres",
                identifier=identifier,
                vpc=network.vpc,
                subnets=network.private_subnets,
                engine_version=instance.engine_version,
                instance_class=None if capacity else instance.instance_class,
                **({"capacity": (capacity.min, capacity.max)} if capacity else {}),
                readers=instance.readers,
                backup_days=instance.backup_days,
                log_retention_days=instance.log_retention_days,
                deletion_protection=instance.deletion_protection,
                retain=instance.retain,
                resource_id=instance.resource_id,
            )
        return PostgresInstance(
            self,
            "Postgres",
            identifier=identifier,
            vpc=network.vpc,
            subnets=network.private_subnets,
            engine_version=instance.engine_version,
            instance_class=instance.instance_class,
            storage_gib=instance.storage.gib,
            max_storage_gib=instance.storage.max_gib,
            multi_az=instance.multi_az,
            backup_days=instance.backup_days,
            log_retention_days=instance.log_retention_days,
            deletion_protection=instance.deletion_protection,
            retain=instance.retain,
            allow_major_version_upgrade=instance.allow_major_version_upgrade,
            resource_id=instance.resource_id,
        )
