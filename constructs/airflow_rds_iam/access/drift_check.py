"""A regular look at whether an instance is still what the declaration says."""

from collections.abc import Mapping, Sequence

from aws_cdk import Duration, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_sns as sns
from constructs import Construct

from airflow_rds_iam.acknowledgments import acknowledge_inline_policy


class DriftCheck(Construct):
    """Has the database users' function compare, and alarms when a statement would be needed.

    The function's log says which statements; it changes nothing.

    Args:
        function: the database users' function.
        databases: the desired state, as the custom resource has it.
        instance: the DB instance identifier, a dimension of the metric.
        schedule: of EventBridge Scheduler, such as ``rate(1 day)``.
        topic_arn: an SNS topic that is told of the alarm.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        function: lambda_.Function,
        databases: Sequence[Mapping[str, object]],
        instance: str,
        schedule: str = "rate(1 day)",
        topic_arn: str | None = None,
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
        metric = cloudwatch.Metric(
            namespace="AirflowRdsIam",
            metric_name="StatementsOutstanding",
            dimensions_map={"Instance": instance},
            statistic="Maximum",
            period=Duration.days(1),
        )
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
                        "Metric": {
                            "Namespace": metric.namespace,
                            "Name": metric.metric_name,
                            "Dimensions": metric.dimensions,
                        },
                    }
                ),
                # The next check is soon enough.
                retry_policy=scheduler.CfnSchedule.RetryPolicyProperty(maximum_retry_attempts=0),
            ),
        )
        alarm = cloudwatch.Alarm(
            self,
            "Alarm",
            alarm_description=f"{instance} is not what its declaration says; the log of "
            f"{function.function_name} names each statement that is outstanding",
            metric=metric,
            threshold=0,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
            evaluation_periods=1,
            # No data says that no check ran: neither well nor wrong.
            treat_missing_data=cloudwatch.TreatMissingData.MISSING,
        )
        if topic_arn:
            topic = sns.Topic.from_topic_arn(self, "Topic", topic_arn)
            alarm.add_alarm_action(actions.SnsAction(topic))
