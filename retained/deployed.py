"""The resources that a deployed stack would leave behind, by its own template."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

Template = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Retained:
    """A resource that stays; ``id`` is what its service knows it by."""

    logical_id: str
    type: str
    id: str


@dataclass(frozen=True, kw_only=True)
class Leaving:
    """A stack that is to be removed.

    ``there`` has the physical id of each of its resources, by logical id; ``protected`` are the
    identifiers of its instances that RDS will not delete, though it should.
    """

    name: str
    template: Template
    there: Mapping[str, str]
    retained: Sequence[Retained]
    protected: Sequence[str]


def leaving(cloudformation: Any, stack: str) -> Leaving | None:
    """Read ``stack`` with a boto3 client: GetTemplate, ListStackResources. None: there is none.

    Raises:
        ClientError: the caller may not read it.
    """
    try:
        body: Any = cloudformation.get_template(StackName=stack)["TemplateBody"]
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") != "ValidationError":
            raise
        return None
    template: Template = json.loads(body) if isinstance(body, str) else body
    pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack)
    there = [
        Retained(logical_id=one["LogicalResourceId"], type=one["ResourceType"], id=one_id)
        for page in pages
        for one in page["StackResourceSummaries"]
        # Of a creation that was rolled back what is gone is listed, too.
        if (one_id := one.get("PhysicalResourceId")) and one["ResourceStatus"] != "DELETE_COMPLETE"
    ]
    ids = {one.logical_id: one.id for one in there}
    return Leaving(
        name=stack,
        template=template,
        there=ids,
        retained=[one for one in there if stays(template, one.logical_id)],
        protected=[
            ids[logical_id]
            for logical_id, one in resources_of(template, "AWS::RDS::DBInstance").items()
            if one["Properties"].get("DeletionProtection") and not stays(template, logical_id)
        ],
    )


def resources_of(template: Template, resource_type: str) -> dict[str, Mapping[str, Any]]:
    """The resources of a type, by logical id."""
    return {
        logical_id: one
        for logical_id, one in template.get("Resources", {}).items()
        if one["Type"] == resource_type
    }


def stays(template: Template, logical_id: str) -> bool:
    """Whether CloudFormation leaves the resource when it deletes the stack."""
    declared = template.get("Resources", {}).get(logical_id, {})
    return declared.get("DeletionPolicy", "Delete").startswith("Retain")
