"""What CloudFormation makes, changes or removes from one template to another, and what it did."""

from itertools import takewhile
from typing import Any

from proof.account import Account
from tests.templates import Content, of_type

_ACTED_ON = ("Type", "Properties", "Metadata", "DeletionPolicy", "UpdateReplacePolicy", "Condition")
"""Not what a resource waits for (`DependsOn`): another order changes none."""
_LEVELS = ("Read", "Write", "Own")


def changed(before: Content, after: Content) -> set[str]:
    """The logical ids of the resources that the templates have otherwise."""
    old, new = before["Resources"], after["Resources"]
    return {
        name
        for name in old.keys() | new.keys()
        if [old.get(name, {}).get(part) for part in _ACTED_ON]
        != [new.get(name, {}).get(part) for part in _ACTED_ON]
    }


def touched(before: Content, after: Content) -> set[str]:
    """Those, and what removes the users that retire once all else is done.

    That step is the same in both templates. It takes an attribute, to which the function that makes
    the users gives another value where some are to stay until a connection has changed.
    """
    return changed(before, after) | {
        step
        for name, made in of_type(after, "Custom::DatabaseUsers").items()
        if _retiring(before["Resources"].get(name), made)
        for step, resource in after["Resources"].items()
        if {"Fn::GetAtt": [name, "Handover"]} in resource.get("Properties", {}).values()
    }


def acted_on(account: Account, stack: str) -> dict[str, str]:
    """What CloudFormation did something to since it last began on ``stack``, with its type."""
    pages = account.client("cloudformation").get_paginator("describe_stack_events")
    events = (event for page in pages.paginate(StackName=stack) for event in page["StackEvents"])
    newest = takewhile(
        lambda one: (
            (one["LogicalResourceId"], one["ResourceStatus"]) != (stack, "UPDATE_IN_PROGRESS")
        ),
        events,
    )
    return {
        one["LogicalResourceId"]: one["ResourceType"]
        for one in newest
        if one["LogicalResourceId"] != stack
    }


def _retiring(before: dict[str, Any] | None, after: dict[str, Any]) -> bool:
    """Whether a user that is there is to stay for a while, and has no level any more."""
    old = _databases(before) if before else {}
    return any(
        set(state.get("Retiring", ())) & _users(old.get(name, {})) - _users(state)
        for name, state in _databases(after).items()
    )


def _databases(made: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {one["Name"]: one for one in made["Properties"]["Databases"]}


def _users(state: dict[str, Any]) -> set[str]:
    return {user for level in _LEVELS for user in state.get(level, ())}
