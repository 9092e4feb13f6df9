"""What stays when everything is removed, and what a failed first creation leaves: nothing."""

from collections.abc import Iterator, Mapping
from typing import Any, cast

import pytest

from tests.application import CdkOut, templates
from tests.templates import keys_and_values

Node = tuple[str, str]
"""A stack's name and a logical id in it."""


def retained(resource: Mapping[str, Any]) -> bool:
    return resource.get("DeletionPolicy", "Delete").startswith("Retain")


def waited_for(node: Node, found: Mapping[str, Any]) -> Iterator[Node]:
    """The resources that one says to wait for."""
    stack, logical_id = node
    depends = found[stack]["Resources"][logical_id].get("DependsOn", [])
    yield from ((stack, one) for one in ([depends] if isinstance(depends, str) else depends))


def referred_to(node: Node, found: Mapping[str, Any]) -> Iterator[Node]:
    """The resources that one refers to, in its own stack and in others."""
    stack, logical_id = node
    template = found[stack]
    resource = template["Resources"][logical_id]
    for key, value in keys_and_values(resource.get("Properties", {})):
        if key == "Ref" and value in template["Resources"]:
            yield stack, cast("str", value)
        elif key == "Fn::GetAtt":
            yield stack, cast("list[str]", value)[0]
        elif key == "Fn::ImportValue":
            yield from exported(cast("str", value), found)
        elif key == "Fn::GetStackOutput":
            output = cast("dict[str, str]", value)
            yield from of_output(output["StackName"], output["OutputName"], found)


def exported(name: str, found: Mapping[str, Any]) -> Iterator[Node]:
    for stack, template in found.items():
        for output_name, output in template.get("Outputs", {}).items():
            if output.get("Export", {}).get("Name") == name:
                yield from of_output(stack, output_name, found)


def of_output(stack: str, name: str, found: Mapping[str, Any]) -> Iterator[Node]:
    for key, value in keys_and_values(found[stack]["Outputs"][name]["Value"]):
        if key in ("Ref", "Fn::GetAtt"):
            yield stack, value if isinstance(value, str) else cast("list[str]", value)[0]


def instances(found: Mapping[str, Any]) -> list[Node]:
    return [
        (stack, logical_id)
        for stack, template in found.items()
        for logical_id, resource in template["Resources"].items()
        if resource["Type"] == "AWS::RDS::DBInstance"
    ]


def standing_on(nodes: list[Node], found: Mapping[str, Any]) -> set[Node]:
    seen: set[Node] = set()
    while nodes:
        node = nodes.pop()
        if node not in seen:
            seen.add(node)
            nodes += referred_to(node, found)
    return seen


def logs_of(nodes: list[Node], found: Mapping[str, Any]) -> list[Node]:
    """The log groups that instances write to, which they name by their own names alone."""
    return [
        (stack, name)
        for stack, logical_id in nodes
        for other, name in waited_for((stack, logical_id), found)
        if found[other]["Resources"][name]["Type"] == "AWS::Logs::LogGroup"
    ]


def test_all_that_a_retained_instance_stands_on_stays_with_it(cdk_out: CdkOut) -> None:
    found = templates(cdk_out("prod"))
    kept = standing_on([*instances(found), *logs_of(instances(found), found)], found)
    types = {found[stack]["Resources"][logical_id]["Type"] for stack, logical_id in kept}
    assert types == {
        "AWS::RDS::DBInstance",
        "AWS::RDS::DBSubnetGroup",
        "AWS::RDS::DBParameterGroup",
        "AWS::EC2::SecurityGroup",
        "AWS::EC2::Subnet",
        "AWS::EC2::VPC",
        "AWS::IAM::Role",
        "AWS::KMS::Key",
        "AWS::Logs::LogGroup",
    }
    assert [node for node in kept if not retained(found[node[0]]["Resources"][node[1]])] == []


def test_where_nothing_is_retained_no_network_or_database_stays(cdk_out: CdkOut) -> None:
    found = templates(cdk_out("dev"))
    for stack in ("dev-network", "dev-database-warehouse"):
        for logical_id, resource in found[stack]["Resources"].items():
            assert not retained(resource), logical_id


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_what_is_named_or_stands_on_a_retained_thing_goes_where_the_first_creation_fails(
    environment: str, cdk_out: CdkOut
) -> None:
    """A second try would find the name taken, or another instance of what stayed."""
    found = templates(cdk_out(environment))
    stays = [
        f"{stack}: {logical_id}"
        for stack, template in found.items()
        for logical_id, resource in template["Resources"].items()
        if resource.get("DeletionPolicy") == "Retain" and resource["Type"] != "AWS::S3::Bucket"
    ]
    assert stays == []


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_no_failure_of_something_else_finds_an_instance_that_is_protected_from_deletion(
    environment: str, cdk_out: CdkOut
) -> None:
    """A first creation could not be rolled back with it, nor tried again."""
    found = templates(cdk_out(environment))
    for stack, instance in instances(found):
        before = {name for _, name in waited_for((stack, instance), found)}
        assert before == {*found[stack]["Resources"]} - {instance}


def test_a_parameter_group_of_an_older_family_goes_once_nobody_uses_it(cdk_out: CdkOut) -> None:
    resources = templates(cdk_out("prod"))["prod-database-warehouse"]["Resources"]
    [group] = [one for one in resources.values() if one["Type"] == "AWS::RDS::DBParameterGroup"]
    assert group["UpdateReplacePolicy"] == "Delete"
    assert "DBParameterGroupName" not in group["Properties"]
