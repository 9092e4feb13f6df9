"""The properties for whose change CloudFormation replaces a resource, by its own schemas."""

from collections.abc import Iterator, Mapping
from typing import Any, cast


def create_only(resource_type: str) -> list[list[str]]:
    """The paths of the properties for which CloudFormation replaces, or may replace."""
    schema = schema_of(resource_type)
    paths: list[str] = [
        *schema.get("createOnlyProperties", []),
        *schema.get("conditionalCreateOnlyProperties", []),
    ]
    return [path.split("/")[2:] for path in paths]


def identifier(resource_type: str) -> list[list[str]]:
    """The paths of the properties that name a resource together, once in an account."""
    paths: list[str] = schema_of(resource_type).get("primaryIdentifier", [])
    return [path.split("/")[2:] for path in paths]


def schema_of(resource_type: str) -> dict[str, Any]:
    """What CloudFormation publishes of a resource type."""
    if "Custom::" in resource_type:
        return {}  # its function decides, which keeps the id that it has
    # Takes seconds, which who collects tests need not wait for.
    from cfnlint.schema.manager import (  # pyright: ignore[reportMissingTypeStubs]
        PROVIDER_SCHEMA_MANAGER,
    )

    found = PROVIDER_SCHEMA_MANAGER.get_resource_schema("eu-central-1", resource_type)
    return cast("dict[str, Any]", found.schema)  # pyright: ignore[reportUnknownMemberType]


def values_at(node: Any, path: list[str]) -> Iterator[Any]:
    """The values at ``path``; a list is entered with and without a ``*`` for it."""
    if not path:
        yield node
    elif isinstance(node, list):
        for item in cast("list[Any]", node):
            yield from values_at(item, path[1:] if path[0] == "*" else path)
    elif isinstance(node, Mapping):
        within = cast("Mapping[str, Any]", node)
        if path[0] in within:
            yield from values_at(within[path[0]], path[1:])
        elif path[0] != "*" and any(key.startswith("Fn::") for key in within):
            yield node  # a function stands for what holds the property
