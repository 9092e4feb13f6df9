"""Alarms of a server that refuses logins, or has no room for more."""

from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from airflow_rds_iam.audit.server_metrics import INSTANCE, MINUTE, ServerMetrics

REFUSED = 5
"""Logins refused within five minutes: fewer are a person's mistakes, and a saved query has all."""
CONNECTIONS_PERCENT = 80
STORAGE_PERCENT = 5
"""RDS makes storage larger where 10 % are free: it has not, or may not any more."""
_GIB = 1 << 30
_Query = cloudwatch.CfnAlarm.MetricDataQueryProperty
_Stat = cloudwatch.CfnAlarm.MetricStatProperty


class ServerAlarms(Construct):
    """One alarm for each.

    Args:
        metrics: what the server measures.
        refused: the count of logins that it refused.
        storage_gib: GiB that it was made with; None of a cluster, whose storage grows by itself.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        metrics: ServerMetrics,
        refused: cloudwatch.Metric,
        storage_gib: int | None,
    ) -> None:
        super().__init__(scope, construct_id)
        server = metrics.identifier
        refused.create_alarm(
            self,
            "Refused",
            alarm_description=f"{server} refused {REFUSED} logins or more within five minutes; its "
            f"saved query {server}/refused-logins names each, with its reason",
            threshold=REFUSED,
            evaluation_periods=1,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        if storage_gib:
            self._storage(metrics, storage_gib)
        for number, member in enumerate(metrics.members):
            self._connections(metrics, member, number)

    def _storage(self, metrics: ServerMetrics, gib: int) -> None:
        metrics.metric("FreeStorageSpace", "Minimum").create_alarm(
            self,
            "Storage",
            alarm_description=f"Less than {STORAGE_PERCENT} % of the {gib} GiB that "
            f"{metrics.identifier} was made with are free, and its storage did not grow: see "
            "storage.max_gib",
            comparison_operator=cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
            threshold=gib * _GIB * STORAGE_PERCENT // 100,
            evaluation_periods=5,
        )

    def _connections(self, metrics: ServerMetrics, member: str, number: int) -> None:
        seconds = MINUTE.to_seconds()
        opened = metrics.metric("DatabaseConnections", "Maximum")
        dimension = cloudwatch.CfnAlarm.DimensionProperty(name=INSTANCE, value=member)
        # The L2 class takes the names within the function's texts for metrics, and warns.
        cloudwatch.CfnAlarm(
            self,
            f"Connections{number + 1 if number else ''}",
            alarm_description=f"More than {CONNECTIONS_PERCENT} % of the connections that "
            f"{member} takes are open; its saved query "
            f"{metrics.identifier}/sessions-of-an-identity tells whose",
            metrics=[
                _Query(
                    id="used",
                    label="Connections in use (%)",
                    expression=f"100 * opened / {metrics.most_connections(member)}",
                    period=seconds,
                    return_data=True,
                ),
                _Query(
                    id="opened",
                    metric_stat=_Stat(
                        metric=cloudwatch.CfnAlarm.MetricProperty(
                            namespace=opened.namespace,
                            metric_name=opened.metric_name,
                            dimensions=[dimension],
                        ),
                        period=seconds,
                        stat="Maximum",
                    ),
                    return_data=False,
                ),
            ],
            comparison_operator="GreaterThanThreshold",
            threshold=CONNECTIONS_PERCENT,
            evaluation_periods=5,
        )
