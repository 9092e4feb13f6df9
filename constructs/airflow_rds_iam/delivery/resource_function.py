"""A Lambda function that stands behind a custom resource."""

from collections.abc import Mapping, Sequence
from typing import cast

from aws_cdk import Duration
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import custom_resources as cr
from constructs import Construct

from airflow_rds_iam.acknowledgments import (
    HIPAA,
    NIST,
    SERVERLESS,
    acknowledge_rule,
    acknowledge_wildcard,
)
from airflow_rds_iam.delivery.python_function import log_group, python_function, service_role


class ResourceFunction(Construct):
    """A function on arm64, and the provider that answers CloudFormation for it.

    The provider is outside the VPC, so a function inside needs no way to CloudFormation.

    Args:
        handler: in ``code``, such as ``package.module.function``.
        timeout: after which an invocation fails; 15 minutes at most.
        memory_size: MiB.
        key: encrypts the log groups; its policy lets CloudWatch Logs use it. None for one of AWS's.
        subnets: with ``vpc`` and ``security_group``, where the function runs.
        way_out: a security group that lets it out to an AWS API, where it calls one.
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
        key: kms.IKey | None,
        memory_size: int = 256,
        environment: Mapping[str, str] | None = None,
        vpc: ec2.IVpc | None = None,
        subnets: Sequence[ec2.ISubnet] = (),
        security_group: ec2.ISecurityGroup | None = None,
        way_out: ec2.ISecurityGroup | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        self.function, self.role = python_function(
            self,
            description=description,
            code=code,
            handler=handler,
            timeout=timeout,
            memory_size=memory_size,
            key=key,
            environment=environment,
            vpc=vpc,
            subnets=subnets,
            security_group=security_group,
            way_out=way_out,
        )
        provider_logs = log_group(self, "ProviderLogs", key)
        provider_role = service_role(self, "ProviderRole", provider_logs)
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
