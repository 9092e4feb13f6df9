"""What keys of KMS need beside what their construct gives."""

from aws_cdk import ArnFormat, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct


def allow_cloudwatch_logs(key: kms.Key, *, log_group_prefix: str) -> None:
    """Let CloudWatch Logs use ``key`` for the log groups whose names begin with the prefix.

    Source: "Encrypt log data in CloudWatch Logs using AWS Key Management Service".
    """
    stack = Stack.of(key)
    key.add_to_resource_policy(
        iam.PolicyStatement(
            principals=[iam.ServicePrincipal(f"logs.{stack.region}.amazonaws.com")],
            actions=[
                "kms:Decrypt",
                "kms:Describe*",
                "kms:Encrypt",
                "kms:GenerateDataKey*",
                "kms:ReEncrypt*",
            ],
            resources=["*"],
            conditions={
                "ArnLike": {
                    "kms:EncryptionContext:aws:logs:arn": stack.format_arn(
                        service="logs",
                        resource="log-group",
                        resource_name=f"{log_group_prefix}*",
                        arn_format=ArnFormat.COLON_RESOURCE_NAME,
                    )
                }
            },
        )
    )


def log_key(scope: Construct, construct_id: str) -> kms.Key:
    """A key for the log groups of the stack whose names CloudFormation makes."""
    stack = Stack.of(scope)
    key = kms.Key(
        scope,
        construct_id,
        description=f"Log groups of {stack.stack_name}",
        enable_key_rotation=True,
        removal_policy=RemovalPolicy.DESTROY,
    )
    allow_cloudwatch_logs(key, log_group_prefix=f"{stack.stack_name}-")
    return key


def arn_from_id(key: kms.IKey) -> str:
    """The ARN of ``key``, known before it is deployed where the key stays as it is.

    CloudFormation reads an attribute, as ``key_arn`` is one, anew with each change of the key: in
    what is replaced with its key, each change of the key's policy would announce a replacement.
    """
    return Stack.of(key).format_arn(service="kms", resource="key", resource_name=key.key_id)
