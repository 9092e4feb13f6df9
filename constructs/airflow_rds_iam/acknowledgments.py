"""cdk-nag findings that are right as they are."""

from typing import Any, Literal

from aws_cdk import Acknowledgment, Stack, Validations
from constructs import Construct


def acknowledge(construct: Construct, finding: str, *, reason: str) -> None:
    """Acknowledge one ``finding``, such as ``AwsSolutions-RDS11``, on ``construct`` alone."""
    Validations.of(construct).acknowledge(Acknowledgment(id=finding, reason=reason))


def acknowledge_wildcard(
    construct: Construct, kind: Literal["Action", "Resource"], value: str, *, reason: str
) -> None:
    """Acknowledge that the policies of ``construct`` name ``value``, which holds a wildcard."""
    flat = _flat(Stack.of(construct).resolve(value))
    acknowledge(construct, f"AwsSolutions-IAM5[{kind}::{flat}]", reason=reason)


def _flat(value: Any) -> str:
    """A resolved value as cdk-nag writes it: a reference in angle brackets."""
    match value:
        case {"Ref": name}:
            return f"<{name}>"
        case {"Fn::GetAtt": [name, attribute]}:
            return f"<{name}.{attribute}>"
        case {"Fn::Join": [separator, parts]}:
            return str(separator).join(_flat(part) for part in parts)
        case _:
            return str(value)
