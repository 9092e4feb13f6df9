"""What IAM calls an OpenID Connect provider."""

from aws_cdk import Stack
from constructs import Construct

from airflow_rds_iam.declaration.identity_provider import host


def provider_arn(scope: Construct, issuer: str) -> str:
    """The ARN of the provider at the address ``issuer``: an account has one of each."""
    return Stack.of(scope).format_arn(
        service="iam", region="", resource="oidc-provider", resource_name=host(issuer)
    )
