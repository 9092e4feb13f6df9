"""Policies as plain data, each statement with where it stands."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, cast

from review.iam.matching import token

_ELEMENTS = {
    "Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource",
    "Condition",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where a policy is written."""

    stack: str = ""
    logical_id: str = ""
    element: str = ""
    """What of the resource holds it, such as ``AssumeRolePolicyDocument``."""

    def __str__(self) -> str:
        place = "/".join(part for part in (self.stack, self.logical_id) if part)
        return f"{place} ({self.element})" if self.element else place


@dataclass(frozen=True, kw_only=True, eq=False)
class Statement:
    """A statement, itself and no other; what is None or empty is not in it."""

    source: Source
    name: str
    """Its Sid, or its number in the policy, from 1."""
    allows: bool
    actions: tuple[str, ...] | None = None
    not_actions: tuple[str, ...] | None = None
    resources: tuple[str, ...] | None = None
    not_resources: tuple[str, ...] | None = None
    principal: Any = None
    not_principal: Any = None
    conditions: Mapping[str, Any] = field(default_factory=dict[str, Any])
    variables: bool = True
    """Whether the policy's version knows policy variables."""
    readable: bool = True
    """If not, nothing is known of what it allows or denies."""

    def __str__(self) -> str:
        return f"{self.source}, statement {self.name}"


@dataclass(frozen=True, kw_only=True)
class Policy:
    """A policy document."""

    source: Source
    statements: tuple[Statement, ...]


def policy(document: object, source: Source) -> Policy:
    """The policy that ``document`` is, as it stands in JSON.

    A statement that is none, such as one that depends on a condition of CloudFormation, is kept as
    one that cannot be read.
    """
    if not isinstance(document, Mapping) or "Statement" not in document:
        return unreadable(source)
    content = cast("Mapping[str, Any]", document)
    listed = _listed(content["Statement"]) or ()
    # IAM JSON policy elements, "Version": the version of a policy that names none is the old one.
    variables = content.get("Version") == "2012-10-17"
    return Policy(
        source=source,
        statements=tuple(
            _statement(one, source, number, variables) for number, one in enumerate(listed, 1)
        ),
    )


def perhaps(given: Policy) -> Policy:
    """A policy that may be left out: what it denies is not sure to be denied."""
    return replace(
        given,
        statements=tuple(
            one if one.allows else replace(one, readable=False) for one in given.statements
        ),
    )


def unreadable(source: Source) -> Policy:
    """A policy whose statements are not in the templates, such as one that AWS manages."""
    statement = Statement(source=source, name="not in these templates", allows=True, readable=False)
    return Policy(source=source, statements=(statement,))


def _statement(one: object, source: Source, number: int, variables: bool) -> Statement:
    if not isinstance(one, Mapping) or not _ELEMENTS.issuperset(cast("Mapping[str, Any]", one)):
        return Statement(source=source, name=str(number), allows=True, readable=False)
    content = cast("Mapping[str, Any]", one)
    conditions: Any = content.get("Condition") or {}
    conditional = isinstance(conditions, Mapping)
    effect = content.get("Effect")
    return Statement(
        source=source,
        name=str(content.get("Sid") or number),
        allows=effect == "Allow",
        actions=_texts(content.get("Action")),
        not_actions=_texts(content.get("NotAction")),
        resources=_texts(content.get("Resource")),
        not_resources=_texts(content.get("NotResource")),
        principal=content.get("Principal"),
        not_principal=content.get("NotPrincipal"),
        conditions=cast("Mapping[str, Any]", conditions) if conditional else {},
        variables=variables,
        readable=effect in ("Allow", "Deny") and conditional,
    )


def _listed(value: object) -> tuple[Any, ...] | None:
    if value is None:
        return None
    return tuple(cast("list[Any]", value)) if isinstance(value, list) else (value,)


def _texts(value: object) -> tuple[str, ...] | None:
    """Names; what is no text, such as a function of CloudFormation, may be any."""
    listed = _listed(value)
    return listed and tuple(
        one if isinstance(one, str) else token(json.dumps(one), kind="?") for one in listed
    )
