"""A regular look at whether an instance is still what the declaration says."""

from collections.abc import Mapping, Sequence

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_scheduler as scheduler
from constructs import Construct

from airflow_rds_iam.access.check_alarms import CheckAlarms, CheckMetrics
from airflow_rds_iam.acknowledgments import acknowledge_inline_policy
from airflow_rds_iam.declaration.schedule import hours_between


class DriftCheck(Construct):
    """Has the database users' function compare, and alarms when a statement would be needed.

    The function's log says which statements; it changes nothing. It alarms as well when a database
    or all of the instance could not be compared, and when no check has ended in time.

    Args:
        function: the database users' function.
        databases: the desired state, as the custom resource has it.
        instance: the DB instance identifier, a dimension of the metric.
        prefix: that of the roles' names, if they have one.
        observed: what is outstanding is not to be done, and so is no alarm.
        schedule: of EventBridge Scheduler, such as ``rate(1 day)``; once a day at least.
        topic_arn: an SNS topic that is told of the alarms.
        nobody_because: why none is.

    Raises:
        ValueError: the schedule leaves more than a day between two checks.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        function: lambda_.Function,
        databases: Sequence[Mapping[str, object]],
        instance: str,
        prefix: str | None = None,
        observed: bool = False,
        schedule: str = "rate(1 day)",
        topic_arn: str | None = None,
        nobody_because: str | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal(
                "scheduler.amazonaws.com",
                conditions={"StringEquals": {"aws:SourceAccount": Stack.of(self).account}},
            ),
        )
        role.add_to_policy(
            iam.PolicyStatement(
                actions=["lambda:InvokeFunction"], resources=[function.function_arn]
            )
        )
        acknowledge_inline_policy(role)
        metrics = CheckMetrics(instance=instance)
        scheduler.CfnSchedule(
            self,
            "Schedule",
            description=f"Compares {instance} with its declaration",
            schedule_expression=schedule,
            flexible_time_window=scheduler.CfnSchedule.FlexibleTimeWindowProperty(mode="OFF"),
            target=scheduler.CfnSchedule.TargetProperty(
                arn=function.function_arn,
                role_arn=role.role_arn,
                input=Stack.of(self).to_json_string(
                    {
                        "Mode": "check",
                        "Databases": databases,
                        **({"Prefix": prefix} if prefix else {}),
                        "Metrics": metrics.event,
                    }
                ),
                # What is called in vain, or is dropped on its way, needs no queue: nothing is heard
                # of the check, and there is an alarm for that.
                retry_policy=scheduler.CfnSchedule.RetryPolicyProperty(
                    maximum_event_age_in_seconds=3600, maximum_retry_attempts=3
                ),
            ),
        )
        CheckAlarms(
            self,
            "Alarms",
            metrics=metrics,
            function=function,
            hours=hours_between(schedule),
            observed=observed,
            topic_arn=topic_arn,
            nobody_because=nobody_because,
        )
