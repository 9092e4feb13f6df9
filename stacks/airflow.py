"""The stack of Airflow: rarely changed, and slow to change."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from aws_cdk import Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from airflow_rds_iam.airflow.environment import AirflowEnvironment
from airflow_rds_iam.clients import Client, let_in
from airflow_rds_iam.declaration import airflow as declared
from airflow_rds_iam.network.network import Network

HTTPS = 443
ROOT = Path(__file__).parents[1]


class AirflowStack(Stack):
    """The Airflow environment. Its role has no access to a database before the access stack."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        airflow: declared.Airflow,
        network: Network,
        security_group: ec2.ISecurityGroup,
        clients: Sequence[Client] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(scope, construct_id, **kwargs)
        key = self._key(airflow)
        self.airflow = AirflowEnvironment(
            self,
            "Airflow",
            name=name,
            # Amazon MWAA takes exactly two.
            subnets=network.private_subnets[:2],
            security_group=security_group,
            dags=ROOT / "dags",
            version=airflow.version,
            environment_class=airflow.environment_class,
            min_workers=airflow.workers.min,
            max_workers=airflow.workers.max,
            schedulers=airflow.schedulers,
            min_web_servers=airflow.web_servers and airflow.web_servers.min,
            max_web_servers=airflow.web_servers and airflow.web_servers.max,
            web_server_access=airflow.web_server_access,
            configuration=airflow.configuration,
            log_level=airflow.log_level,
            log_levels=airflow.log_levels,
            maintenance_window=airflow.maintenance_window,
            log_retention_days=airflow.log_retention_days,
            worker_replacement=airflow.worker_replacement,
            authorities=airflow.authorities,
            plugins=ROOT / airflow.plugins if airflow.plugins else None,
            startup_script=ROOT / airflow.startup_script if airflow.startup_script else None,
            key=key,
            bucket=self._bucket(airflow, key),
        )
        # The endpoints of a private page, which the service makes, have the environment's group
        # ("Managing access to VPC endpoints on Amazon MWAA").
        if airflow.web_server_access != "public":
            let_in(self, clients, security_group=security_group, port=HTTPS)

    def _key(self, airflow: declared.Airflow) -> kms.IKey | Literal["aws"] | None:
        if airflow.key is None or airflow.key == "aws":
            return airflow.key
        return kms.Key.from_key_arn(self, "Key", airflow.key)

    def _bucket(
        self, airflow: declared.Airflow, key: kms.IKey | Literal["aws"] | None
    ) -> s3.IBucket | None:
        if airflow.bucket is None:
            return None
        return s3.Bucket.from_bucket_attributes(
            self,
            "Bucket",
            bucket_name=airflow.bucket,
            encryption_key=None if key == "aws" else key,
        )
