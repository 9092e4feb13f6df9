import json
from collections.abc import Callable

import pytest
from aws_cdk import CustomResource, Stack
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_

from airflow_rds_iam.access.drift_check import DriftCheck
from tests.templates import Content, of_type, statements, synthesized, text, the

CALLER = "DriftCheckCaller"


def template_of(stack: Stack, schedule: str = "rate(1 day)") -> Content:
    function = lambda_.Function(
        stack,
        "Function",
        runtime=lambda_.Runtime.PYTHON_3_14,
        handler="index.handle",
        code=lambda_.Code.from_inline("x"),
    )
    DriftCheck(
        stack,
        "DriftCheck",
        function=function,
        declared=CustomResource(stack, "Declared", service_token="token"),
        key=kms.Key(stack, "LogKey"),  # pyright: ignore[reportArgumentType]
        instance="dev-warehouse",
        schedule=schedule,
    )
    return synthesized(stack)


@pytest.fixture(scope="module")
def template(new_stack: Callable[[], Stack]) -> Content:
    return template_of(new_stack())


def test_once_a_day_the_function_is_asked_to_compare_and_to_change_nothing(
    template: Content,
) -> None:
    schedule = the(template, "AWS::Scheduler::Schedule")["Properties"]
    assert schedule["ScheduleExpression"] == "rate(1 day)"
    event = json.loads(text(schedule["Target"]["Input"]))
    assert event.keys() == {"Mode", "Metrics"}
    assert event["Mode"] == "check"


def allowed(template: Content, role: str) -> dict[str, list[str]]:
    """Of a role: the resources by action."""
    its_own = {
        name: one
        for name, one in of_type(template, "AWS::IAM::Policy").items()
        if one["Properties"]["Roles"] == [{"Ref": role}]
    }
    return {
        action: [*map(text, statement["Resource"])]
        for statement in statements({"Resources": its_own})
        for action in statement["Action"]
    }


def test_what_it_calls_may_read_this_stack_and_call_the_one_function(template: Content) -> None:
    functions = of_type(template, "AWS::Lambda::Function")
    [caller] = [one for name, one in functions.items() if CALLER in name]
    [users] = [name for name in functions if CALLER not in name]
    permissions = allowed(template, caller["Properties"]["Role"]["Fn::GetAtt"][0])
    assert permissions.pop("cloudformation:GetTemplate") == ["<AWS::StackId>"]
    assert permissions.pop("lambda:InvokeFunction") == [f"<{users}.Arn>"]
    assert permissions.keys() == {"logs:CreateLogStream", "logs:PutLogEvents"}
    assert "VpcConfig" not in caller["Properties"]


def test_the_schedule_may_call_this_function_alone(template: Content) -> None:
    [caller] = [name for name in of_type(template, "AWS::Lambda::Function") if CALLER in name]
    target = the(template, "AWS::Scheduler::Schedule")["Properties"]["Target"]
    role = target["RoleArn"]["Fn::GetAtt"][0]
    assert text(target["Arn"]) == f"<{caller}.Arn>"
    assert allowed(template, role) == {"lambda:InvokeFunction": [f"<{caller}.Arn>"]}
    [trust] = template["Resources"][role]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "scheduler.amazonaws.com"}
    assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": "111122223333"}}


def test_a_call_that_fails_is_tried_again_and_no_queue_keeps_it(template: Content) -> None:
    target = the(template, "AWS::Scheduler::Schedule")["Properties"]["Target"]
    policy = {"MaximumEventAgeInSeconds": 3600, "MaximumRetryAttempts": 3}
    assert target["RetryPolicy"] == policy
    assert "DeadLetterConfig" not in target


def test_a_check_that_would_not_be_missed_is_refused(new_stack: Callable[[], Stack]) -> None:
    with pytest.raises(ValueError, match="must come once a day at least"):
        template_of(new_stack(), schedule="rate(2 days)")
