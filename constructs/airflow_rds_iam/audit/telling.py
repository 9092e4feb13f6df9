"""Who is told of an alarm."""

from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from airflow_rds_iam.acknowledgments import acknowledge


def tell(scope: Construct, *, topic_arn: str | None, nobody_because: str | None) -> None:
    """Have a topic told of the beginning and the end of every alarm within ``scope``.

    Args:
        scope: what holds the alarms.
        topic_arn: the SNS topic.
        nobody_because: why there is none, which acknowledges the guardrail's warning.
    """
    for alarm in scope.node.find_all():
        if not isinstance(alarm, cloudwatch.CfnAlarm):
            continue
        if topic_arn:
            alarm.alarm_actions = alarm.ok_actions = [topic_arn]
        elif nobody_because:
            acknowledge(alarm, "Guardrails::alarms-tell-somebody", reason=nobody_because)
