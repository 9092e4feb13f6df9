"""The stack of one instance: stateful, rarely changed."""

from typing import Any

from aws_cdk import Stack
from constructs import Construct

from airflow_rds_iam.declaration import model
from airflow_rds_iam.network import Network
from airflow_rds_iam.servers.postgres_instance import PostgresInstance


class DatabaseStack(Stack):
    """An instance, which Airflow may reach."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        identifier: str,
        instance: model.Instance,
        network: Network,
        **kwargs: Any,
    ) -> None:
        super().__init__(scope, construct_id, **kwargs)
        self.instance = PostgresInstance(
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
        )
        self.instance.connections.allow_default_port_from(network.airflow_security_group, "Airflow")
