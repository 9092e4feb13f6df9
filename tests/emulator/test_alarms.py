"""The alarms of a drift check, raised for real by what they are there for."""

import json
import re
import secrets
from collections.abc import Callable, Generator
from typing import Any

import pytest
from aws_cdk import Stack
from aws_cdk import aws_lambda as lambda_

from airflow_rds_iam.access.check_alarms import CheckAlarms, CheckMetrics
from proof.account import Account
from tests.emulator.conftest import StackFailedError, Stacks, resource
from tests.templates import of_type, synthesized

pytestmark = pytest.mark.slow

METRICS = CheckMetrics(instance="dev-warehouse")
# Says what it is told to have found, or fails.
CODE = """
import json

def handle(event, context):
    for names in event["Found"]:
        space, dimensions = event["Metrics"]["Namespace"], event["Metrics"]["Dimensions"]
        directive = {
            "Namespace": space, "Dimensions": [list(dimensions)],
            "Metrics": [{"Name": name} for name in names],
        }
        print(json.dumps({
            "_aws": {"Timestamp": 0, "CloudWatchMetrics": [directive]}, **dimensions, **names,
        }))
    if not event["Found"]:
        raise RuntimeError("nothing found")
"""
NAMES = ("Outstanding", "Unread", "Failed", "Silent")
WELL = {METRICS.statements: 0, METRICS.unread: 0}
Check = Callable[..., None]
States = Callable[[], dict[str, str]]
Told = Callable[[], list[tuple[str, str]]]


def template(stack: Stack, topic_arn: str) -> dict[str, Any]:
    """The alarms as the construct makes them, for a check each day."""
    function = lambda_.Function(
        stack,
        "Function",
        runtime=lambda_.Runtime.PYTHON_3_13,
        handler="index.handle",
        code=lambda_.Code.from_inline(CODE),
    )
    CheckAlarms(stack, "Alarms", metrics=METRICS, function=function, hours=24, topic_arn=topic_arn)
    return dict(synthesized(stack)["Resources"])


@pytest.fixture(scope="module")
def topic(account: Account) -> str:
    return account.client("sns").create_topic(Name="operations")["TopicArn"]


@pytest.fixture(scope="module")
def function(stacks: Stacks, topic: str, new_stack: Callable[[], Stack]) -> Generator[str]:
    resources = template(new_stack(), topic)
    [name] = of_type({"Resources": resources}, "AWS::Lambda::Function")
    yield stacks.deploy("alarms", resources, Function={"Ref": name})["Function"]
    stacks.delete("alarms")


@pytest.fixture
def check(account: Account, function: str) -> Check:
    """Has the function say these values, or fail if there are none."""
    client = account.client("lambda")

    def check(**found: int) -> None:
        event = {"Metrics": METRICS.event, "Found": [found] if found else []}
        client.invoke(FunctionName=function, Payload=json.dumps(event))

    return check


@pytest.fixture
def states(account: Account, function: str) -> States:
    def states() -> dict[str, str]:
        alarms = account.client("cloudwatch").describe_alarms(AlarmNamePrefix="alarms-")
        return {
            name: alarm["StateValue"]
            for name in NAMES
            for alarm in alarms["MetricAlarms"]
            if alarm["AlarmName"].startswith(f"alarms-Alarms{name}")
        }

    return states


@pytest.fixture
def told(account: Account, topic: str) -> Callable[[], list[tuple[str, str]]]:
    """What the topic is told from here on: metrics and states."""
    client, name = account.client("sqs"), secrets.token_hex(8)
    arn = f"arn:aws:sqs:{account.region}:{account.id}:{name}"
    publish = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": publish})
    queue = client.create_queue(QueueName=name, Attributes={"Policy": policy})["QueueUrl"]
    account.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)

    def told() -> list[tuple[str, str]]:
        found: list[tuple[str, str]] = []
        while messages := client.receive_message(QueueUrl=queue).get("Messages"):
            for message in messages:
                alarm = json.loads(json.loads(message["Body"])["Message"])
                found.append((alarm["Trigger"]["MetricName"], alarm["NewStateValue"]))
                client.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        return found

    return told


