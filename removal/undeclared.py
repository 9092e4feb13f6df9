"""Stacks of an environment that its declaration has no more, such as a removed instance's."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from botocore.exceptions import ClientError, WaiterError

from deployed.stack import DeployedStack, read_stack, servers_of
from review.templates.intrinsics import Stack

# A function in a network gives its interfaces back within 40 minutes.
_SECONDS, _ATTEMPTS = 10, 360


class RemovalError(Exception):
    """A stack that is not removed; the message says which and why."""


def stacks(cloudformation: Any, declared: Sequence[Stack]) -> Iterator[DeployedStack]:
    """The stacks of the account with the description of those declared, and none of their names.

    Args:
        cloudformation: a boto3 client; it calls DescribeStacks, GetTemplate, ListStackResources.
        declared: the stacks of one environment, which its every stack describes in the same words.

    Raises:
        ClientError: the caller may not read them.
    """
    names = {stack.name for stack in declared}
    described = {stack.template.get("Description") for stack in declared} - {None}
    for page in cloudformation.get_paginator("describe_stacks").paginate():
        for stack in page["Stacks"]:
            of_environment = stack.get("Description") in described
            name = stack["StackName"]
            if of_environment and name not in names and (found := read_stack(cloudformation, name)):
                yield found


def told(undeclared: Sequence[DeployedStack], environment: str) -> Iterator[str]:
    """Which stacks nothing declares any more, and how to be rid of them, in lines."""
    if not undeclared:
        return
    yield (
        "\nNo declaration has these stacks of the environment any more. They stay, may still be "
        "used, and are paid for:"
    )
    for stack in undeclared:
        yield f"  {stack.name}{_of_instances(stack)}"
    yield (
        f"To remove them, once what is declared is deployed: make prune ENVIRONMENT={environment}"
    )


def _of_instances(stack: DeployedStack) -> str:
    kept = {one.logical_id for one in stack.retained}
    said = [
        f"{kind} {stack.ids[one]}, {'which stays' if one in kept else 'whose data goes with it'}"
        for one, declared in servers_of(stack.template).items()
        for kind in ["cluster" if declared["Type"] == "AWS::RDS::DBCluster" else "instance"]
        if one in stack.ids
    ]
    return f" (with the {'; the '.join(said)})" if said else ""


def users(cloudformation: Any, stack: str, declared: Sequence[Stack]) -> Iterator[str]:
    """The deployed ones of ``declared`` that name a stack, to have its outputs."""
    for one in declared:
        found = read_stack(cloudformation, one.name)
        if found and json.dumps(stack) in json.dumps(found.template):
            yield one.name


def remove(cloudformation: Any, stack: str) -> None:
    """Delete a stack, as the role that deployed it, and wait for its end.

    Raises:
        RemovalError: CloudFormation could not; the message has its reasons.
    """
    cloudformation.delete_stack(StackName=stack)
    waiter = cloudformation.get_waiter("stack_delete_complete")
    try:
        waiter.wait(StackName=stack, WaiterConfig={"Delay": _SECONDS, "MaxAttempts": _ATTEMPTS})
    except WaiterError as error:
        raise RemovalError(f"{stack}: {'; '.join(_reasons(cloudformation, stack))}") from error


def _reasons(cloudformation: Any, stack: str) -> Iterator[str]:
    try:
        events: list[dict[str, Any]] = cloudformation.describe_stack_events(StackName=stack)[
            "StackEvents"
        ]
    except ClientError as error:
        yield str(error)
        return
    for event in events:
        if event["ResourceStatus"] == "DELETE_FAILED" and "ResourceStatusReason" in event:
            yield f"{event['LogicalResourceId']}: {event['ResourceStatusReason']}"
