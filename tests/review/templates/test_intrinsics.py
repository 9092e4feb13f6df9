from pathlib import Path
from typing import Any

import pytest

from review.templates.assembly import Assembly, AssemblyError, of_templates, read

PRODUCER: dict[str, Any] = {
    "Resources": {
        "Server": {"Type": "AWS::RDS::DBInstance"},
        "Named": {"Type": "AWS::RDS::DBInstance", "Properties": {"DBInstanceIdentifier": "dev-a"}},
        "Role": {"Type": "AWS::IAM::Role", "Properties": {"Path": "/people/"}},
        "NamedRole": {"Type": "AWS::IAM::Role", "Properties": {"RoleName": "analyst"}},
        "Group": {"Type": "AWS::EC2::SecurityGroup"},
        "Secret": {"Type": "AWS::SecretsManager::Secret", "Properties": {"Name": "airflow/x"}},
        "Custom": {"Type": "Custom::Thing"},
        "Other": {"Type": "AWS::New::Thing"},
        "Loop": {"Type": "AWS::IAM::Role", "Properties": {"RoleName": {"Ref": "Loop"}}},
    },
    "Outputs": {
        "ServerId": {
            "Value": {"Fn::GetAtt": ["Server", "DbiResourceId"]},
            "Export": {"Name": {"Fn::Sub": "${AWS::StackName}-id"}},
        }
    },
    "Parameters": {"Given": {"Type": "String", "Default": "x"}},
    "Mappings": {"Map": {"eu-central-1": {"Name": "mapped"}}},
    "Conditions": {
        "Yes": {"Fn::Equals": [{"Ref": "AWS::Region"}, "eu-central-1"]},
        "No": {"Fn::Not": [{"Condition": "Yes"}]},
        "Depends": {"Fn::Equals": [{"Ref": "Given"}, "x"]},
    },
}
ID = "⟨producer/Server.DbiResourceId⟩"


def value_of(value: Any, template: dict[str, Any] = PRODUCER) -> Any:
    holder = {"Type": "Test::Holder", "Properties": {"Value": value}}
    content = {**template, "Resources": {**template.get("Resources", {}), "Holder": holder}}
    name = "producer" if template is PRODUCER else "consumer"
    assembly = of_templates({"producer": PRODUCER} | {name: content})
    [found] = assembly.of_type("Test::Holder")
    return found.properties.get("Value")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"Ref": "AWS::AccountId"}, "111122223333"),
        ({"Fn::Sub": "arn:${AWS::Partition}:s3:::${!aws:username}"},
         "arn:aws:s3:::${aws:username}"),
        ({"Ref": "Server"}, "⟨producer/Server⟩"),
        ({"Ref": "Named"}, "dev-a"),
        ({"Fn::GetAtt": ["Server", "DbiResourceId"]}, ID),
        ({"Fn::GetAtt": "Server.Endpoint.Address"}, "⟨producer/Server.Endpoint.Address⟩"),
        ({"Fn::GetAtt": ["Role", "Arn"]},
         "arn:aws:iam::111122223333:role/people/⟨producer/Role⟩"),
        ({"Fn::GetAtt": ["NamedRole", "Arn"]}, "arn:aws:iam::111122223333:role/analyst"),
        ({"Ref": "Group"}, "⟨producer/Group.GroupId⟩"),
        ({"Fn::GetAtt": ["Group", "GroupId"]}, "⟨producer/Group.GroupId⟩"),
        ({"Ref": "Secret"},
         "arn:aws:secretsmanager:eu-central-1:111122223333:secret:airflow/x-"
         "⟨producer/Secret.Suffix⟩"),
        ({"Fn::GetAtt": ["Custom", "Anything"]}, "⟨?producer/Custom.Anything⟩"),
        ({"Fn::GetAtt": ["Other", "Arn"]}, "⟨~producer/Other.Arn⟩"),
        ({"Ref": "Given"}, "⟨?producer/Given⟩"),
        ({"Fn::Join": [":", ["a", {"Ref": "Named"}, {"Ref": "Server"}]]},
         "a:dev-a:⟨producer/Server⟩"),
        ({"Fn::Select": [1, {"Fn::Split": [":", "a:b:c"]}]}, "b"),
        ({"Fn::Select": [5, {"Fn::Split": [":", {"Fn::GetAtt": ["Role", "Arn"]}]}]},
         "role/people/⟨producer/Role⟩"),
        ({"Fn::Sub": ["${A}-${Named}", {"A": "x"}]}, "x-dev-a"),
        ({"Fn::FindInMap": ["Map", {"Ref": "AWS::Region"}, "Name"]}, "mapped"),
        ({"Fn::If": ["Yes", "a", "b"]}, "a"),
        ({"Fn::If": ["No", "a", "b"]}, "b"),
        ({"Fn::If": ["Depends", "a", "b"]}, {"Fn::If": ["Depends", "a", "b"]}),
        ({"Fn::If": ["Yes", {"Ref": "AWS::NoValue"}, "b"]}, None),
        (["a", {"Ref": "AWS::NoValue"}], ["a"]),
        ({"Fn::ImportValue": "producer-id"}, ID),
        ({"Fn::GetStackOutput": {"StackName": "producer", "OutputName": "ServerId"}}, ID),
        ({"Fn::ImportValue": "elsewhere"}, "⟨?export elsewhere⟩"),
        ("{{resolve:ssm:/a/b}}/c", "⟨?{{resolve:ssm:/a/b}}⟩/c"),
    ],
)  # fmt: skip
def test_a_function_gives_what_cloudformation_would_or_a_token(value: Any, expected: Any) -> None:
    assert value_of(value) == expected


@pytest.mark.parametrize(
    "value",
    [
        {"Fn::GetStackOutput": {"StackName": "producer", "OutputName": "ServerId"}},
        {"Fn::ImportValue": {"Fn::Sub": "producer-id"}},
    ],
)
def test_the_same_resource_has_the_same_name_in_each_stack(value: Any) -> None:
    assert value_of(value, {}) == ID


@pytest.mark.parametrize(
    "value",
    [
        {"Fn::Base64": "a"},
        {"Fn::Transform": {"Name": "AWS::Include"}},
        {"Fn::GetAtt": ["Nobody", "Arn"]},
        {"Fn::GetStackOutput": {"StackName": "elsewhere", "OutputName": "ServerId"}},
        {"Fn::Select": [7, ["a"]]},
        {"Fn::FindInMap": ["Map", "us-east-1", "Name"]},
        {"Fn::Join": ["", {"Ref": "Given"}]},
    ],
)
def test_what_cannot_be_resolved_is_one_token_of_which_nothing_is_known(value: Any) -> None:
    found = value_of(value)
    assert found.startswith("⟨?")
    assert found.count("⟨") == found.count("⟩") == 1


def test_a_name_that_refers_to_itself_ends() -> None:
    assert value_of({"Ref": "Loop"}).startswith("⟨?")


def test_a_folder_without_an_assembly_is_an_error_in_words(tmp_path: Path) -> None:
    with pytest.raises(AssemblyError, match="is no cloud assembly of `cdk synth`"):
        read(tmp_path)


def test_no_assembly_is_empty() -> None:
    assert Assembly().resources == ()
