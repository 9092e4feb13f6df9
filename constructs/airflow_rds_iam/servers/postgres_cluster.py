"""An Aurora PostgreSQL cluster that nobody has a password for."""

from collections.abc import Mapping, Sequence

from aws_cdk import CfnResource
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_rds as rds
from constructs import Construct

from airflow_rds_iam.acknowledgments import HIPAA, NIST, acknowledge_rule
from airflow_rds_iam.declaration.engines import AURORA, SERVERLESS
from airflow_rds_iam.declaration.values import RetentionDays
from airflow_rds_iam.keys import arn_from_id
from airflow_rds_iam.servers.foundation import PORT
from airflow_rds_iam.servers.made_server import MadeServer
from airflow_rds_iam.servers.postgres_engine import family, parameters

LOG_EXPORTS = ("postgresql", "iam-db-auth-error")


class PostgresCluster(MadeServer):
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
        super().__init__(
            scope,
            construct_id,
            identifier=identifier,
            kind="cluster",
            retain=retain,
            resource_id=resource_id,
            vpc=vpc,
            log_exports=LOG_EXPORTS,
            log_retention_days=log_retention_days,
        )
        foundation = self._foundation
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
        cluster = rds.CfnDBCluster(
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
        self.reader_host = cluster.attr_read_endpoint_address if readers else None
        """The readers' endpoint, which leads to the writer where there are none."""
        self._is_made(
            cluster,
            parameter_group,
            host=cluster.attr_endpoint_address,
            port=cluster.attr_endpoint_port,
            resource_id=cluster.attr_db_cluster_resource_id,
            deletion_protection=deletion_protection,
        )
        monitoring_role = foundation.monitoring_role()
        self._instances = [
            rds.CfnDBInstance(
                self,
                f"Instance{number}",
                db_instance_identifier=f"{identifier}-{number}",
                db_cluster_identifier=cluster.ref,
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
            instance.apply_removal_policy(self._policy)
        for reader in others:
            # The first that is there writes.
            reader.add_resource_dependency(writer)
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
    def members(self) -> Mapping[str, str]:
        """The resource id of each instance, by which Performance Insights knows it."""
        return {
            f"{self.identifier}-{number}": one.attr_dbi_resource_id
            for number, one in enumerate(self._instances, start=1)
        }

    def come_last(self, scope: Construct, *, before: Sequence[CfnResource] = ()) -> None:
        """The cluster before its own instances, too."""
        super().come_last(scope, before=(*before, *self._instances))
