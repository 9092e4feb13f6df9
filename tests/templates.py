"""What synthesized templates hold."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, cast

from aws_cdk import Stack
from aws_cdk.assertions import Template

Content = Mapping[str, Any]


def synthesized(stack: Stack) -> Content:
    """The template of ``stack``."""
    return Template.from_stack(stack).to_json()


def of_type(template: Content, resource_type: str) -> dict[str, dict[str, Any]]:
    """The resources of one type, by logical id."""
    return {
        logical_id: resource
        for logical_id, resource in template.get("Resources", {}).items()
        if resource["Type"] == resource_type
    }


def the(template: Content, resource_type: str) -> dict[str, Any]:
    """The one resource of its type."""
    [resource] = of_type(template, resource_type).values()
    return resource


def properties(template: Content, resource_type: str) -> list[dict[str, Any]]:
    """The properties of each resource of one type."""
    return [one.get("Properties", {}) for one in of_type(template, resource_type).values()]


def statements(template: Content) -> Iterator[dict[str, Any]]:
    """Each statement of the policies of identities; actions and resources are lists."""
    for kind in ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"):
        for policy in properties(template, kind):
            for statement in policy["PolicyDocument"]["Statement"]:
                yield {
                    **statement,
                    "Action": _listed(statement["Action"]),
                    "Resource": _listed(statement.get("Resource", [])),
                }


def text(value: object) -> str:
    """A value of a template on one line: a join is joined, a reference in angle brackets."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict) and len(cast("dict[str, Any]", value)) == 1:
        [(function, argument)] = cast("dict[str, Any]", value).items()
        if function == "Ref":
            return f"<{argument}>"
        if function == "Fn::GetAtt":
            return f"<{'.'.join(argument)}>"
        if function == "Fn::Join":
            separator, parts = argument
            return separator.join(map(text, parts))
    return json.dumps(value, sort_keys=True)


def keys_and_values(node: object) -> Iterator[tuple[str, object]]:
    """Each key in ``node``, at any depth, with its value."""
    if isinstance(node, Mapping):
        for key, value in cast("Mapping[str, object]", node).items():
            yield key, value
            yield from keys_and_values(value)
    elif isinstance(node, list):
        for item in cast("list[object]", node):
            yield from keys_and_values(item)


def _listed(value: object) -> list[Any]:
    return cast("list[Any]", value) if isinstance(value, list) else [value]
