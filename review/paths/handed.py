"""What in the templates is handed a role, a function or a server, wherever it says so."""

import json
from collections.abc import Iterator
from typing import Any, cast

from review.templates.access import Access
from review.templates.assembly import Resource
from review.templates.identities import Identity
from review.templates.servers import Server

_GIVING_A_POLICY = ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::IAM::RolePolicy")
# They watch or keep, or need a permission of their own, which a policy gives.
_ONLY_NAMING = ("AWS::CloudWatch::", "AWS::IAM::", "AWS::Logs::", "AWS::Lambda::Function",
                "AWS::Lambda::Permission", "AWS::Lambda::Version", "AWS::Lambda::Alias",
                "AWS::CloudFormation::CustomResource", "Custom::")  # fmt: skip
_VERSIONS = ("AWS::Lambda::Alias", "AWS::Lambda::Version")
_OF_A_SERVER = (*_ONLY_NAMING, "AWS::SecretsManager::Secret")


def running_with(identity: Identity, access: Access) -> Iterator[Resource]:
    """What has the identity's role in a property that is a role's."""
    for one in access.assembly.resources:
        if one.type not in _GIVING_A_POLICY and one.roles & {identity.arn, identity.name}:
            yield one


def calling(function: Resource, access: Access) -> Iterator[Resource]:
    """What calls a function, or is told what it answers: queues, topics, rules, addresses."""
    if function.type != "AWS::Lambda::Function":
        return
    name, arn = function.attribute(None), function.attribute("Arn")
    names = {name, *(one.attribute(None) for one in access.assembly.of_type(*_VERSIONS)
                     if one.properties.get("FunctionName") in (name, arn))}  # fmt: skip
    for one in access.assembly.resources:
        known = one is function or one.type.startswith(_ONLY_NAMING) or _is_check(one)
        if not known and any(arn in each or each in names for each in texts(one.properties)):
            yield one


def holding_data(server: Server, access: Access) -> Iterator[Resource]:
    """What copies a server, or stands before it: proxies, integrations, selections of backups."""
    if server.resource is None:
        return
    names = {server.resource.attribute(None), server.arn, server.address}
    for one in access.assembly.resources:
        own = one is server.resource or one in server.instances
        known = own or one.type.startswith(_OF_A_SERVER) or _is_check(one)
        if not known and names & {*texts(one.properties)}:
            yield one


def _is_check(one: Resource) -> bool:
    """Whether it is the regular check, which changes nothing."""
    target: Any = one.properties.get("Target")
    if one.type != "AWS::Scheduler::Schedule" or not isinstance(target, dict):
        return False
    try:
        asked: Any = json.loads(str(cast("dict[str, Any]", target).get("Input")))
    except ValueError:
        return False
    return isinstance(asked, dict) and cast("dict[str, Any]", asked).get("Mode") == "check"


def texts(value: Any) -> Iterator[str]:
    """Each text within a value, less its tags."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, one in cast("dict[str, Any]", value).items():
            if name != "Tags":
                yield from texts(one)
    elif isinstance(value, list):
        for one in cast("list[Any]", value):
            yield from texts(one)
