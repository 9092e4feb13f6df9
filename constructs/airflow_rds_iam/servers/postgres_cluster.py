"""An Aurora PostgreSQL cluster that nobody has a password for."""

from collections.abc import Mapping, Sequence

import jsii
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_rds as rds
from constructs import Construct

from airflow_rds_iam.acknowledgments import HIPAA, NIST, acknowledge, acknowledge_rule
from airflow_rds_iam.declaration.engines import AURORA
from airflow_rds_iam.declaration.model import RetentionDays
from airflow_rds_iam.keys import arn_from_id
from airflow_rds_iam.servers.foundation import (
    MASTER_USER,
    PORT,
    Foundation,
    come_last,
    keep_with,
    removal_policy,
)
from airflow_rds_iam.servers.postgres_engine import family, parameters
from airflow_rds_iam.servers.server import grant_connect

LOG_EXPORTS = ("postgresql", "iam-db-auth-error")
SERVERLESS = "db.serverless"


@jsii.implements(ec2.IConnectable)
class PostgresCluster(Construct):
    """A cluster with IAM authentication, for its master user too: an instance writes, others read.

    Users log in by the cluster's id, whichever of its instances they come to.

    Args:
        identifier: the DB cluster identifier; it names the log groups and, with a number, the
            instances.
        subnets: private subnets in two zones or more.
        engine_version: such as ``17`` or ``17.5``.
        instance_class: such as ``db.r7g.large``; without one it is Aurora Serverless v2.
        capacity: its capacity units then, at least and at most.
        readers: how many instances only read.
        backup_days: days of automated backups.
        log_retention_days: days that CloudWatch Logs takes.
        retain: keep the cluster and all that it stands on when the stack is removed.
        resource_id: its ``DbClusterResourceId``, where it is not the one that it was made with.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        identifier: str,
        vpc: ec2.IVpc,
        subnets: Sequence[ec2.ISubnet],
        engine_version: str = "17",
        instance_class: str | None = None,
        capacity: tuple[float, float] = (0.5, 4),
        readers: int = 1,
        backup_days: int = 7,
        log_retention_days: RetentionDays = 365,
        deletion_protection: bool = True,
        retain: bool = True,
        resource_id: str | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        self.identifier = identifier
        self.master_user = MASTER_USER
        self._resource_id = resource_id
        self._has_readers = readers > 0
        policy = removal_policy(retain=retain)
        foundation = Foundation(
            self,
            identifier=identifier,
            kind="cluster",
            vpc=vpc,
            log_exports=LOG_EXPORTS,
            retention_days=log_retention_days,
            policy=policy,
        )
        self._connections = foundation.connections
        # What is set here holds for every instance, unless that has a group of its own.
        parameter_group = rds.CfnDBClusterParameterGroup(
            self,
            "Parameters",
            family=family(engine_version, AURORA),
            description=f"{foundation.description}: TLS and audit",
            parameters=parameters(engine_version),
        )
        key_arn = arn_from_id(foundation.key)
        least, most = capacity
        # The L2 DatabaseCluster cannot say how the master user authenticates.
        self._cluster = rds.CfnDBCluster(
            self,
            "Cluster",
            # Named, since RDS names the log groups after it and they must be there first.
            db_cluster_identifier=identifier,
            engine=AURORA,
            engine_version=engine_version,
            # Without one RDS takes MySQL's.
            port=PORT,
            enable_iam_database_authentication=True,
            master_username=self.master_user,
            master_user_authentication_type="iam-db-auth",
            db_cluster_parameter_group_name=parameter_group.ref,
            serverless_v2_scaling_configuration=None
            if instance_class
            else rds.CfnDBCluster.ServerlessV2ScalingConfigurationProperty(
                min_capacity=least, max_capacity=most
            ),
            storage_encrypted=True,
            kms_key_id=key_arn,
            db_subnet_group_name=foundation.subnet_group(subnets).ref,
            vpc_security_group_ids=[foundation.security_group.security_group_id],
            backup_retention_period=backup_days,
            copy_tags_to_snapshot=True,
            delete_automated_backups=not retain,
            deletion_protection=deletion_protection,
            enable_cloudwatch_logs_exports=list(LOG_EXPORTS),
        )
        self._cluster.apply_removal_policy(policy)
        for group in foundation.log_groups:
            self._cluster.add_resource_dependency(group)
        keep_with(self._cluster, parameter_group)
        monitoring_role = foundation.monitoring_role()
        self._instances = [
            rds.CfnDBInstance(
                self,
                f"Instance{number}",
                db_instance_identifier=f"{identifier}-{number}",
                db_cluster_identifier=self._cluster.ref,
                engine=AURORA,
                db_instance_class=instance_class or SERVERLESS,
                auto_minor_version_upgrade=True,
                publicly_accessible=False,
                # Who takes the writer's place; those of 0 and 1 scale with it.
                promotion_tier=number - 1,
                enable_performance_insights=True,
                performance_insights_kms_key_id=key_arn,
                monitoring_interval=60,
                monitoring_role_arn=monitoring_role.role_arn,
            )
            for number in range(1, readers + 2)
        ]
        writer, *others = self._instances
        for instance in self._instances:
            instance.apply_removal_policy(policy)
        for reader in others:
            # The first that is there writes.
            reader.add_resource_dependency(writer)
        self._acknowledge(deletion_protection=deletion_protection)

    def _acknowledge(self, *, deletion_protection: bool) -> None:
        acknowledge(
            self._cluster,
            "AwsSolutions-RDS11",
            reason="The port hides nothing from who is in the network: the security group opens it "
            "to Airflow and to the database users' function alone, and tools expect it.",
        )
        if not deletion_protection:
            made_anew = (
                "deletion_protection: false is declared for this cluster, whose data can be made "
                "anew."
            )
            acknowledge(self._cluster, "AwsSolutions-RDS10", reason=made_anew)
            acknowledge_rule(
                self._cluster,
                "RDSInstanceDeletionProtectionEnabled",
                packs=(NIST, HIPAA),
                reason=made_anew,
            )
        for instance in self._instances:
            acknowledge_rule(
                instance,
                "RDSInBackupPlan",
                packs=(NIST, HIPAA),
                reason="An instance of a cluster holds no data. Aurora makes backups of the "
                "cluster, to any second of the days that are declared; a plan of AWS Backup is "
                "the account's, and selects by tags.",
            )

    @property
    def connections(self) -> ec2.Connections:
        """Who may reach the databases' port."""
        return self._connections

    @property
    def host(self) -> str:
        """The writer's endpoint: what a token is signed for and the certificate names."""
        return self._cluster.attr_endpoint_address

    @property
    def reader_host(self) -> str | None:
        """The readers' endpoint, which leads to the writer where there are none."""
        return self._cluster.attr_read_endpoint_address if self._has_readers else None

    @property
    def port(self) -> str:
        """The port of each endpoint, as a string."""
        return self._cluster.attr_endpoint_port

    @property
    def resource_id(self) -> str:
        """``DbClusterResourceId``, such as ``cluster-ABC…``: as declared, or as it was made."""
        return self._resource_id or self.made_resource_id

    @property
    def made_resource_id(self) -> str:
        """The id that the cluster was made with, which CloudFormation keeps after a restore."""
        return self._cluster.attr_db_cluster_resource_id

    @property
    def lived_in(self) -> bool:
        """Nobody was there before."""
        return False

    @property
    def told(self) -> Mapping[str, str]:
        """Which cluster a declared resource id stands for."""
        same = self.resource_id == self.made_resource_id
        return {} if same else {"MadeResourceId": self.made_resource_id}

    @property
    def members(self) -> Mapping[str, str]:
        """The resource id of each instance, by which Performance Insights knows it."""
        return {
            f"{self.identifier}-{number}": one.attr_dbi_resource_id
            for number, one in enumerate(self._instances, start=1)
        }

    def come_last(self, scope: Construct) -> None:
        """Make the cluster once everything else within ``scope`` is there, but its instances."""
        come_last(self._cluster, scope, before=self._instances)

    def grant_connect(self, grantee: iam.IGrantable, *, user: str) -> iam.Grant:
        """Let ``grantee`` log in as the PostgreSQL ``user``, and as no other."""
        return grant_connect(self, grantee, resource_id=self.resource_id, user=user)
