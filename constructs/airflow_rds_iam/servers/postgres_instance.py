"""An RDS for PostgreSQL instance that nobody has a password for."""

from collections.abc import Mapping, Sequence

from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_rds as rds
from constructs import Construct

from airflow_rds_iam.acknowledgments import HIPAA, NIST, acknowledge, acknowledge_rule
from airflow_rds_iam.declaration.values import RetentionDays
from airflow_rds_iam.keys import arn_from_id
from airflow_rds_iam.servers.foundation import PORT
from airflow_rds_iam.servers.made_server import MadeServer
from airflow_rds_iam.servers.postgres_engine import family, parameters

LOG_EXPORTS = ("postgresql", "upgrade", "iam-db-auth-error")


class PostgresInstance(MadeServer):
    """An instance with IAM authentication, for its master user too.

    Args:
        identifier: the DB instance identifier; it names the log groups.
        subnets: private subnets in two zones or more.
        engine_version: such as ``17`` or ``17.6``.
        instance_class: such as ``db.t4g.medium``.
        storage_gib: GiB at first; ``max_storage_gib``: GiB to grow to by itself.
        backup_days: days of automated backups.
        log_retention_days: days that CloudWatch Logs takes.
        retain: keep the instance and all that it stands on when the stack is removed.
        allow_major_version_upgrade: let RDS upgrade to another major ``engine_version``.
        resource_id: its ``DbiResourceId``, where it is not the one that it was made with.
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
        instance_class: str = "db.t4g.medium",
        storage_gib: int = 20,
        max_storage_gib: int = 100,
        multi_az: bool = True,
        backup_days: int = 7,
        log_retention_days: RetentionDays = 365,
        deletion_protection: bool = True,
        retain: bool = True,
        allow_major_version_upgrade: bool = False,
        resource_id: str | None = None,
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            identifier=identifier,
            kind="instance",
            retain=retain,
            resource_id=resource_id,
            vpc=vpc,
            log_exports=LOG_EXPORTS,
            log_retention_days=log_retention_days,
        )
        foundation = self._foundation
        parameter_group = rds.CfnDBParameterGroup(
            self,
            "Parameters",
            family=family(engine_version),
            description=f"{foundation.description}: TLS and audit",
            parameters=parameters(engine_version),
        )
        subnet_group = foundation.subnet_group(subnets)
        monitoring_role = foundation.monitoring_role()
        key_arn = arn_from_id(foundation.key)
        # The L2 DatabaseInstance cannot say how the master user authenticates.
        instance = rds.CfnDBInstance(
            self,
            "Instance",
            # Named, since RDS names the log groups after it and they must be there first.
            db_instance_identifier=identifier,
            engine="postgres",
            engine_version=engine_version,
            auto_minor_version_upgrade=True,
            allow_major_version_upgrade=allow_major_version_upgrade,
            db_instance_class=instance_class,
            port=str(PORT),
            enable_iam_database_authentication=True,
            master_username=self.master_user,
            master_user_authentication_type="iam-db-auth",
            db_parameter_group_name=parameter_group.ref,
            allocated_storage=str(storage_gib),
            max_allocated_storage=max_storage_gib,
            storage_type="gp3",
            storage_encrypted=True,
            kms_key_id=key_arn,
            multi_az=multi_az,
            publicly_accessible=False,
            db_subnet_group_name=subnet_group.ref,
            vpc_security_groups=[foundation.security_group.security_group_id],
            backup_retention_period=backup_days,
            copy_tags_to_snapshot=True,
            delete_automated_backups=not retain,
            deletion_protection=deletion_protection,
            enable_performance_insights=True,
            performance_insights_kms_key_id=key_arn,
            monitoring_interval=60,
            monitoring_role_arn=monitoring_role.role_arn,
            enable_cloudwatch_logs_exports=list(LOG_EXPORTS),
        )
        self._is_made(
            instance,
            parameter_group,
            host=instance.attr_endpoint_address,
            port=instance.attr_endpoint_port,
            resource_id=instance.attr_dbi_resource_id,
            deletion_protection=deletion_protection,
        )
        acknowledge_rule(
            instance,
            "RDSInBackupPlan",
            packs=(NIST, HIPAA),
            reason="RDS makes its own backups, to any second of the days that are declared for "
            "this instance; a plan of AWS Backup is the account's, and selects by tags.",
        )
        if not multi_az:
            accepted = (
                "multi_az: false is declared for this instance: an outage of its zone is "
                "accepted, and it can be restored from its backups."
            )
            acknowledge(instance, "AwsSolutions-RDS3", reason=accepted)
            acknowledge_rule(instance, "RDSMultiAZSupport", packs=(NIST, HIPAA), reason=accepted)

    @property
    def reader_host(self) -> None:
        """None: an instance has no endpoint of readers."""
        return None

    @property
    def members(self) -> Mapping[str, str]:
        """The resource id of the instance, by which Performance Insights knows it."""
        return {self.identifier: self.resource_id}
