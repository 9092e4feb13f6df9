"""An RDS for PostgreSQL instance that nobody has a password for."""

from collections.abc import Sequence

import jsii
from aws_cdk import ArnFormat, RemovalPolicy, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_rds as rds
from constructs import Construct

from airflow_rds_iam.acknowledgments import acknowledge
from airflow_rds_iam.declaration.model import RetentionDays
from airflow_rds_iam.log_encryption import allow_cloudwatch_logs

PORT = 5432
MASTER_USER = "administrator"
LOG_EXPORTS = ("postgresql", "upgrade", "iam-db-auth-error")

PARAMETERS = {
    # No session without TLS, so that no token travels in the clear.
    "rds.force_ssl": "1",
    # Who came and went. RDS's line prefix, %t:%r:%u@%d:[%p]:, names the user who logged in and the
    # database on every line, and stays the login user's after SET ROLE.
    "log_connections": "1",
    "log_disconnections": "1",
    # Every statement, since an audit asks who read as well as who wrote ...
    "log_statement": "all",
    # ... without the values bound to it, which are the data itself.
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
}


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
        retain: keep the instance, its key and its logs when the stack is removed.
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
    ) -> None:
        super().__init__(scope, construct_id)
        self.identifier = identifier
        self.master_user = MASTER_USER
        removal_policy = RemovalPolicy.RETAIN if retain else RemovalPolicy.DESTROY
        self._security_group = ec2.SecurityGroup(
            self,
            "SecurityGroup",
            vpc=vpc,
            description=f"RDS instance {identifier}",
            allow_all_outbound=False,
        )
        self._connections = ec2.Connections(
            security_groups=[self._security_group], default_port=ec2.Port.tcp(PORT)
        )
        key = kms.Key(
            self,
            "Key",
            description=f"RDS instance {identifier}: storage, Performance Insights and logs",
            enable_key_rotation=True,
            removal_policy=removal_policy,
        )
        log_group_prefix = f"/aws/rds/instance/{identifier}/"
        allow_cloudwatch_logs(key, log_group_prefix=log_group_prefix)
        log_groups = [
            logs.CfnLogGroup(
                self,
                f"Logs-{log}",
                log_group_name=log_group_prefix + log,
                retention_in_days=log_retention_days,
                kms_key_id=key.key_arn,
            )
            for log in LOG_EXPORTS
        ]
        family = f"postgres{engine_version.partition('.')[0]}"
        parameter_group = rds.CfnDBParameterGroup(
            self,
            "Parameters",
            family=family,
            description=f"RDS instance {identifier}: TLS and audit",
            parameters=PARAMETERS,
        )
        subnet_group = rds.CfnDBSubnetGroup(
            self,
            "Subnets",
            db_subnet_group_description=f"RDS instance {identifier}",
            subnet_ids=[subnet.subnet_id for subnet in subnets],
        )
        # The L2 DatabaseInstance cannot say how the master user authenticates.
        self._instance = rds.CfnDBInstance(
            self,
            "Instance",
            # Named, since RDS names the log groups after it and they must be there first.
            db_instance_identifier=identifier,
            engine="postgres",
            engine_version=engine_version,
            auto_minor_version_upgrade=True,
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
            kms_key_id=key.key_arn,
            multi_az=multi_az,
            publicly_accessible=False,
            db_subnet_group_name=subnet_group.ref,
            vpc_security_groups=[self._security_group.security_group_id],
            backup_retention_period=backup_days,
            copy_tags_to_snapshot=True,
            delete_automated_backups=not retain,
            deletion_protection=deletion_protection,
            enable_performance_insights=True,
            performance_insights_kms_key_id=key.key_arn,
            monitoring_interval=60,
            monitoring_role_arn=self._monitoring_role().role_arn,
            enable_cloudwatch_logs_exports=list(LOG_EXPORTS),
        )
        self._instance.apply_removal_policy(removal_policy)
        for group in log_groups:
            group.apply_removal_policy(removal_policy)
            self._instance.add_resource_dependency(group)
        acknowledge(
            self._instance,
            "AwsSolutions-RDS11",
            reason="The port hides nothing from who is in the network: the security group opens it "
            "to Airflow and to the database users' function alone, and tools expect it.",
        )
        if not multi_az:
            acknowledge(
                self._instance,
                "AwsSolutions-RDS3",
                reason="multi_az: false is declared for this instance: an outage of its zone is "
                "accepted, and it can be restored from its backups.",
            )
        if not deletion_protection:
            acknowledge(
                self._instance,
                "AwsSolutions-RDS10",
                reason="deletion_protection: false is declared for this instance, whose data can "
                "be made anew.",
            )

    @property
    def connections(self) -> ec2.Connections:
        """Who may reach the database's port."""
        return self._connections

    @property
    def host(self) -> str:
        """The endpoint's name: what a token is signed for and the certificate names."""
        return self._instance.attr_endpoint_address

    @property
    def port(self) -> str:
        """The endpoint's port, as a string."""
        return self._instance.attr_endpoint_port

    @property
    def resource_id(self) -> str:
        """``DbiResourceId``, such as ``db-ABC…``; another one after a restore."""
        return self._instance.attr_dbi_resource_id

    def grant_connect(self, grantee: iam.IGrantable, *, user: str) -> iam.Grant:
        """Let ``grantee`` log in as the PostgreSQL ``user``, and as no other.

        Source: "Creating and using an IAM policy for IAM database access".
        """
        return iam.Grant.add_to_principal(
            grantee=grantee,
            actions=["rds-db:connect"],
            resource_arns=[
                Stack.of(self).format_arn(
                    service="rds-db",
                    resource="dbuser",
                    resource_name=f"{self.resource_id}/{user}",
                    arn_format=ArnFormat.COLON_RESOURCE_NAME,
                )
            ],
        )

    def _monitoring_role(self) -> iam.Role:
        role = iam.Role(
            self,
            "MonitoringRole",
            assumed_by=iam.ServicePrincipal("monitoring.rds.amazonaws.com"),
            managed_policies=[
                iam.ManagedPolicy.from_aws_managed_policy_name(
                    "service-role/AmazonRDSEnhancedMonitoringRole"
                )
            ],
        )
        acknowledge(
            role,
            "AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/"
            "AmazonRDSEnhancedMonitoringRole]",
            reason="RDS documents this policy for enhanced monitoring: it writes to the log group "
            "RDSOSMetrics and reads nothing.",
        )
        return role
