"""What raises which alarm is tried in tests/emulator; here is what no trial shows."""

from collections.abc import Callable
from typing import Any

import pytest
from aws_cdk import Stack
from aws_cdk import aws_lambda as lambda_

from airflow_rds_iam.access.check_alarms import CheckAlarms, CheckMetrics
from tests.templates import of_type, synthesized

TOPIC = "arn:aws:sns:eu-central-1:111122223333:alarms"
NAMES = ("Outstanding", "Unread", "Failed", "Silent")


def alarms_of(stack: Stack, *, hours: int = 24, **told: Any) -> dict[str, dict[str, Any]]:
    function = lambda_.Function(
        stack,
        "Function",
        runtime=lambda_.Runtime.PYTHON_3_14,
        handler="index.handle",
        code=lambda_.Code.from_inline("x"),
    )
    metrics = CheckMetrics(instance="dev-warehouse")
    CheckAlarms(stack, "Alarms", metrics=metrics, function=function, hours=hours, **told)
    found = of_type(synthesized(stack), "AWS::CloudWatch::Alarm")
    return {
        name: alarm["Properties"]
        for name in NAMES
        for logical_id, alarm in found.items()
        if logical_id.startswith(f"Alarms{name}")
    }


@pytest.fixture(scope="module")
def alarms(new_stack: Callable[[], Stack]) -> dict[str, dict[str, Any]]:
    return alarms_of(new_stack())


def test_the_last_word_of_a_check_stands_until_the_next(alarms: dict[str, Any]) -> None:
    """It speaks once a day, and CloudWatch looks each minute at the last hour."""
    for name in ("Outstanding", "Unread", "Failed"):
        assert (alarms[name]["Period"], alarms[name]["EvaluationPeriods"]) == (3600, 1)
        assert alarms[name]["TreatMissingData"] == "ignore"


@pytest.mark.parametrize(("hours", "silent"), [(1, 3), (24, 26)])
def test_silence_is_longer_than_a_check_may_be_late(
    hours: int, silent: int, new_stack: Callable[[], Stack]
) -> None:
    alarm = alarms_of(new_stack(), hours=hours)["Silent"]
    assert (alarm["Period"], alarm["EvaluationPeriods"]) == (3600, silent)
    assert "DatapointsToAlarm" not in alarm
    assert alarm["TreatMissingData"] == "breaching"
    assert alarm["WarmUpConfiguration"] == {"WarmUpPeriodDurationInMinutes": silent * 60}


def test_a_topic_is_told_of_each_alarm_and_of_its_end(new_stack: Callable[[], Stack]) -> None:
    alarms = alarms_of(new_stack(), topic_arn=TOPIC)
    assert [*alarms] == [*NAMES]
    for alarm in alarms.values():
        assert alarm["AlarmActions"] == alarm["OKActions"] == [TOPIC]


def test_nobody_is_told_without_a_topic(alarms: dict[str, Any]) -> None:
    assert [*alarms] == [*NAMES]
    for alarm in alarms.values():
        assert not {"AlarmActions", "OKActions"} & alarm.keys()


def test_each_alarm_says_in_words_what_is_wrong_and_where_to_look(alarms: dict[str, Any]) -> None:
    for alarm in alarms.values():
        assert "dev-warehouse" in str(alarm["AlarmDescription"])
        assert "the log of " in str(alarm["AlarmDescription"])
