"""What stays on a server that was there before, once the stacks are gone that it was used by."""

from collections.abc import Iterator, Mapping
from typing import Any

from deployed.stack import DeployedStack, resources_of

GROUPS = ("Owner", "Writer", "Reader")


def left_behind(stack: DeployedStack) -> Iterator[str]:
    """A sentence for each server on which the stack has brought something about."""
    for one in resources_of(stack.template, "Custom::DatabaseUsers").values():
        told = one.get("Metadata", {}).get("ExistingServer")
        properties: Mapping[str, Any] = one["Properties"]
        if told is None or properties.get("Observed") == "true":
            continue
        databases: list[Mapping[str, Any]] = properties["Databases"]
        if not databases:
            continue
        names = ", ".join(str(each["Name"]) for each in databases)
        roles = ", ".join(str(each[key]) for each in databases for key in GROUPS)
        yield (
            f"On {told['Name']}, which was there before, the users are gone, and these stay: the "
            f"databases {names} with their data, their group roles {roles}, what everyone (PUBLIC) "
            f"lost on them, and the administrator {told['Administrator']}. How to be rid of that: "
            'docs/existing.md, "Going back".'
        )
