"""What a resource is replaced for is known before anything is applied."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, cast

import pytest

from tests.application import CdkOut, templates
from tests.create_only import create_only, values_at
from tests.templates import Content, text

# Type and property of what is replaced without a loss, by an attribute of its own stack. Nothing
# is stored in these and nobody knows them by name; the first three go with what they belong to.
REPLACED_WITHOUT_LOSS = {
    ("AWS::EC2::SecurityGroupIngress", "GroupId"),
    ("AWS::EC2::SecurityGroupIngress", "SourceSecurityGroupId"),
    ("AWS::EC2::SecurityGroupEgress", "GroupId"),
    ("AWS::EC2::SecurityGroupEgress", "DestinationSecurityGroupId"),
    ("AWS::EC2::NatGateway", "AllocationId"),
    ("AWS::EC2::FlowLog", "DeliverLogsPermissionArn"),
}


def known_after_apply(value: Any, template: Content) -> Iterator[str]:
    """What within ``value`` CloudFormation knows only once something else was applied."""
    if isinstance(value, str) and "{{resolve:" in value:
        yield value
    elif isinstance(value, list):
        for item in cast("list[Any]", value):
            yield from known_after_apply(item, template)
    elif isinstance(value, Mapping):
        function = cast("Mapping[str, Any]", value)
        for key, within in function.items():
            if key in ("Fn::GetAtt", "Fn::GetStackOutput") or (
                key == "Ref" and "Custom" in template["Resources"].get(within, {"Type": ""})["Type"]
            ):
                yield text(function)
            elif key == "Fn::Sub":
                # A substitution is an attribute where it has a dot, and is no value given beside.
                if re.search(r"\$\{[^}]+\.[^}]+\}", str(within)):
                    yield text(function)
                yield from known_after_apply(within, template)
            else:
                yield from known_after_apply(within, template)


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_no_value_known_only_after_apply_feeds_a_property_whose_change_replaces(
    environment: str, cdk_out: CdkOut
) -> None:
    found: list[str] = []
    for name, template in templates(cdk_out(environment)).items():
        for logical_id, resource in template["Resources"].items():
            for path in create_only(resource["Type"]):
                for value in values_at(resource.get("Properties", {}), path):
                    for source in known_after_apply(value, template):
                        harmless = (resource["Type"], path[-1]) in REPLACED_WITHOUT_LOSS
                        if not harmless or "Fn::GetAtt" not in str(value):
                            found.append(f"{name}: {logical_id}.{'.'.join(path)}: {source}")
    assert found == []


def test_such_a_value_would_be_found_however_it_is_written() -> None:
    template = {"Resources": {"Files": {"Type": "Custom::BucketFiles"}, "Key": {"Type": "Any"}}}
    for value in (
        {"Fn::GetAtt": ["Key", "Arn"]},
        {"Fn::Join": ["", ["key/", {"Fn::GetStackOutput": {"OutputName": "KeyId"}}]]},
        {"Fn::Sub": "arn:${Key.Arn}"},
        {"Ref": "Files"},
        "{{resolve:ssm:/key}}",
    ):
        assert [*known_after_apply(value, template)], value
    for value in ({"Ref": "Key"}, {"Fn::ImportValue": "key"}, {"Fn::Sub": "${AWS::Region}a"}):
        assert not [*known_after_apply(value, template)], value
    environment = {"NetworkConfiguration": {"SubnetIds": ["one"]}, "KmsKey": "key"}
    paths = create_only("AWS::MWAA::Environment")
    assert ["NetworkConfiguration", "SubnetIds"] in paths
    assert [*values_at(environment, ["NetworkConfiguration", "SubnetIds"])] == [["one"]]


def references(node: Any) -> Iterator[tuple[str, str]]:
    """Each reference to another stack: the function, and the stack's name."""
    if isinstance(node, Mapping):
        for key, value in cast("Mapping[str, Any]", node).items():
            if key == "Fn::ImportValue":
                yield key, value.partition(":")[0]
            elif key == "Fn::GetStackOutput":
                yield key, value["StackName"]
            else:
                yield from references(value)
    elif isinstance(node, list):
        for item in cast("list[Any]", node):
            yield from references(item)


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_nobody_takes_the_network_away_and_the_access_stack_holds_nothing_else_back(
    environment: str, cdk_out: CdkOut
) -> None:
    found = templates(cdk_out(environment))
    strengths = {
        (name.removeprefix(f"{environment}-"), other.removeprefix(f"{environment}-"), function)
        for name, template in found.items()
        for function, other in references(template)
    }
    assert strengths == {
        ("database-warehouse", "network", "Fn::ImportValue"),
        ("airflow", "network", "Fn::ImportValue"),
        ("access", "network", "Fn::ImportValue"),
        ("access", "database-warehouse", "Fn::GetStackOutput"),
        ("access", "airflow", "Fn::GetStackOutput"),
    }
