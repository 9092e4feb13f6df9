"""Has a server compared with what was deployed to it last.

The database users' function, in the network, reaches the server and no API of AWS. So what is
declared is read here, where it stands once: in the template of the stack that is deployed.
"""

import json
import os
from collections.abc import Mapping
from typing import Any

import boto3
from botocore.config import Config

READ_SECONDS = 330  # what compares has five minutes
_TOLD = ("Databases", "Prefix")


class FailedError(Exception):
    """The check did not come about, and why."""


def handle(event: Mapping[str, Any], _context: object) -> dict[str, Any]:
    """What the function `FUNCTION` answers to `event` with what `RESOURCE` of `STACK` declares.

    Raises:
        FailedError: it has failed.
    """
    stack, resource, function = (os.environ[name] for name in ("STACK", "RESOURCE", "FUNCTION"))
    aws: Any = boto3  # its clients have types that are not installed where this runs
    body: Any = aws.client("cloudformation").get_template(StackName=stack)["TemplateBody"]
    template: Any = json.loads(body) if isinstance(body, str) else body
    properties = template["Resources"][resource]["Properties"]
    declared = {name: properties[name] for name in _TOLD if name in properties}
    # Once: who has called this function calls it again.
    once = Config(read_timeout=READ_SECONDS, retries={"total_max_attempts": 1})
    called = aws.client("lambda", config=once)
    answer = called.invoke(FunctionName=function, Payload=json.dumps({**event, **declared}))
    found: Any = json.load(answer["Payload"])
    if "FunctionError" in answer:
        raise FailedError(found.get("errorMessage", str(found)))
    return found
