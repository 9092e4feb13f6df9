"""How often a server refuses a login, counted from its log.

Source: "Filter pattern syntax for metric filters" of the CloudWatch Logs user guide: a regular
expression has no groups, and no blank but its class of them.
"""

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_logs as logs
from constructs import Construct

_FATAL = r"\]:FATAL:\s+"
_REASONS = (
    r"PAM\sauthentication\sfailed",
    r"password\sauthentication\sfailed",
    r"no\spg_hba\.conf\sentry",
    r"pg_hba\.conf\srejects",
    r"permission\sdenied\sfor\sdatabase",
    r"role\s.*\snot\spermitted\sto\slog\sin",
    r"role\s.*\sdoes\snot\sexist",
)
PATTERN = f"%{'|'.join(_FATAL + reason for reason in _REASONS)}%"
"""A line that refuses somebody.

A tenant can write a statement that reads like one and so be counted, but nobody's refusal is missed
for what the name says that they came with.
"""


class RefusedLogins(Construct):
    """Counts them, in ``AirflowRdsIam``.

    Args:
        identifier: the DB instance identifier.
        log_group: the name of the group that its log is exported to.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, identifier: str, log_group: str
    ) -> None:
        super().__init__(scope, construct_id)
        namespace, name = "AirflowRdsIam", f"RefusedLogins-{identifier}"
        logs.CfnMetricFilter(
            self,
            "Filter",
            log_group_name=log_group,
            filter_pattern=PATTERN,
            metric_transformations=[
                logs.CfnMetricFilter.MetricTransformationProperty(
                    metric_namespace=namespace,
                    metric_name=name,
                    metric_value="1",
                    default_value=0,
                )
            ],
        )
        self.metric = cloudwatch.Metric(
            namespace=namespace, metric_name=name, statistic="Sum", period=Duration.minutes(5)
        )
