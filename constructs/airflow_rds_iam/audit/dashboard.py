"""A server on one page of CloudWatch: alarms, logins, drift, room."""

from collections.abc import Sequence

from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from airflow_rds_iam.audit.server_metrics import ServerMetrics

_WIDE, _HALF, _HEIGHT = 24, 12, 6


class ServerDashboard(Construct):
    """The dashboard ``<identifier>``.

    Args:
        metrics: what the server measures.
        refused: the count of logins that it refused.
        drift: what its regular check finds.
        alarms: the ARN of each of its alarms.
        log_group: the name of the group that its log is exported to.
        refused_query: the Logs Insights query that tells refused logins.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        metrics: ServerMetrics,
        refused: cloudwatch.IMetric,
        drift: Sequence[cloudwatch.IMetric],
        alarms: Sequence[str],
        log_group: str,
        refused_query: str,
    ) -> None:
        super().__init__(scope, construct_id)

        def graph(title: str, *left: cloudwatch.IMetric) -> cloudwatch.GraphWidget:
            return cloudwatch.GraphWidget(title=title, left=[*left], width=_HALF, height=_HEIGHT)

        cloudwatch.Dashboard(
            self,
            "Dashboard",
            dashboard_name=metrics.identifier,
            widgets=[
                [
                    cloudwatch.AlarmStatusWidget(
                        title=f"Alarms of {metrics.identifier}",
                        alarms=[
                            cloudwatch.Alarm.from_alarm_arn(self, f"Alarm{number}", arn)
                            for number, arn in enumerate(alarms)
                        ],
                        width=_WIDE,
                    )
                ],
                [
                    graph("Refused logins", refused),
                    graph("Not as declared, by the last check", *drift),
                ],
                [
                    graph("Connections", metrics.metric("DatabaseConnections", "Maximum")),
                    graph("Storage in use (bytes)", metrics.metric("VolumeBytesUsed", "Maximum"))
                    if metrics.cluster
                    else graph(
                        "Free storage (bytes)", metrics.metric("FreeStorageSpace", "Minimum")
                    ),
                ],
                [
                    graph("CPU (%)", metrics.metric("CPUUtilization", "Average")),
                    graph("Free memory (bytes)", metrics.metric("FreeableMemory", "Minimum")),
                ],
                [
                    cloudwatch.LogQueryWidget(
                        title="The last refused logins",
                        log_group_names=[log_group],
                        query_string=refused_query,
                        width=_WIDE,
                        height=_HEIGHT,
                    )
                ],
            ],
        )
