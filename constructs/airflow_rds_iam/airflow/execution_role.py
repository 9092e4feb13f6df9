"""The role that Airflow's components and tasks run with."""

from aws_cdk import ArnFormat, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from airflow_rds_iam.acknowledgments import acknowledge_inline_policy, acknowledge_wildcard


class ExecutionRole(Construct):
    """An execution role with what the service needs and no access to any database.

    Args:
        key: of bucket, queue and logs; None for those that AWS owns.

    Source: "Amazon MWAA execution role" and "Cross-service confused deputy prevention".
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        environment_name: str,
        bucket: s3.IBucket,
        key: kms.IKey | None,
    ) -> None:
        super().__init__(scope, construct_id)
        stack = Stack.of(self)
        # Built from the name, since the environment itself needs this role.
        environment_arn = stack.format_arn(
            service="airflow", resource="environment", resource_name=environment_name
        )
        self.role = iam.Role(
            self,
            "Role",
            assumed_by=iam.PrincipalWithConditions(
                iam.CompositePrincipal(
                    iam.ServicePrincipal("airflow.amazonaws.com"),
                    iam.ServicePrincipal("airflow-env.amazonaws.com"),
                ),
                {
                    "StringEquals": {"aws:SourceAccount": stack.account},
                    "ArnLike": {"aws:SourceArn": environment_arn},
                },
            ),
            description=f"Airflow environment {environment_name}",
        )
        log_groups = stack.format_arn(
            service="logs",
            resource="log-group",
            resource_name=f"airflow-{environment_name}-*",
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )
        # The service's own queues, in an account of Amazon's.
        queues = stack.format_arn(service="sqs", account="*", resource="airflow-celery-*")
        for statement in (
            iam.PolicyStatement(actions=["airflow:PublishMetrics"], resources=[environment_arn]),
            iam.PolicyStatement(
                actions=["s3:GetObject*", "s3:GetBucket*", "s3:List*"],
                resources=[bucket.bucket_arn, bucket.arn_for_objects("*")],
            ),
            # As in the documented role: what s3:List* says of this bucket is not meant of others.
            iam.PolicyStatement(
                effect=iam.Effect.DENY,
                actions=["s3:ListAllMyBuckets"],
                resources=[bucket.bucket_arn, bucket.arn_for_objects("*")],
            ),
            iam.PolicyStatement(actions=["s3:GetAccountPublicAccessBlock"], resources=["*"]),
            iam.PolicyStatement(
                actions=[
                    "logs:CreateLogStream",
                    "logs:CreateLogGroup",
                    "logs:PutLogEvents",
                    "logs:GetLogEvents",
                    "logs:GetLogRecord",
                    "logs:GetLogGroupFields",
                    "logs:GetQueryResults",
                ],
                resources=[log_groups],
            ),
            iam.PolicyStatement(actions=["logs:DescribeLogGroups"], resources=["*"]),
            iam.PolicyStatement(actions=["cloudwatch:PutMetricData"], resources=["*"]),
            iam.PolicyStatement(
                actions=[
                    "sqs:ChangeMessageVisibility",
                    "sqs:DeleteMessage",
                    "sqs:GetQueueAttributes",
                    "sqs:GetQueueUrl",
                    "sqs:ReceiveMessage",
                    "sqs:SendMessage",
                ],
                resources=[queues],
            ),
            _use_of_key(stack, key),
        ):
            self.role.add_to_policy(statement)
        acknowledge_inline_policy(self.role)
        for action in ("s3:GetObject*", "s3:GetBucket*", "s3:List*", "kms:GenerateDataKey*"):
            acknowledge_wildcard(
                self.role,
                "Action",
                action,
                reason="As Amazon MWAA documents its execution role, for the bucket and the key "
                "of this environment alone; none of the actions changes anything.",
            )
        for resource, reason in {
            bucket.arn_for_objects("*"): "Airflow reads its DAGs and requirements, whose names are "
            "not known beforehand, from its own bucket.",
            log_groups: "Airflow's log groups, five of this environment's name, as Amazon MWAA "
            "documents its execution role.",
            queues: "The queues are Amazon's, in an account of Amazon's that is not published.",
            "*": "GetAccountPublicAccessBlock, DescribeLogGroups and PutMetricData take no "
            "resource; they disclose settings and names, and write metrics.",
        }.items():
            acknowledge_wildcard(self.role, "Resource", resource, reason=reason)


def _use_of_key(stack: Stack, key: kms.IKey | None) -> iam.PolicyStatement:
    actions = ["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey*", "kms:Encrypt"]
    services = [f"{service}.{stack.region}.amazonaws.com" for service in ("sqs", "s3")]
    if key is None:
        # The queue's, in an account of Amazon's: every key but those of this account.
        own = stack.format_arn(service="kms", region="*", resource="key", resource_name="*")
        return iam.PolicyStatement(
            actions=actions,
            not_resources=[own],
            conditions={"StringLike": {"kms:ViaService": services[:1]}},
        )
    return iam.PolicyStatement(
        actions=actions,
        resources=[key.key_arn],
        conditions={"StringEquals": {"kms:ViaService": services}},
    )
