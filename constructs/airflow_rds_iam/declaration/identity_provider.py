"""OpenID Connect providers, as identities and pipelines alike are of one."""

from typing import Literal

Provider = Literal["made", "existing"]
PROVIDER = (
    "Whether the identity provider is made here (`OIDCProvider.Url`), or exists: an account has "
    "one of each address."
)
AUDIENCE = "sts.amazonaws.com"
"""Whom a token for AWS must be for, where nothing else is agreed."""


GOOGLE = "https://accounts.google.com"
"""The provider that IAM knows by itself, and takes no tokens of where an account makes it anew.

Source: "Create an OpenID Connect (OIDC) identity provider in IAM".
"""
OF_AN_APPLICATION = ("cognito-identity.amazonaws.com", "graph.facebook.com", "www.amazon.com")
"""Others that it knows by itself: of an application's users, whom no audience and subject name."""


def audience_key(issuer: str) -> str:
    """IAM's key of a token's `aud`: what Google's is called so is its `azp`.

    Source: "IAM and AWS STS condition context keys", of AWS OIDC federation.
    """
    return f"{host(issuer)}:{'oaud' if issuer == GOOGLE else 'aud'}"


def principal(issuer: str, account: str) -> str:
    """What a trust names the provider at ``issuer``: its ARN, as an account has one of each.

    One that IAM knows by itself has none.

    Args:
        issuer: the provider's address.
        account: what an ARN of that account's begins with, `arn:aws:iam::111122223333`.
    """
    return host(issuer) if issuer == GOOGLE else f"{account}:oidc-provider/{host(issuer)}"


def host(issuer: str) -> str:
    """The provider at the address ``issuer``, as its ARN ends and keys of conditions begin."""
    return issuer.removeprefix("https://")
