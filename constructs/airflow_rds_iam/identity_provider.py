"""What IAM calls an OpenID Connect provider."""

from aws_cdk import Stack
from constructs import Construct

from airflow_rds_iam.declaration.identity_provider import principal


def provider_name(scope: Construct, issuer: str) -> str:
    """What a trust of the account of ``scope`` names the provider at ``issuer``."""
    stack = Stack.of(scope)
    return principal(issuer, f"arn:{stack.partition}:iam::{stack.account}")
