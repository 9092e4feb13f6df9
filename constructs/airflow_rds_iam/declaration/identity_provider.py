"""OpenID Connect providers, as identities and pipelines alike are of one."""

from typing import Literal

Provider = Literal["made", "existing"]
PROVIDER = (
    "Whether the identity provider is made here (`OIDCProvider.Url`), or exists: an account has "
    "one of each address."
)
AUDIENCE = "sts.amazonaws.com"
"""Whom a token for AWS must be for, where nothing else is agreed."""


def host(issuer: str) -> str:
    """The provider at the address ``issuer``, as its ARN ends and keys of conditions begin."""
    return issuer.removeprefix("https://")
