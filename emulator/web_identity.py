"""Tokens in the place of those that identity providers sign, such as GitHub's and GitLab's.

AWS takes a token that its issuer signed, for an audience that the account's provider lists, and in
its time ("AssumeRoleWithWebIdentity" of the STS API reference); whom a role trusts comes after.
"""

import base64
import json
import time
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from emulator.engine import Emulator

# "Available keys for AWS OIDC federation" of the IAM user guide, beside those of each provider.
CONDITION_KEYS = {
    "token.actions.githubusercontent.com": (
        "actor", "actor_id", "enterprise_id", "environment", "job_workflow_ref", "ref",
        "repository", "repository_id", "repository_owner_id", "workflow",
    ),
    "gitlab.com": (
        "namespace_id", "pipeline_source", "project_id", "ref_protected", "runner_environment",
        "user_access_level", "user_email", "user_id", "user_login",
    ),
}  # fmt: skip


class WebIdentities:
    """Every issuer at once, with one key."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        emulator.identities.take_web_identities(self._refusal, CONDITION_KEYS)

    def signed(self, claims: Mapping[str, Any]) -> dict[str, str]:
        """A `token` with these claims, for an hour unless they say otherwise."""
        now = int(time.time())
        content = {"iat": now, "exp": now + 3600, **claims}
        signed = f"{_encoded({'alg': 'RS256', 'typ': 'JWT'})}.{_encoded(content)}"
        signature = self._key.sign(signed.encode(), padding.PKCS1v15(), SHA256())
        encoded = base64.urlsafe_b64encode(signature).decode().rstrip("=")
        return {"token": f"{signed}.{encoded}"}

    def _refusal(self, token: str) -> tuple[str, str] | None:
        """The code and the message of STS's error; None for a token that is good."""
        signed, _, signature = token.rpartition(".")
        try:
            self._key.public_key().verify(
                _decoded(signature), signed.encode(), padding.PKCS1v15(), SHA256()
            )
            claims = json.loads(_decoded(signed.partition(".")[2]))
        except (InvalidSignature, ValueError):
            return "InvalidIdentityToken", "Couldn't retrieve verification key from your provider"
        if claims["exp"] < time.time():
            return "ExpiredTokenException", "Token expired: current date/time must be before exp"
        host = str(claims["iss"]).removeprefix("https://")
        arn = f"arn:aws:iam::{self._emulator.account}:oidc-provider/{host}"
        provider = self._emulator.store("iam", "_oidc_providers").get(arn)
        if provider is None:
            missing = f"No OpenIDConnect provider found in your account for {claims['iss']}"
            return "InvalidIdentityToken", missing
        if claims["aud"] not in provider["ClientIDList"]:
            return "InvalidIdentityToken", "Incorrect token audience"
        return None


def _encoded(content: Mapping[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
