"""What a server that is made here stands on, whatever kind it is of."""

from collections.abc import Sequence

from aws_cdk import RemovalPolicy
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_rds as rds
from constructs import Construct

from airflow_rds_iam.acknowledgments import acknowledge
from airflow_rds_iam.keys import allow_cloudwatch_logs

PORT = 5432


class Foundation:
    """Security group, key, log groups, subnets and monitoring role, in the server's own scope.

    Args:
        scope: the server.
        identifier: what RDS calls it.
        kind: ``instance`` or ``cluster``, as its log groups have it.
        log_exports: the logs that it exports.
        retention_days: days that CloudWatch Logs takes.
        policy: what becomes of all that when the stack is removed.
    """

    def __init__(
        self,
        scope: Construct,
        *,
        identifier: str,
        kind: str,
        vpc: ec2.IVpc,
        log_exports: Sequence[str],
        retention_days: int,
        policy: RemovalPolicy,
    ) -> None:
        self._scope = scope
        self._policy = policy
        self.description = f"RDS {kind} {identifier}"
        self.security_group = ec2.SecurityGroup(
            scope,
            "SecurityGroup",
            vpc=vpc,
            description=self.description,
            allow_all_outbound=False,
        )
        self.connections = ec2.Connections(
            security_groups=[self.security_group], default_port=ec2.Port.tcp(PORT)
        )
        self.key = kms.Key(
            scope,
            "Key",
            description=f"{self.description}: storage, Performance Insights and logs",
            enable_key_rotation=True,
            removal_policy=policy,
        )
        prefix = f"/aws/rds/{kind}/{identifier}/"
        allow_cloudwatch_logs(self.key, log_group_prefix=prefix)
        self.log_groups = [
            logs.CfnLogGroup(
                scope,
                f"Logs-{log}",
                log_group_name=prefix + log,
                retention_in_days=retention_days,
                kms_key_id=self.key.key_arn,
            )
            for log in log_exports
        ]
        # Without these a retained server could not be changed, logged or started again.
        for one in self.log_groups:
            one.apply_removal_policy(policy)
        self.security_group.apply_removal_policy(policy)

    def subnet_group(self, subnets: Sequence[ec2.ISubnet]) -> rds.CfnDBSubnetGroup:
        """The group of the private subnets that it is in."""
        group = rds.CfnDBSubnetGroup(
            self._scope,
            "Subnets",
            db_subnet_group_description=self.description,
            subnet_ids=[subnet.subnet_id for subnet in subnets],
        )
        group.apply_removal_policy(self._policy)
        return group

    def monitoring_role(self) -> iam.Role:
        """What enhanced monitoring writes with."""
        role = iam.Role(
            self._scope,
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
        role.apply_removal_policy(self._policy)
        return role
