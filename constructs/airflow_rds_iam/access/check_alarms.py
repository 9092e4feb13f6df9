"""The alarms of a drift check: on what it finds, and on what keeps it from finding anything."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from airflow_rds_iam.audit.telling import tell

HOUR = Duration.hours(1)
LATE_HOURS = 2
"""What a check may take, and CloudWatch until it has what the function has said."""


@dataclass(frozen=True, kw_only=True)
class CheckMetrics:
    """What a check counts, as the function is told it and the alarms watch it.

    Args:
        instance: the DB instance identifier, a dimension of each metric.
    """

    instance: str
    namespace: str = "AirflowRdsIam"
    statements: str = "StatementsOutstanding"
    unread: str = "DatabasesUnread"

    @property
    def event(self) -> Mapping[str, object]:
        """What the function is told."""
        return {
            "Namespace": self.namespace,
            "Dimensions": {"Instance": self.instance},
            "Statements": self.statements,
            "Unread": self.unread,
        }

    def metric(self, name: str, statistic: str) -> cloudwatch.Metric:
        """One of them, an hour at a time."""
        return cloudwatch.Metric(
            namespace=self.namespace,
            metric_name=name,
            dimensions_map={"Instance": self.instance},
            statistic=statistic,
            period=HOUR,
        )


class CheckAlarms(Construct):
    """One alarm for each way in which an instance may not be known to be as declared.

    A check speaks once a day or so, and CloudWatch looks each minute. So its last word stands
    until the next one (missing data is ignored), and an alarm of its own counts the hours in which
    it has not spoken: no check was called, it was dropped, or it failed each time.

    Source: Amazon CloudWatch user guide, "Configuring how CloudWatch alarms treat missing data".

    Args:
        function: what checks; it changes the users of a deploy, too.
        hours: the most hours between two checks.
        observed: no alarm tells of statements that are outstanding.
        topic_arn: the SNS topic that is told of each change of an alarm's state.
        nobody_because: why there is none.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        metrics: CheckMetrics,
        function: lambda_.Function,
        hours: int,
        observed: bool = False,
        topic_arn: str | None = None,
        nobody_because: str | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        log = f"the log of {function.function_name}"
        if not observed:
            self._raised_above_none(
                "Outstanding",
                metrics.metric(metrics.statements, "Maximum"),
                f"{metrics.instance} is not what its declaration says; {log} names each statement "
                "that is outstanding",
            )
        self._raised_above_none(
            "Unread",
            metrics.metric(metrics.unread, "Maximum"),
            f"A check could not read every database of {metrics.instance}; {log} names each, and "
            "why",
        )
        self._raised_above_none(
            "Failed",
            function.metric_errors(period=HOUR),
            f"A check of {metrics.instance}, or a deploy's change of its users, failed; {log} "
            "says why",
        )
        silent_hours = hours + LATE_HOURS
        silent = cloudwatch.Alarm(
            self,
            "Silent",
            alarm_description=f"No check of {metrics.instance} has ended for {silent_hours} hours; "
            f"{log}, and the schedule, say whether one was begun",
            metric=metrics.metric(metrics.statements, "SampleCount"),
            threshold=1,
            comparison_operator=cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
            evaluation_periods=silent_hours,
            treat_missing_data=cloudwatch.TreatMissingData.BREACHING,
        )
        # Nothing is to be heard of a new one before its first check.
        template = cast(cloudwatch.CfnAlarm, silent.node.default_child)
        template.warm_up_configuration = cloudwatch.CfnAlarm.WarmUpConfigurationProperty(
            warm_up_period_duration_in_minutes=silent_hours * 60
        )
        tell(self, topic_arn=topic_arn, nobody_because=nobody_because)

    def _raised_above_none(
        self, construct_id: str, metric: cloudwatch.Metric, description: str
    ) -> None:
        cloudwatch.Alarm(
            self,
            construct_id,
            alarm_description=description,
            metric=metric,
            threshold=0,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
            evaluation_periods=1,
            treat_missing_data=cloudwatch.TreatMissingData.IGNORE,
        )
