"""A stack as it is deployed, with those nested in it: what it was made from, and what is there."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from botocore.exceptions import ClientError

from deployed.nested import NESTED, Template, joined


@dataclass(frozen=True, kw_only=True)
class Resource:
    """A resource that is there; ``id`` is what its service knows it by."""

    logical_id: str
    type: str
    id: str


@dataclass(frozen=True, kw_only=True)
class DeployedStack:
    """A stack of the account."""

    name: str
    template: Template
    resources: Sequence[Resource]

    @property
    def ids(self) -> dict[str, str]:
        """The physical id of each of its resources, by logical id."""
        return {one.logical_id: one.id for one in self.resources}

    @property
    def retained(self) -> list[Resource]:
        """What it would leave behind."""
        return [one for one in self.resources if stays(self.template, one.logical_id)]


def read_stack(cloudformation: Any, name: str) -> DeployedStack | None:
    """Read a stack with a boto3 client: GetTemplate, ListStackResources. None: there is none.

    What is in a nested stack has that one's logical id and a slash before its own.

    Raises:
        ClientError: the caller may not read it.
    """
    try:
        body: Any = cloudformation.get_template(StackName=name)["TemplateBody"]
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") != "ValidationError":
            raise
        return None
    pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=name)
    resources = [
        Resource(logical_id=one["LogicalResourceId"], type=one["ResourceType"], id=one_id)
        for page in pages
        for one in page["StackResourceSummaries"]
        # Of a creation that was rolled back what is gone is listed, too.
        if (one_id := one.get("PhysicalResourceId")) and one["ResourceStatus"] != "DELETE_COMPLETE"
    ]
    nested = {
        one.logical_id: found
        for one in resources
        if one.type == NESTED and (found := read_stack(cloudformation, one.id))
    }
    inner = [
        replace(one, logical_id=f"{stack}/{one.logical_id}")
        for stack, found in nested.items()
        for one in found.resources
    ]
    template: Template = json.loads(body) if isinstance(body, str) else body
    return DeployedStack(
        name=name,
        template=joined(template, {stack: found.template for stack, found in nested.items()}),
        resources=[*resources, *inner],
    )


def resources_of(template: Template, resource_type: str) -> dict[str, Mapping[str, Any]]:
    """The resources of a type, by logical id."""
    return {
        logical_id: one
        for logical_id, one in template.get("Resources", {}).items()
        if one["Type"] == resource_type
    }


def servers_of(template: Template) -> dict[str, Mapping[str, Any]]:
    """The instances and the clusters, by logical id; a cluster's instances go with it."""
    alone = {
        logical_id: one
        for logical_id, one in resources_of(template, "AWS::RDS::DBInstance").items()
        if "DBClusterIdentifier" not in one["Properties"]
    }
    return {**alone, **resources_of(template, "AWS::RDS::DBCluster")}


def stays(template: Template, logical_id: str) -> bool:
    """Whether CloudFormation leaves the resource when it deletes the stack."""
    declared = template.get("Resources", {}).get(logical_id, {})
    return declared.get("DeletionPolicy", "Delete").startswith("Retain")
