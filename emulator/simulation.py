"""IAM's simulations of policies: for each resource, and in the context that is asked for.

Source: IAM API reference, SimulateCustomPolicy.
"""

from collections.abc import Callable, Iterator, Mapping
from itertools import count
from xml.sax.saxutils import escape

_DECISIONS = {"Allow": "allowed", "Deny": "explicitDeny"}
_CONTEXT = "ContextEntries.member"


def results(
    parameters: Mapping[str, str], decide: Callable[[str, str, Mapping[str, str | list[str]]], str]
) -> str:
    """The answer's results, in XML."""
    # "IAM JSON policy elements: Condition": the case of a condition key does not matter.
    context = {
        name.lower(): _one_or_all([*_listed(parameters, f"{_CONTEXT}.{number}.ContextKeyValues")])
        for number, name in enumerate(_listed(parameters, _CONTEXT, ".ContextKeyName"), 1)
    }
    return "".join(
        f"<member><EvalActionName>{escape(action)}</EvalActionName>"
        f"<EvalResourceName>{escape(resource)}</EvalResourceName>"
        f"<EvalDecision>{_DECISIONS.get(decide(action, resource, context), 'implicitDeny')}"
        "</EvalDecision><MatchedStatements/><MissingContextValues/></member>"
        for action in _listed(parameters, "ActionNames.member")
        for resource in [*_listed(parameters, "ResourceArns.member")] or ["*"]
    )


def _listed(parameters: Mapping[str, str], name: str, rest: str = "") -> Iterator[str]:
    name = name if name.endswith("member") else f"{name}.member"
    for number in count(1):
        if (value := parameters.get(f"{name}.{number}{rest}")) is None:
            return
        yield value


def _one_or_all(values: list[str]) -> str | list[str]:
    return values[0] if len(values) == 1 else values
