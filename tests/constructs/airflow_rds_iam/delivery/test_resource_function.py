from collections.abc import Callable
from typing import Any

import pytest
from aws_cdk import Duration, Stack
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_

from airflow_rds_iam.delivery.resource_function import ResourceFunction
from tests.templates import Content, of_type, properties, statements, synthesized, text


@pytest.fixture(scope="module")
def template(new_stack: Callable[[], Stack]) -> Content:
    stack = new_stack()
    ResourceFunction(
        stack,
        "Resource",
        description="A function",
        code=lambda_.Code.from_inline("x"),
        handler="index.handle",
        timeout=Duration.minutes(5),
        key=kms.Key(stack, "Key"),  # pyright: ignore[reportArgumentType]
    )
    return synthesized(stack)


def functions(template: Content) -> tuple[dict[str, Any], dict[str, Any]]:
    """The function, and the provider's."""
    function, provider = sorted(
        properties(template, "AWS::Lambda::Function"),
        key=lambda one: "provider framework" in one["Description"],
    )
    return function, provider


def test_the_function_runs_on_arm64_and_outside_the_network_by_default(template: Content) -> None:
    function, _ = functions(template)
    assert function["Architectures"] == ["arm64"]
    assert function["Runtime"].startswith("python3.")
    assert "VpcConfig" not in function


def test_the_provider_is_outside_the_network(template: Content) -> None:
    _, provider = functions(template)
    assert "VpcConfig" not in provider


def test_each_log_is_kept_for_a_year_and_no_more(template: Content) -> None:
    groups = of_type(template, "AWS::Logs::LogGroup")
    for function in functions(template):
        group = groups[function["LoggingConfig"]["LogGroup"]["Ref"]]
        assert group["Properties"]["RetentionInDays"] == 365
        assert group["DeletionPolicy"] == "Delete"


def test_each_may_write_to_its_own_log_and_the_provider_may_call_this_function_alone(
    template: Content,
) -> None:
    function, provider = functions(template)
    groups = {one["LoggingConfig"]["LogGroup"]["Ref"] for one in (function, provider)}
    [name] = [
        name
        for name, one in of_type(template, "AWS::Lambda::Function").items()
        if one["Properties"] == function
    ]
    assert len(groups) == 2
    for statement in statements(template):
        resources = {*map(text, statement["Resource"])}
        if any(action.startswith("logs:") for action in statement["Action"]):
            assert resources <= {f"<{group}.Arn>" for group in groups}
            assert len(resources) == 1
        else:
            assert {*statement["Action"]} <= {"lambda:InvokeFunction", "lambda:GetFunction"}
            assert resources <= {f"<{name}.Arn>", f"<{name}.Arn>:*"}


def test_no_role_has_a_managed_policy(template: Content) -> None:
    for role in properties(template, "AWS::IAM::Role"):
        assert "ManagedPolicyArns" not in role


def test_each_log_is_encrypted_with_the_key_that_is_given(template: Content) -> None:
    [key] = of_type(template, "AWS::KMS::Key")
    for group in properties(template, "AWS::Logs::LogGroup"):
        assert group["KmsKeyId"] == {"Fn::GetAtt": [key, "Arn"]}
