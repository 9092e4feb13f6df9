"""An RDS for PostgreSQL instance that nobody has a password for."""

from collections.abc import Mapping, Sequence

import jsii
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_rds as rds
from constructs import Construct

from airflow_rds_iam.acknowledgments import HIPAA, NIST, acknowledge, acknowledge_rule
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

LOG_EXPORTS = ("postgresql", "upgrade", "iam-db-auth-error")


@jsii.implements(ec2.IConnectable)
class PostgresInstance(Construct):
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
        super().__init__(scope, construct_id)
        self.identifier = identifier
        self.master_user = MASTER_USER
        self._resource_id = resource_id
        foundation = Foundation(
            self,
            identifier=identifier,
            kind="instance",
            vpc=vpc,
            log_exports=LOG_EXPORTS,
            retention_days=log_retention_days,
            policy=removal_policy(retain=retain),
        )
        self._connections = foundation.connections
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
        self._instance = rds.CfnDBInstance(
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
        self._instance.apply_removal_policy(removal_policy(retain=retain))
        for group in foundation.log_groups:
            self._instance.add_resource_dependency(group)
        keep_with(self._instance, parameter_group)
        # Each question goes to Node.js and back, and every grant has all three.
        self.host = self._instance.attr_endpoint_address
        """The endpoint's name: what a token is signed for and the certificate names."""
        self.port = self._instance.attr_endpoint_port
        """The endpoint's port, as a string."""
        self.made_resource_id = self._instance.attr_dbi_resource_id
        """The id that the instance was made with, which CloudFormation keeps after a restore."""
        self._acknowledge(multi_az=multi_az, deletion_protection=deletion_protection)

    def _acknowledge(self, *, multi_az: bool, deletion_protection: bool) -> None:
        acknowledge(
            self._instance,
            "AwsSolutions-RDS11",
            reason="The port hides nothing from who is in the network: the security group opens it "
            "to Airflow and to the database users' function alone, and tools expect it.",
        )
        acknowledge_rule(
            self._instance,
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
            acknowledge(self._instance, "AwsSolutions-RDS3", reason=accepted)
            acknowledge_rule(
                self._instance, "RDSMultiAZSupport", packs=(NIST, HIPAA), reason=accepted
            )
        if not deletion_protection:
            made_anew = (
                "deletion_protection: false is declared for this instance, whose data can be made "
                "anew."
            )
            acknowledge(self._instance, "AwsSolutions-RDS10", reason=made_anew)
            acknowledge_rule(
                self._instance,
                "RDSInstanceDeletionProtectionEnabled",
                packs=(NIST, HIPAA),
                reason=made_anew,
            )

    @property
    def connections(self) -> ec2.Connections:
        """Who may reach the database's port."""
        return self._connections

    @property
    def reader_host(self) -> None:
        """None: an instance has no endpoint of readers."""
        return None

    @property
    def resource_id(self) -> str:
        """``DbiResourceId``, such as ``db-ABC…``: as declared, or as it was made."""
        return self._resource_id or self.made_resource_id

    @property
    def lived_in(self) -> bool:
        """Nobody was there before."""
        return False

    @property
    def told(self) -> Mapping[str, str]:
        """Which instance a declared resource id stands for."""
        same = self.resource_id == self.made_resource_id
        return {} if same else {"MadeResourceId": self.made_resource_id}

    @property
    def members(self) -> Mapping[str, str]:
        """The resource id of the instance, by which Performance Insights knows it."""
        return {self.identifier: self.resource_id}

    def come_last(self, scope: Construct) -> None:
        """Make the instance once everything else within ``scope`` is there."""
        come_last(self._instance, scope)

    def grant_connect(self, grantee: iam.IGrantable, *, user: str) -> iam.Grant:
        """Let ``grantee`` log in as the PostgreSQL ``user``, and as no other."""
        return grant_connect(self, grantee, resource_id=self.resource_id, user=user)
