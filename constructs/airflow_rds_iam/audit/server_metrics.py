"""What a server measures of itself, as its alarms and its dashboard read it."""

from dataclasses import dataclass

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch

MINUTE = Duration.minutes(1)


@dataclass(frozen=True, kw_only=True)
class ServerMetrics:
    """Those of Amazon RDS.

    Source: Amazon RDS user guide, "Amazon CloudWatch metrics for Amazon RDS".

    Args:
        identifier: the DB instance identifier.
        resource_id: its ``DbiResourceId``, by which Performance Insights knows it.
    """

    identifier: str
    resource_id: str

    def metric(self, name: str, statistic: str) -> cloudwatch.Metric:
        """One of them, a minute at a time."""
        return cloudwatch.Metric(
            namespace="AWS/RDS",
            metric_name=name,
            dimensions_map={"DBInstanceIdentifier": self.identifier},
            statistic=statistic,
            period=MINUTE,
        )

    @property
    def most_connections(self) -> str:
        """An expression for ``max_connections``, which follows from the class's memory.

        Source: Amazon RDS user guide, "Performance Insights counter metrics"; Amazon CloudWatch
        user guide, "Create alarms on Performance Insights metrics from AWS databases".
        """
        return f"DB_PERF_INSIGHTS('RDS', '{self.resource_id}', 'db.User.max_connections.avg')"
