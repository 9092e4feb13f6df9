import json
from collections.abc import Callable

import pytest
from aws_cdk import Stack
from aws_cdk import aws_lambda as lambda_

from airflow_rds_iam.access.drift_check import DriftCheck
from tests.templates import Content, of_type, statements, synthesized, text, the

DATABASES = [{"Name": "orders", "Owner": "orders_owner", "Own": ["shop_orders_own"]}]


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
        databases=DATABASES,
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
    assert event["Mode"] == "check"
    assert event["Databases"] == DATABASES


def test_the_schedule_may_call_this_function_alone(template: Content) -> None:
    [function] = of_type(template, "AWS::Lambda::Function")
    target = the(template, "AWS::Scheduler::Schedule")["Properties"]["Target"]
    role = target["RoleArn"]["Fn::GetAtt"][0]
    [statement] = [one for one in statements(template) if "lambda:InvokeFunction" in one["Action"]]
    assert statement["Action"] == ["lambda:InvokeFunction"]
    assert [*map(text, statement["Resource"])] == [f"<{function}.Arn>"] == [text(target["Arn"])]
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
