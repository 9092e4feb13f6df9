"""What a stack says to others, and when they hear of it, as on CloudFormation."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.emulator.conftest import StackFailedError, Stacks, resource

pytestmark = pytest.mark.slow


def exporting(stacks: Stacks, name: str, *exports: str, value: str = "one") -> None:
    """Deploy a stack that exports and outputs a name of a topic."""
    outputs: dict[str, Any] = {
        export: {"Value": {"Fn::GetAtt": ["Topic", "TopicName"]}, "Export": {"Name": export}}
        for export in exports
    }
    said = {"Said": {"Value": {"Fn::GetAtt": ["Topic", "TopicName"]}}}
    topic = resource("SNS::Topic", TopicName=value)
    stacks.deploy_template(name, {"Resources": {"Topic": topic}, "Outputs": {**outputs, **said}})


def hearing(value: object) -> dict[str, Any]:
    return {"Parameter": resource("SSM::Parameter", Type="String", Value=value)}


def test_an_export_that_a_stack_imports_is_neither_changed_nor_removed(stacks: Stacks) -> None:
    exporting(stacks, "giving", "used", "unused")
    stacks.deploy("taking", hearing({"Fn::ImportValue": "used"}))
    with pytest.raises(
        StackFailedError, match="Export used cannot be updated as it is in use by ta"
    ):
        exporting(stacks, "giving", "used", value="two")
    with pytest.raises(
        StackFailedError, match="Export used cannot be deleted as it is in use by ta"
    ):
        exporting(stacks, "giving", "unused")
    with pytest.raises(ClientError, match="Export used is imported by stack taking"):
        stacks.delete("giving")
    exporting(stacks, "giving", "used")
    stacks.delete("taking")
    exporting(stacks, "giving", "used", value="two")
    exporting(stacks, "giving")
    with pytest.raises(StackFailedError, match="Export 'used' not found"):
        stacks.deploy("late", hearing({"Fn::ImportValue": "used"}))


def test_two_stacks_do_not_export_one_name(stacks: Stacks) -> None:
    exporting(stacks, "owner", "name")
    with pytest.raises(StackFailedError, match="name is already exported by stack owner"):
        exporting(stacks, "other", "name", value="other")


def test_a_stack_hears_of_anothers_output_only_where_it_is_itself_changed(stacks: Stacks) -> None:
    exporting(stacks, "speaking", value="before")
    output = {"StackName": "speaking", "OutputName": "Said"}
    said = {"Fn::GetAtt": ["Parameter", "Value"]}
    template = hearing({"Fn::GetStackOutput": output})
    assert stacks.deploy("listening", template, Said=said) == {"Said": "before"}
    exporting(stacks, "speaking", value="after")
    with pytest.raises(ClientError, match="No updates are to be performed"):
        stacks.deploy("listening", template, Said=said)
    template["Other"] = resource("SSM::Parameter", Type="String", Value="other")
    assert stacks.deploy("listening", template, Said=said) == {"Said": "after"}
