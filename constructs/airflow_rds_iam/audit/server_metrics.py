"""What a server measures of itself, as its alarms and its dashboard read it."""

from collections.abc import Mapping
from dataclasses import dataclass

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch

MINUTE = Duration.minutes(1)
INSTANCE, CLUSTER = "DBInstanceIdentifier", "DBClusterIdentifier"


@dataclass(frozen=True, kw_only=True)
class ServerMetrics:
    """Those of Amazon RDS.

    Sources: "Amazon CloudWatch metrics for Amazon RDS"; "Amazon CloudWatch metrics for Amazon
    Aurora", of which those of a cluster are of all its instances.

    Args:
        identifier: the DB instance identifier, or the DB cluster identifier of a cluster.
        members: of each instance its ``DbiResourceId``, by which Performance Insights knows it.
        cluster: whether it is an Aurora cluster.
    """

    identifier: str
    members: Mapping[str, str]
    cluster: bool = False

    def metric(self, name: str, statistic: str) -> cloudwatch.Metric:
        """One of them, a minute at a time."""
        return cloudwatch.Metric(
            namespace="AWS/RDS",
            metric_name=name,
            dimensions_map={CLUSTER if self.cluster else INSTANCE: self.identifier},
            statistic=statistic,
            period=MINUTE,
        )

    def most_connections(self, member: str) -> str:
        """An expression for an instance's ``max_connections``, which its memory decides.

        Source: Amazon RDS user guide, "Performance Insights counter metrics"; Amazon CloudWatch
        user guide, "Create alarms on Performance Insights metrics from AWS databases".
        """
        return f"DB_PERF_INSIGHTS('RDS', '{self.members[member]}', 'db.User.max_connections.avg')"
