import json
from collections.abc import Callable

import pytest
from aws_cdk import Stack
from aws_cdk import aws_lambda as lambda_

from airflow_rds_iam.access.drift_check import DriftCheck
from tests.templates import Content, of_type, statements, synthesized, text, the

DATABASES = [{"Name": "orders", "Owner": "orders_owner", "Own": ["shop_orders_own"]}]
TOPIC = "arn:aws:sns:eu-central-1:111122223333:alarms"


def template_of(stack: Stack, topic_arn: str | None = None) -> Content:
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
        topic_arn=topic_arn,
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


def test_one_statement_outstanding_raises_the_alarm(template: Content) -> None:
    alarm = the(template, "AWS::CloudWatch::Alarm")["Properties"]
    assert (alarm["Namespace"], alarm["MetricName"]) == ("AirflowRdsIam", "StatementsOutstanding")
    assert alarm["Dimensions"] == [{"Name": "Instance", "Value": "dev-warehouse"}]
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("GreaterThanThreshold", 0)
    assert alarm["EvaluationPeriods"] == 1


@pytest.mark.parametrize(("topic_arn", "actions"), [(None, None), (TOPIC, [TOPIC])])
def test_the_alarm_tells_a_topic_where_one_is_declared(
    topic_arn: str | None, actions: list[str] | None, new_stack: Callable[[], Stack]
) -> None:
    alarm = the(template_of(new_stack(), topic_arn), "AWS::CloudWatch::Alarm")["Properties"]
    assert alarm.get("AlarmActions") == actions
