"""A regular look at whether an instance is still what the declaration says."""

from typing import cast

from aws_cdk import CfnResource, CustomResource, Duration, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_scheduler as scheduler
from constructs import Construct

from airflow_rds_iam.access.check_alarms import CheckAlarms, CheckMetrics
from airflow_rds_iam.acknowledgments import (
    HIPAA,
    NIST,
    SERVERLESS,
    acknowledge_inline_policy,
    acknowledge_rule,
)
from airflow_rds_iam.declaration.schedule import hours_between
from airflow_rds_iam.delivery.function_code import function_code
from airflow_rds_iam.delivery.python_function import python_function


class DriftCheck(Construct):
    """Has the database users' function compare, and alarms when a statement would be needed.

    The function's log says which statements; it changes nothing. It alarms as well when a database
    or all of the instance could not be compared, and when no check has ended in time. What calls it
    reads what is declared from the stack as it is deployed, so that no change of access is one of
    the check.

    Args:
        function: the database users' function.
        declared: the custom resource behind which it stands.
        key: encrypts the log group of what calls it.
        instance: the DB instance identifier, a dimension of the metric.
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
        declared: CustomResource,
        key: kms.IKey,
        instance: str,
        observed: bool = False,
        schedule: str = "rate(1 day)",
        topic_arn: str | None = None,
        nobody_because: str | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        stack = Stack.of(self)
        caller, its_role = python_function(
            Construct(self, "Caller"),
            description=f"Has {instance} compared with what is deployed",
            code=function_code("drift_check"),
            handler="drift_check.handler.handle",
            timeout=Duration.minutes(6),
            memory_size=256,
            key=key,
            environment={
                "STACK": stack.stack_id,
                "RESOURCE": cast("CfnResource", declared.node.default_child).logical_id,
                "FUNCTION": function.function_arn,
            },
        )
        its_role.add_to_policy(
            iam.PolicyStatement(actions=["cloudformation:GetTemplate"], resources=[stack.stack_id])
        )
        its_role.add_to_policy(
            iam.PolicyStatement(
                actions=["lambda:InvokeFunction"], resources=[function.function_arn]
            )
        )
        _acknowledge(caller)
        role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal(
                "scheduler.amazonaws.com",
                conditions={"StringEquals": {"aws:SourceAccount": stack.account}},
            ),
        )
        role.add_to_policy(
            iam.PolicyStatement(actions=["lambda:InvokeFunction"], resources=[caller.function_arn])
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
                arn=caller.function_arn,
                role_arn=role.role_arn,
                input=stack.to_json_string({"Mode": "check", "Metrics": metrics.event}),
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


def _acknowledge(caller: Construct) -> None:
    acknowledge_rule(
        caller,
        "LambdaInsideVPC",
        reason="It calls AWS APIs alone and no database: in the VPC it would need a way out of it, "
        "and would have a way to the databases that it has no use for.",
    )
    acknowledge_rule(
        caller,
        "LambdaConcurrency",
        packs=(NIST, HIPAA),
        reason="One schedule calls it. Reserving concurrency takes it from the whole account, and "
        "fails in one whose quota is the first, of ten.",
    )
    acknowledge_rule(
        caller,
        "LambdaDLQ",
        packs=(NIST, HIPAA, SERVERLESS),
        reason="A check that does not come about raises an alarm, and the next one is as good.",
    )
    acknowledge_rule(
        caller,
        "LambdaTracing",
        packs=(SERVERLESS,),
        reason="It calls two APIs; the log of what it calls says what was found.",
    )
