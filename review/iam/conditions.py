"""The ``Condition`` block of a policy statement.

Source: "IAM JSON policy elements: Condition operators" and "… Condition operators for multiple
context keys or values" of the IAM user guide.
"""

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from ipaddress import ip_address, ip_network
from typing import Any, cast

from review.iam.arn import arn_matches
from review.iam.context import Context
from review.iam.matching import equals, matches
from review.iam.truth import UNKNOWN, Truth, any_of, every, truth

Test = Callable[[str, str], Truth]
"""Whether a value of the policy, the first, accepts one of the request."""


def hold(conditions: Mapping[str, Any], context: Context) -> Truth:
    """Whether every condition of a statement holds."""
    return every(
        _condition(name, key, _texts(wanted), context)
        for name, keys in conditions.items()
        for key, wanted in cast("Mapping[str, Any]", keys).items()
    )


def _condition(name: str, key: str, wanted: Sequence[str], context: Context) -> Truth:
    quantifier, _, name = name.rpartition(":")
    name = name.lower()
    if_exists = name.endswith("ifexists")
    name = name.removesuffix("ifexists")
    given = context.get(key)
    if given is None and not context.complete:
        return UNKNOWN
    if name == "null":
        return any_of(truth((given is None) == (one.lower() == "true")) for one in wanted)
    negated = name in _NEGATED
    test = _TESTS.get(_NEGATED.get(name, name))
    if test is None:
        return UNKNOWN
    if given is None:
        # Absent: what must differ does, ForAllValues holds of none, and IfExists asks for nothing.
        quantified = quantifier.lower() == "forallvalues"
        return truth(if_exists or quantified or (negated and not quantifier))
    answers = [_accepts(test, wanted, value, context) for value in given]
    if negated:
        answers = [~answer for answer in answers]
    match quantifier.lower():
        case "forallvalues":
            return every(answers)
        case "foranyvalue":
            return any_of(answers)
        case "":
            # What AWS does with many values and no quantifier is not documented.
            return answers[0] if len(set(answers)) == 1 else UNKNOWN
        case _:
            return UNKNOWN


def _accepts(test: Test, wanted: Sequence[str], value: str, context: Context) -> Truth:
    expanded = (context.expanded(one) for one in wanted)
    return any_of(test(one, value) for one in expanded if one is not None)


def _ignoring_case(wanted: str, value: str) -> Truth:
    return equals(wanted, value, ignore_case=True)


def _boolean(wanted: str, value: str) -> Truth:
    return _ignoring_case(wanted, value)


def _address(wanted: str, value: str) -> Truth:
    try:
        return truth(ip_address(value) in ip_network(wanted, strict=False))
    except ValueError:
        return UNKNOWN


def _ordered(compare: Callable[[Any, Any], bool], read: Callable[[str], Any]) -> Test:
    def test(wanted: str, value: str) -> Truth:
        try:
            return truth(compare(read(value), read(wanted)))
        except ValueError:
            return UNKNOWN

    return test


def _moment(text: str) -> datetime:
    if re.fullmatch(r"-?\d{5,}(\.\d+)?", text):
        return datetime.fromtimestamp(float(text), UTC)
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _comparisons(kind: str, read: Callable[[str], Any]) -> dict[str, Test]:
    return {
        f"{kind}equals": _ordered(operator.eq, read),
        f"{kind}lessthan": _ordered(operator.lt, read),
        f"{kind}lessthanequals": _ordered(operator.le, read),
        f"{kind}greaterthan": _ordered(operator.gt, read),
        f"{kind}greaterthanequals": _ordered(operator.ge, read),
    }


_TESTS: dict[str, Test] = {
    "stringequals": equals,
    "stringequalsignorecase": _ignoring_case,
    "stringlike": matches,
    "arnequals": arn_matches,
    "arnlike": arn_matches,
    "bool": _boolean,
    "binaryequals": equals,
    "ipaddress": _address,
    **_comparisons("numeric", float),
    **_comparisons("date", _moment),
}
_NEGATED = {
    "stringnotequals": "stringequals",
    "stringnotequalsignorecase": "stringequalsignorecase",
    "stringnotlike": "stringlike",
    "arnnotequals": "arnequals",
    "arnnotlike": "arnlike",
    "notipaddress": "ipaddress",
    "numericnotequals": "numericequals",
    "datenotequals": "dateequals",
}


def _texts(value: object) -> list[str]:
    values = cast("list[object]", value) if isinstance(value, list) else [value]
    return [str(one).lower() if isinstance(one, bool) else str(one) for one in values]
