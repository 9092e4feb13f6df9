"""A Lambda function that stands behind a custom resource."""

from collections.abc import Mapping, Sequence
from typing import cast

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import custom_resources as cr
from constructs import Construct

from airflow_rds_iam.acknowledgments import (
    HIPAA,
    NIST,
    SERVERLESS,
    acknowledge_inline_policy,
    acknowledge_rule,
    acknowledge_wildcard,
)

# "Giving Lambda functions access to resources in an Amazon VPC".
NETWORK_INTERFACE_ACTIONS = (
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
)


class ResourceFunction(Construct):
    """A function on arm64, and the provider that answers CloudFormation for it.

    The provider is outside the VPC, so a function inside needs no way to CloudFormation.

    Args:
        handler: in ``code``, such as ``package.module.function``.
        timeout: after which an invocation fails; 15 minutes at most.
        memory_size: MiB.
        key: encrypts the log groups; its policy lets CloudWatch Logs use it.
        subnets: with ``vpc`` and ``security_group``, where the function runs.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        description: str,
        code: lambda_.Code,
        handler: str,
        timeout: Duration,
        key: kms.IKey,
        memory_size: int = 256,
        environment: Mapping[str, str] | None = None,
        vpc: ec2.IVpc | None = None,
        subnets: Sequence[ec2.ISubnet] = (),
        security_group: ec2.ISecurityGroup | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        log_group = self._log_group("Logs", key)
        self.role = role = self._role("Role", log_group)
        if vpc is not None:
            role.add_to_policy(
                iam.PolicyStatement(actions=list(NETWORK_INTERFACE_ACTIONS), resources=["*"])
            )
            acknowledge_wildcard(
                role,
                "Resource",
                "*",
                reason="Lambda attaches the function to the VPC with these actions, for which "
                "no resource can be named before it exists. The function itself cannot use them: "
                "its security group lets it out to the database's port and to no AWS API.",
            )
        self.function = lambda_.Function(
            self,
            "Function",
            description=description,
            runtime=lambda_.Runtime.PYTHON_3_14,
            architecture=lambda_.Architecture.ARM_64,
            code=code,
            handler=handler,
            timeout=timeout,
            memory_size=memory_size,
            environment=dict(environment or {}),
            role=role,
            log_group=log_group,
            vpc=vpc,
            vpc_subnets=ec2.SubnetSelection(subnets=list(subnets)) if vpc else None,
            security_groups=[security_group] if security_group else None,
        )
        provider_logs = self._log_group("ProviderLogs", key)
        provider_role = self._role("ProviderRole", provider_logs)
        provider = cr.Provider(
            self,
            "Provider",
            on_event_handler=self.function,
            framework_on_event_role=provider_role,
            log_group=provider_logs,
        )
        self.service_token = provider.service_token
        framework = provider.node.find_child("framework-onEvent").node.default_child
        cast("lambda_.CfnFunction", framework).memory_size = memory_size
        self._acknowledge(outside=provider if vpc else self)
        acknowledge_wildcard(
            provider_role,
            "Resource",
            f"{self.function.function_arn}:*",
            reason="The provider may call each version of this one function, and no other.",
        )

    def _acknowledge(self, *, outside: Construct) -> None:
        acknowledge_rule(
            outside,
            "LambdaInsideVPC",
            reason="It calls AWS APIs alone and no database: in the VPC it would need a way out "
            "of it, and would have a way to the databases that it has no use for.",
        )
        acknowledge_rule(
            self,
            "LambdaConcurrency",
            packs=(NIST, HIPAA),
            reason="CloudFormation calls it once at a time for a resource. Reserving concurrency "
            "takes it from the whole account, and fails in one whose quota is the first, of ten.",
        )
        acknowledge_rule(
            self,
            "LambdaDLQ",
            packs=(NIST, HIPAA, SERVERLESS),
            reason="Who calls it waits for the answer, and a failure fails the deploy; an event "
            "kept for later would change a stack that was rolled back.",
        )
        acknowledge_rule(
            self,
            "LambdaTracing",
            packs=(SERVERLESS,),
            reason="It calls one server, or one service, and its log says what was done and how "
            "long that took; a trace would need a way out of the VPC.",
        )

    def _log_group(self, construct_id: str, key: kms.IKey) -> logs.LogGroup:
        return logs.LogGroup(
            self,
            construct_id,
            encryption_key=key,
            retention=logs.RetentionDays.ONE_YEAR,
            removal_policy=RemovalPolicy.DESTROY,
        )

    def _role(self, construct_id: str, log_group: logs.ILogGroup) -> iam.Role:
        service = iam.ServicePrincipal("lambda.amazonaws.com")
        role = iam.Role(self, construct_id, assumed_by=service)
        log_group.grant_write(role)
        acknowledge_inline_policy(role)
        return role
