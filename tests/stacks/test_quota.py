import json
from pathlib import Path

import pytest
from aws_cdk import App, CfnOutput, CfnResource, Stack

from stacks import quota


def test_a_stack_with_more_resources_than_cloudformation_takes_is_told_in_words() -> None:
    app = App()
    stack = Stack(app, "dev-access")
    for number in range(501):
        CfnResource(stack, f"R{number}", type="AWS::CloudFormation::WaitConditionHandle")
    with pytest.raises(quota.QuotaError) as refused, quota.kept(Path(app.outdir)):
        app.synth()
    assert str(refused.value).startswith(
        "the stack dev-access has 501 resources, and CloudFormation takes 500: "
    )


def test_a_stack_with_more_outputs_than_cloudformation_takes_is_told_in_words() -> None:
    app = App()
    stack = Stack(app, "dev-access")
    for number in range(quota.OUTPUTS + 1):
        CfnOutput(stack, f"O{number}", value="x")
    with pytest.raises(quota.QuotaError) as refused, quota.kept(Path(app.outdir)):
        app.synth()
    assert str(refused.value).startswith(
        "dev-access.template.json has 201 outputs, and CloudFormation takes 200: "
    )
    assert "declare its connections_prefix" in str(refused.value)


def test_another_failure_of_a_synthesis_is_not_taken_for_it(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="disk full"), quota.kept(tmp_path):
        raise RuntimeError("disk full")


def test_a_template_that_is_too_large_is_told_in_words(tmp_path: Path) -> None:
    file = tmp_path / "dev-access.template.json"
    file.write_text(json.dumps({}).ljust(quota.TEMPLATE_BYTES))
    with quota.kept(tmp_path):
        pass
    file.write_text(json.dumps({}).ljust(quota.TEMPLATE_BYTES + 1))
    with (
        pytest.raises(quota.QuotaError, match=r"dev-access.template.json has 1,000,001 bytes"),
        quota.kept(tmp_path),
    ):
        pass