@pytest.fixture
def well(account: Account, check: Check, states: States) -> None:
    """A day and some hours after all else, a check finds nothing."""
    account.later(27)
    check(**WELL)
    assert set(states().values()) == {"OK"}


def test_nothing_is_known_and_nobody_told_of_a_new_instance_before_its_first_check(
    states: States,
) -> None:
    assert states() == dict.fromkeys(NAMES, "INSUFFICIENT_DATA")


@pytest.mark.parametrize(
    ("name", "metric"), [("Outstanding", METRICS.statements), ("Unread", METRICS.unread)]
)
def test_what_a_check_finds_raises_its_alarm_until_a_check_finds_nothing(
    well: None, account: Account, check: Check, states: States, told: Told, name: str, metric: str
) -> None:
    check(**WELL | {metric: 1})
    assert states() == dict.fromkeys(NAMES, "OK") | {name: "ALARM"}
    account.later(23)
    assert states()[name] == "ALARM"
    account.later(1)
    check(**WELL)
    assert states()[name] == "OK"
    assert told() == [(metric, "ALARM"), (metric, "OK")]


def test_a_check_that_fails_raises_an_alarm_until_one_succeeds(
    well: None, account: Account, check: Check, states: States, told: Told
) -> None:
    check()
    assert states() == dict.fromkeys(NAMES, "OK") | {"Failed": "ALARM"}
    account.later(20)
    assert states()["Failed"] == "ALARM"
    check(**WELL)
    assert states()["Failed"] == "OK"
    assert told() == [("Errors", "ALARM"), ("Errors", "OK")]


def test_a_check_that_does_not_run_is_missed_after_a_day_and_a_little(
    well: None, account: Account, check: Check, states: States, told: Told
) -> None:
    account.later(25)
    assert states()["Silent"] == "OK"
    account.later(4)
    assert states() == dict.fromkeys(NAMES, "OK") | {"Silent": "ALARM"}
    check(**WELL)
    assert states()["Silent"] == "OK"
    assert told() == [(METRICS.statements, "ALARM"), (METRICS.statements, "OK")]


def test_checks_that_fail_each_time_are_missed_as_well(
    well: None, account: Account, check: Check, states: States
) -> None:
    for _ in range(2):
        account.later(15)
        check()
    assert states() == dict.fromkeys(NAMES, "OK") | {"Failed": "ALARM", "Silent": "ALARM"}


@pytest.mark.parametrize(
    ("properties", "says"),
    [
        ({"Period": 90}, "Period 90: 10, 20, 30 or a multiple of 60"),
        ({"Period": 1800, "EvaluationPeriods": 49}, "times Period 1800: not more than 86400"),
        ({"Period": 3600, "EvaluationPeriods": 169}, "times Period 3600: not more than 604800"),
        ({"EvaluationPeriods": 0}, "EvaluationPeriods: 0 is not greater or equal to 1"),
        ({"DatapointsToAlarm": 2}, "DatapointsToAlarm: 1 to EvaluationPeriods 1"),
        ({"TreatMissingData": "IGNORE"}, "TreatMissingData: 'IGNORE' is not a valid enum value"),
        ({"Statistic": "Max"}, "Statistic: 'Max' is not a valid enum value"),
        ({"ComparisonOperator": ">"}, "ComparisonOperator: '>' is not a valid enum value"),
        (
            {"WarmUpConfiguration": {"WarmUpPeriodDurationInMinutes": 2881}},
            "WarmUpPeriodDurationInMinutes: 2881 is not less or equal to 2880",
        ),
    ],
)
def test_an_alarm_that_cloudwatch_would_not_take_is_refused(
    stacks: Stacks, properties: dict[str, Any], says: str
) -> None:
    alarm = {
        "Namespace": METRICS.namespace,
        "MetricName": METRICS.statements,
        "Statistic": "Maximum",
        "Period": 3600,
        "EvaluationPeriods": 1,
        "ComparisonOperator": "GreaterThanThreshold",
        "Threshold": 0,
    }
    try:
        with pytest.raises(StackFailedError, match=re.escape(says)):
            stacks.deploy(
                "bad-alarm", {"Alarm": resource("CloudWatch::Alarm", **alarm | properties)}
            )
    finally:
        stacks.delete("bad-alarm")
        stacks.made.discard("bad-alarm")
