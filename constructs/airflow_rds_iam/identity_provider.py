"""What IAM calls an OpenID Connect provider."""

from aws_cdk import Stack
from constructs import Construct

from airflow_rds_iam.declaration.identity_provider import GOOGLE, host


def provider_name(scope: Construct, issuer: str) -> str:
    """What a trust names the provider at ``issuer``: its ARN, as an account has one of each.

    One that IAM knows by itself has none.
    """
    if issuer == GOOGLE:
        return host(issuer)
    return Stack.of(scope).format_arn(
        service="iam", region="", resource="oidc-provider", resource_name=host(issuer)
    )
