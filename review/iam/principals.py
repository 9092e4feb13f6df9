"""Who asks, and whom a policy of a resource names.

Source: "AWS JSON policy elements: Principal" of the IAM user guide.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from review.iam.matching import equals, has_token
from review.iam.policy import Statement
from review.iam.truth import NO, UNKNOWN, YES, Truth, any_of


@dataclass(frozen=True, kw_only=True)
class Principal:
    """A role or user (``arn`` and ``account``), a service, or a federated identity provider."""

    arn: str = ""
    account: str = ""
    service: str = ""
    federated: str = ""


def named(statement: Statement, principal: Principal) -> tuple[Truth, Truth]:
    """Whether the statement names the principal itself, and whether it names its account.

    Naming an account hands the decision to the policies of that account's identities.
    """
    if not statement.readable:
        return UNKNOWN, UNKNOWN
    if statement.not_principal is not None:
        itself = _any(statement.not_principal, principal)
        return ~max(itself), NO
    return _any(statement.principal, principal)


def named_principals(element: Any) -> Iterator[tuple[str, str]]:
    """Each kind and name in a ``Principal`` element, such as ``("AWS", "*")``."""
    if isinstance(element, str):
        yield "AWS", element
    elif isinstance(element, Mapping):
        for kind, value in cast("Mapping[str, Any]", element).items():
            names = cast("list[Any]", value) if isinstance(value, list) else [value]
            for name in names:
                yield kind, str(name)
    elif element is not None:
        yield "?", str(element)


def _any(element: Any, principal: Principal) -> tuple[Truth, Truth]:
    found = [_one(kind, name, principal) for kind, name in named_principals(element)]
    return any_of(itself for itself, _ in found), any_of(account for _, account in found)


def _one(kind: str, name: str, principal: Principal) -> tuple[Truth, Truth]:
    if kind == "AWS" and name == "*":
        return YES, NO
    match kind:
        case "AWS" if principal.arn:
            return _identity(name, principal)
        case "Service" if principal.service:
            return equals(name, principal.service), NO
        case "Federated" if principal.federated:
            return equals(name, principal.federated), NO
        case "AWS" | "Service" | "Federated" | "CanonicalUser":
            return NO, NO
        case _:
            return UNKNOWN, UNKNOWN


def _identity(name: str, principal: Principal) -> tuple[Truth, Truth]:
    account = re.fullmatch(r"(?:arn:[^:]+:iam::)?([^:/]+)(?::root)?", name)
    if account and (name.endswith(":root") or not name.startswith("arn:")):
        if has_token(name) and not name.endswith(":root"):
            # One whole token: a role's ARN, or an account.
            itself = equals(name, principal.arn)
            return itself, equals(name, principal.account)
        return NO, equals(account[1], principal.account)
    session = re.fullmatch(r"arn:([^:]+):sts::([^:]+):assumed-role/([^/]+)/.+", name)
    if session:
        # One session's name out of all that the role may have.
        role = f":{session[2]}:role/"
        own = re.sub(r":role/.*/", ":role/", principal.arn)
        itself = equals(f"arn:{session[1]}:iam:{role}{session[3]}", own)
        return min(itself, UNKNOWN), NO
    return equals(name, principal.arn), NO
