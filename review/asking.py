"""Asking each server's function how it differs from the templates."""

import json
from collections.abc import Iterator
from typing import Any

from botocore.config import Config

from review.checks import Check, CheckError
from review.templates.access import Access
from review.templates.assembly import Resource
from review.templates.servers import Server, databases

# A function has five minutes, and whoever asks again too early asks twice.
_CONFIG = Config(read_timeout=310, retries={"total_max_attempts": 1})


def asked(session: Any, access: Access) -> dict[str, Check]:
    """Ask the deployed function of each server for its plan of what the templates have.

    It changes nothing. ``session`` is one of boto3, which may ``lambda:InvokeFunction`` and
    ``cloudformation:DescribeStackResource``.

    Raises:
        CheckError: a server has no function, or its function fails.
    """
    return dict(_asked(session, access))


def _asked(session: Any, access: Access) -> Iterator[tuple[str, Check]]:
    client = session.client("lambda", config=_CONFIG)
    for server in access.servers:
        desired = databases(access.assembly, server, access.servers)
        if not desired or server.observed:
            continue
        function = _function(server, access)
        physical = session.client("cloudformation").describe_stack_resource(
            StackName=function.stack.name, LogicalResourceId=function.logical_id
        )["StackResourceDetail"]["PhysicalResourceId"]
        event = {"Mode": "plan", "Databases": desired}
        answer = client.invoke(FunctionName=physical, Payload=json.dumps(event))
        said: Any = json.loads(answer["Payload"].read())
        if "FunctionError" in answer:
            raise CheckError(f"the function of {server.name}: {said.get('errorMessage', said)}")
        yield (
            server.name,
            Check(
                statements=said["Statements"],
                unread=said.get("Unread", 0),
                lines=said.get("Lines", ()),
            ),
        )


def _function(server: Server, access: Access) -> Resource:
    """The function that is configured with the server's address."""
    address = server.address
    for one in access.assembly.of_type("AWS::Lambda::Function"):
        if address in one.mapping("Environment", "Variables").values():
            return one
    raise CheckError(f"{server.name}: no function in these templates has its address")
