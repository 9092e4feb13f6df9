"""A Lambda function with a log group and a role of its own."""

from collections.abc import Mapping, Sequence

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from airflow_rds_iam.acknowledgments import (
    acknowledge_aws_key,
    acknowledge_inline_policy,
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


def python_function(
    scope: Construct,
    *,
    description: str,
    code: lambda_.Code,
    handler: str,
    timeout: Duration,
    memory_size: int,
    key: kms.IKey | None,
    environment: Mapping[str, str] | None = None,
    vpc: ec2.IVpc | None = None,
    subnets: Sequence[ec2.ISubnet] = (),
    security_group: ec2.ISecurityGroup | None = None,
    way_out: ec2.ISecurityGroup | None = None,
) -> tuple[lambda_.Function, iam.Role]:
    """A function on arm64 in ``scope``, and its role; arguments are those of `ResourceFunction`."""
    group = log_group(scope, "Logs", key)
    role = service_role(scope, "Role", group)
    if vpc is not None:
        role.add_to_policy(
            iam.PolicyStatement(actions=list(NETWORK_INTERFACE_ACTIONS), resources=["*"])
        )
        acknowledge_wildcard(
            role,
            "Resource",
            "*",
            reason="Lambda attaches the function to the VPC with these actions, for which "
            "no resource can be named before it exists. "
            + (
                "The function itself makes one call of AWS, of another service."
                if way_out
                else "The function itself cannot use them: its security group lets it out to the "
                "database's port and to no AWS API."
            ),
        )
    function = lambda_.Function(
        scope,
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
        log_group=group,
        vpc=vpc,
        vpc_subnets=ec2.SubnetSelection(subnets=list(subnets)) if vpc else None,
        security_groups=[one for one in (security_group, way_out) if one] or None,
    )
    return function, role


def log_group(scope: Construct, construct_id: str, key: kms.IKey | None) -> logs.LogGroup:
    """A log group that is encrypted, keeps a year, and goes with its stack."""
    group = logs.LogGroup(
        scope,
        construct_id,
        encryption_key=key,
        retention=logs.RetentionDays.ONE_YEAR,
        removal_policy=RemovalPolicy.DESTROY,
    )
    if key is None:
        acknowledge_aws_key(group)
    return group


def service_role(scope: Construct, construct_id: str, group: logs.ILogGroup) -> iam.Role:
    """A role of a function's, that may write to ``group``."""
    service = iam.ServicePrincipal("lambda.amazonaws.com")
    role = iam.Role(scope, construct_id, assumed_by=service)
    group.grant_write(role)
    acknowledge_inline_policy(role)
    return role
