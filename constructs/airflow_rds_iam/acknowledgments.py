"""cdk-nag findings that are right as they are."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, Literal

from aws_cdk import Acknowledgment, Stack, Validations
from constructs import Construct

NIST, HIPAA, PCI, SERVERLESS = "NIST.800.53.R5", "HIPAA.Security", "PCI.DSS.321", "Serverless"
STANDARDS = (NIST, HIPAA, PCI)
"""Packs of cdk-nag that ask for much the same, each rule under the name of each pack."""


def acknowledgment(
    finding: str, *, reason: str, owner: str | None = None, until: date | None = None
) -> Acknowledgment:
    """That one ``finding``, such as ``AwsSolutions-RDS11``, is right as it is.

    Args:
        finding: as cdk-nag names it, or with the plugin before it, ``Plugin::Rule``.
        reason: why it is right as it is.
        owner: who answers for it.
        until: the last day on which it holds; the review fails after it.
    """
    # By its rule alone, cdk-nag drops the finding before the CDK's report could show it.
    rule, _, _ = finding.partition("[")
    qualified = finding if "::" in rule else f"{rule.rpartition('-')[0]}::{finding}"
    terms = "; ".join(
        f"{name}: {value}" for name, value in (("owner", owner), ("until", until)) if value
    )
    return Acknowledgment(id=qualified, reason=f"{reason} ({terms})" if terms else reason)


def acknowledgments_of_rule(
    rule: str, *, reason: str, packs: Sequence[str] = STANDARDS
) -> list[Acknowledgment]:
    """That a ``rule``'s finding is right as it is, in each of the ``packs`` that have it."""
    return [acknowledgment(f"{pack}-{rule}", reason=reason) for pack in packs]


def acknowledge(
    construct: Construct,
    finding: str,
    *,
    reason: str,
    owner: str | None = None,
    until: date | None = None,
) -> None:
    """Acknowledge one ``finding`` on ``construct``, or on what it holds.

    The rest is as for `acknowledgment`.
    """
    acknowledge_each(construct, [acknowledgment(finding, reason=reason, owner=owner, until=until)])


def acknowledge_rule(
    construct: Construct, rule: str, *, reason: str, packs: Sequence[str] = STANDARDS
) -> None:
    """Acknowledge a ``rule`` on ``construct`` in each of the ``packs`` that have it."""
    acknowledge_each(construct, acknowledgments_of_rule(rule, reason=reason, packs=packs))


def acknowledge_each(construct: Construct, acknowledged: Iterable[Acknowledgment]) -> None:
    """Acknowledge several findings on ``construct`` at once, in two calls of the CDK."""
    Validations.of(construct).acknowledge(*acknowledged)


def acknowledge_aws_key(group: Construct) -> None:
    """Acknowledge that CloudWatch Logs encrypts a log group with a key of its own."""
    acknowledge_rule(
        group,
        "CloudWatchLogGroupEncrypted",
        reason="The keys that AWS owns are asked for: CloudWatch Logs encrypts with its own.",
    )


def acknowledge_inline_policy(role: Construct) -> None:
    """Acknowledge that a role, or a policy of one, holds its permissions itself."""
    acknowledge_rule(
        role,
        "IAMNoInlinePolicy",
        reason="What is allowed here is allowed to this one role: inline, it comes and goes with "
        "the role, can be attached to nobody else, and takes none of the role's ten places.",
    )


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
