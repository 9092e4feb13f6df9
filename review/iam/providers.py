"""The OpenID Connect providers whose tokens a statement takes, and of whom."""

from collections.abc import Iterator, Mapping
from typing import cast

from review.iam.policy import Statement
from review.iam.principals import named_principals

PROVIDER = ":oidc-provider/"
# Those that hold for no other value. An absent key fails them.
EXACT = ("stringequals", "stringlike")


def providers(statement: Statement) -> Iterator[str]:
    """The addresses of the OpenID Connect providers that a statement lets in."""
    if statement.allows and statement.readable:
        for kind, name in named_principals(statement.principal):
            if kind == "Federated" and PROVIDER in name:
                yield name.partition(PROVIDER)[2]
            elif kind == "Federated" and ":" not in name:  # which IAM knows by itself
                yield name


def named(statement: Statement, key: str) -> list[str]:
    """The values that a statement takes of a key, if it names each exactly."""
    found = [
        cast("list[object]", value) if isinstance(value, list) else [value]
        for operator, keys in statement.conditions.items()
        if operator.lower() in EXACT
        for each, value in cast("Mapping[str, object]", keys).items()
        if each.lower() == key.lower()
    ]
    values = [str(one) for listed in found for one in listed]
    return [] if any(character in one for one in values for character in "*?$⟨") else values
