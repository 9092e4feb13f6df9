"""A stack and those that are nested in it, read as one."""

from collections.abc import Mapping
from typing import Any, cast

Template = Mapping[str, Any]
NESTED = "AWS::CloudFormation::Stack"


def joined(template: Template, nested: Mapping[str, Template]) -> Template:
    """``template`` with the resources of the stacks nested in it.

    Each has its stack's logical id and a slash before its own, in references, too; a parameter is
    what the outer template gives it.

    Args:
        template: of the outer stack.
        nested: templates by the logical id of their stack.
    """
    resources = dict(template.get("Resources", {}))
    for stack, inner in nested.items():
        given = resources[stack].get("Properties", {}).get("Parameters", {})
        own = inner.get("Resources", {})
        for logical_id, resource in own.items():
            resources[f"{stack}/{logical_id}"] = _inside(resource, stack, own, given)
    return {**template, "Resources": resources}


def _inside(value: Any, stack: str, own: Template, given: Mapping[str, Any]) -> Any:
    if isinstance(value, list):
        return [_inside(one, stack, own, given) for one in cast("list[Any]", value)]
    if not isinstance(value, dict):
        return value
    match cast("dict[str, Any]", value):
        case {"Ref": str() as name} if name in given:
            return given[name]
        case {"Ref": str() as name} if name in own:
            return {"Ref": f"{stack}/{name}"}
        case {"Fn::GetAtt": [str() as name, attribute]} if name in own:
            return {"Fn::GetAtt": [f"{stack}/{name}", attribute]}
        case content:
            return {key: _inside(one, stack, own, given) for key, one in content.items()}
