"""What every policy document is made of, whatever it is for.

Sources: IAM user guide, "Grammar of the IAM JSON policy language" and "IAM JSON policy elements:
Condition operators". The messages are IAM's, as the reports of its users quote them.
"""

import json
import re
from collections.abc import Iterator
from typing import Any, TypeAlias, cast

Statement: TypeAlias = dict[str, Any]

SYNTAX = "Syntax errors in policy."
VERSIONS = ("2008-10-17", "2012-10-17")
_VENDOR = "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."
_ELEMENTS = {"Id", "Statement", "Version"}
_LISTS = ("Action", "NotAction", "Resource", "NotResource")
_STATEMENT_ELEMENTS = {*_LISTS, "Condition", "Effect", "NotPrincipal", "Principal", "Sid"}
_COMPARISONS = ("Equals", "NotEquals")
_ORDER = ("GreaterThan", "GreaterThanEquals", "LessThan", "LessThanEquals")
_PATTERNS = ("Like", "NotLike")
_OPERATORS = {
    *(f"Arn{one}" for one in (*_COMPARISONS, *_PATTERNS)),
    *(f"{kind}{one}" for kind in ("Date", "Numeric") for one in (*_COMPARISONS, *_ORDER)),
    *(f"String{one}" for one in (*_COMPARISONS, *_PATTERNS)),
    *(f"String{one}IgnoreCase" for one in _COMPARISONS),
    "BinaryEquals", "Bool", "IpAddress", "NotIpAddress",
}  # fmt: skip
_OPERATOR = re.compile(rf"(ForA(ll|ny)Values?:)?(({'|'.join(_OPERATORS)})(IfExists)?|Null)")
_SETS = ("", "ForAllValues:", "ForAnyValue:")


def statements(document: Any) -> list[Statement]:
    """A document's statements. ValueError if they, or what is around them, are not as they must be.

    Args:
        document: of a policy, in JSON or read from it.
    """
    try:
        policy = json.loads(document) if isinstance(document, str) else document
    except ValueError:
        raise ValueError(SYNTAX) from None
    if not isinstance(policy, dict) or not _ELEMENTS.issuperset(cast("dict[str, Any]", policy)):
        raise ValueError(SYNTAX)
    content = cast("dict[str, Any]", policy)
    texts = [content[name] for name in ("Id", "Version") if name in content]
    found = listed(content.get("Statement"))
    if not all(isinstance(one, str) for one in texts) or not found:
        raise ValueError(SYNTAX)
    if content.get("Version", VERSIONS[0]) not in VERSIONS:
        raise ValueError(SYNTAX)
    for one in found:
        _check_statement(one)
    return found


def listed(value: Any) -> list[Any]:
    """What may be one or a list, as a list."""
    if value is None:
        return []
    return cast("list[Any]", value) if isinstance(value, list) else [value]


def values(statement: Statement, element: str) -> list[Any]:
    """What a statement says in an element, or in the element that means all but that."""
    return listed(statement.get(element, statement.get(f"Not{element}")))


def _check_statement(statement: Any) -> None:
    if not isinstance(statement, dict):
        raise ValueError(SYNTAX)  # noqa: TRY004 as IAM says
    given = cast("Statement", statement)
    well_formed = (
        _STATEMENT_ELEMENTS.issuperset(given)
        and given.get("Effect") in ("Allow", "Deny")
        and isinstance(given.get("Sid", ""), str)
        and not any({name, f"Not{name}"} <= given.keys() for name in _LISTS)
        and not {"Principal", "NotPrincipal"} <= given.keys()
        and all(isinstance(one, str) for name in _LISTS for one in listed(given.get(name)))
    )
    if not well_formed:
        raise ValueError(SYNTAX)
    _check_actions(given)
    for key in _condition_keys(given.get("Condition", {})):
        if ":" not in key:
            raise ValueError(_VENDOR)


def _check_actions(statement: Statement) -> None:
    actions = values(statement, "Action")
    if not actions:
        raise ValueError("Policy statement must contain actions.")
    for action in actions:
        vendor, colon, name = action.partition(":")
        if action == "*":
            continue
        if not colon:
            raise ValueError(_VENDOR)
        if not re.fullmatch(r"[A-Za-z0-9.-]+", vendor):
            raise ValueError(f"Vendor {vendor} is not valid")
        if ":" in name:
            raise ValueError("Actions/Condition can contain only one colon.")
        if not re.fullmatch(r"[A-Za-z0-9*?]+", name):
            raise ValueError(SYNTAX)


def _condition_keys(condition: Any) -> Iterator[str]:
    """The keys of a condition. ValueError if it has another operator than there are."""
    if not isinstance(condition, dict):
        raise ValueError(SYNTAX)  # noqa: TRY004 as IAM says
    for operator, compared in cast("dict[str, Any]", condition).items():
        found = _OPERATOR.fullmatch(operator)
        if not found or (found[1] or "") not in _SETS or not isinstance(compared, dict):
            raise ValueError(SYNTAX)
        for key, value in cast("dict[str, Any]", compared).items():
            if not all(isinstance(one, str | bool | int | float) for one in listed(value)):
                raise ValueError(SYNTAX)
            yield key
