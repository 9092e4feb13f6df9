"""What is counted, alarmed of and shown of a server."""

from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from airflow_rds_iam.access.check_alarms import CheckMetrics
from airflow_rds_iam.audit.dashboard import ServerDashboard
from airflow_rds_iam.audit.refused_logins import RefusedLogins
from airflow_rds_iam.audit.saved_queries import QUERIES, log_group
from airflow_rds_iam.audit.server_alarms import ServerAlarms
from airflow_rds_iam.audit.server_metrics import ServerMetrics
from airflow_rds_iam.audit.telling import tell


class Watch(Construct):
    """Alarms of a server beside those of its regular check, and a dashboard with all of them.

    Args:
        metrics: what the server measures.
        storage_gib: GiB that it was made with; None of a cluster, whose storage grows by itself.
        checked: what holds the alarms of its regular check.
        topic_arn: an SNS topic that is told of the alarms.
        nobody_because: why none is.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        metrics: ServerMetrics,
        storage_gib: int | None,
        checked: Construct,
        topic_arn: str | None = None,
        nobody_because: str | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        identifier = metrics.identifier
        group = log_group(identifier, cluster=metrics.cluster)
        refused = RefusedLogins(self, "RefusedLogins", identifier=identifier, log_group=group)
        ServerAlarms(
            self, "Alarms", metrics=metrics, refused=refused.metric, storage_gib=storage_gib
        )
        tell(self, topic_arn=topic_arn, nobody_because=nobody_because)
        check = CheckMetrics(instance=identifier)
        ServerDashboard(
            self,
            "Page",
            metrics=metrics,
            refused=refused.metric,
            drift=[check.metric(name, "Maximum") for name in (check.statements, check.unread)],
            alarms=[
                alarm.attr_arn
                for holder in (checked, self)
                for alarm in holder.node.find_all()
                if isinstance(alarm, cloudwatch.CfnAlarm)
            ],
            log_group=group,
            refused_query=QUERIES["refused-logins"],
        )
