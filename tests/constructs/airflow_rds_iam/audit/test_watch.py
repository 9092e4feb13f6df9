"""What a server is watched by; that its log's refusals are counted is tried in tests/emulator."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from aws_cdk import Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from airflow_rds_iam.audit.server_metrics import ServerMetrics
from airflow_rds_iam.audit.watch import Watch
from emulator.cloudwatch.evaluation import Alarm, State, state_of
from tests.templates import Content, of_type, properties, synthesized, text, the

TOPIC = "arn:aws:sns:eu-central-1:111122223333:operations"
LOG = "/aws/rds/instance/dev-lake/postgresql"
NOW = 1_000_000.0


def watched(stack: Stack, **told: str) -> Content:
    checked = Construct(stack, "Checked")
    cloudwatch.CfnAlarm(
        checked,
        "Outstanding",
        alarm_description="dev-lake is not as declared",
        comparison_operator="GreaterThanThreshold",
        evaluation_periods=1,
    )
    Watch(
        stack,
        "Watch",
        metrics=ServerMetrics(identifier="dev-lake", members={"dev-lake": "db-LAKE"}),
        storage_gib=50,
        checked=checked,
        **told,
    )
    return synthesized(stack)


@pytest.fixture(scope="module")
def template(new_stack: Callable[[], Stack]) -> Content:
    return watched(new_stack(), topic_arn=TOPIC)


def alarm(template: Content, name: str) -> dict[str, Any]:
    [found] = [
        one["Properties"]
        for logical_id, one in of_type(template, "AWS::CloudWatch::Alarm").items()
        if logical_id.startswith(f"WatchAlarms{name}")
    ]
    return found


def test_refused_logins_are_counted_where_the_log_is_exported_to(template: Content) -> None:
    counted = the(template, "AWS::Logs::MetricFilter")["Properties"]
    assert counted["LogGroupName"] == LOG
    [metric] = counted["MetricTransformations"]
    assert (metric["MetricValue"], metric["DefaultValue"]) == ("1", 0)
    raised = alarm(template, "Refused")
    for name in ("MetricName", "MetricNamespace"):
        assert raised[name.replace("MetricNamespace", "Namespace")] == metric[name]
    assert (raised["Statistic"], raised["Period"], raised["Threshold"]) == ("Sum", 300, 5)
    # A quiet server refuses nobody.
    assert raised["TreatMissingData"] == "notBreaching"


def test_connections_are_compared_with_what_the_server_takes(template: Content) -> None:
    raised = alarm(template, "Connections")
    used, opened = raised["Metrics"]
    assert used["Expression"] == (
        "100 * opened / DB_PERF_INSIGHTS('RDS', 'db-LAKE', 'db.User.max_connections.avg')"
    )
    assert [used["ReturnData"], opened["ReturnData"]] == [True, False]
    assert opened["MetricStat"]["Metric"] == {
        "Namespace": "AWS/RDS",
        "MetricName": "DatabaseConnections",
        "Dimensions": [{"Name": "DBInstanceIdentifier", "Value": "dev-lake"}],
    }
    assert (raised["ComparisonOperator"], raised["Threshold"]) == ("GreaterThanThreshold", 80)


def test_storage_is_short_where_it_did_not_grow(template: Content) -> None:
    raised = alarm(template, "Storage")
    assert raised["MetricName"] == "FreeStorageSpace"
    assert raised["ComparisonOperator"] == "LessThanThreshold"
    # RDS grows it at 10 %.
    assert raised["Threshold"] == 2.5 * 2**30


GIB = 2.0**30


@pytest.mark.parametrize(
    ("name", "minutes", "state"),
    [
        ("Refused", {0: 2, 1: 2}, "OK"),
        ("Refused", {0: 2, 4: 3}, "ALARM"),
        ("Refused", {0: 2, 6: 3}, "OK"),
        ("Refused", {}, "OK"),
        ("Connections", dict.fromkeys(range(5), 80), "OK"),
        ("Connections", dict.fromkeys(range(4), 81) | {4: 80}, "OK"),
        ("Connections", dict.fromkeys(range(5), 81), "ALARM"),
        ("Connections", {}, "INSUFFICIENT_DATA"),
        ("Storage", dict.fromkeys(range(5), 2.5 * GIB), "OK"),
        ("Storage", dict.fromkeys(range(5), 2.4 * GIB), "ALARM"),
        ("Storage", {0: 2.4 * GIB, **dict.fromkeys(range(1, 5), 9 * GIB)}, "OK"),
    ],
)
def test_each_is_raised_by_what_it_is_for(
    template: Content, name: str, minutes: dict[int, float], state: State
) -> None:
    record = alarm(template, name)
    if queries := record.get("Metrics"):  # what its expression comes to
        record |= {"Statistic": "Maximum", "Period": queries[0]["Period"]}
    values = [(NOW - 60 * ago - 1, value) for ago, value in minutes.items()]
    assert state_of(Alarm.of(record), values, now=NOW, state="OK") == state


def test_one_topic_is_told_of_each(template: Content, new_stack: Callable[[], Stack]) -> None:
    for one in ("Refused", "Connections", "Storage"):
        assert alarm(template, one)["AlarmActions"] == alarm(template, one)["OKActions"] == [TOPIC]
    quiet = watched(new_stack(), nobody_because="nobody works at night")
    assert not any("AlarmActions" in one for one in properties(quiet, "AWS::CloudWatch::Alarm"))


def test_each_says_in_words_what_is_wrong_and_of_which_server(template: Content) -> None:
    for one in properties(template, "AWS::CloudWatch::Alarm"):
        assert "dev-lake" in one["AlarmDescription"]


def test_a_page_shows_every_alarm_and_what_was_refused(template: Content) -> None:
    dashboard = the(template, "AWS::CloudWatch::Dashboard")["Properties"]
    assert dashboard["DashboardName"] == "dev-lake"
    body = text(dashboard["DashboardBody"])
    for logical_id in of_type(template, "AWS::CloudWatch::Alarm"):
        assert logical_id in body
    assert "Outstanding" in body, "those of the regular check stand there, too"
    widgets = json.loads(body.replace("<", "").replace(">", "").replace("\n", " "))["widgets"]
    assert [one["type"] for one in widgets] == ["alarm", *["metric"] * 6, "log"]
    assert widgets[-1]["properties"]["query"].startswith(f"SOURCE '{LOG}' | fields")
    shown = {metric[1] for one in widgets for metric in one["properties"].get("metrics", ())}
    assert {
        "RefusedLogins-dev-lake",
        "StatementsOutstanding",
        "DatabasesUnread",
        "DatabaseConnections",
        "FreeStorageSpace",
    } <= shown
