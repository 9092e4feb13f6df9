from collections.abc import Callable

import pytest
from aws_cdk import Stack
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3

from airflow_rds_iam.airflow.execution_role import ExecutionRole
from tests.templates import Content, statements, synthesized, text, the


@pytest.fixture(scope="module")
def template(new_stack: Callable[[], Stack]) -> Content:
    stack = new_stack()
    ExecutionRole(
        stack,
        "ExecutionRole",
        environment_name="dev",
        bucket=s3.Bucket.from_bucket_name(stack, "Bucket", "files"),
        key=kms.Key.from_key_arn(stack, "Key", "arn:aws:kms:eu-central-1:111122223333:key/k"),
    )
    return synthesized(stack)


def test_both_principals_of_the_service_may_assume_it_for_this_environment_alone(
    template: Content,
) -> None:
    trust = the(template, "AWS::IAM::Role")["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    arn = "arn:aws:airflow:eu-central-1:111122223333:environment/dev"
    for statement in trust:
        statement["Principal"]["Service"].sort()
    assert trust == [
        {
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Principal": {"Service": ["airflow-env.amazonaws.com", "airflow.amazonaws.com"]},
            "Condition": {
                "StringEquals": {"aws:SourceAccount": "111122223333"},
                "ArnLike": {"aws:SourceArn": arn},
            },
        }
    ]


# "Amazon MWAA execution role", for an environment with a customer-managed key.
DOCUMENTED = {
    ("airflow:PublishMetrics",): ["arn:aws:airflow:eu-central-1:111122223333:environment/dev"],
    ("s3:GetBucket*", "s3:GetObject*", "s3:List*"): ["arn:aws:s3:::files", "arn:aws:s3:::files/*"],
    (
        "cloudwatch:PutMetricData",
        "logs:DescribeLogGroups",
        "s3:GetAccountPublicAccessBlock",
    ): ["*"],
    (
        "logs:CreateLogGroup",
        "logs:CreateLogStream",
        "logs:GetLogEvents",
        "logs:GetLogGroupFields",
        "logs:GetLogRecord",
        "logs:GetQueryResults",
        "logs:PutLogEvents",
    ): ["arn:aws:logs:eu-central-1:111122223333:log-group:airflow-dev-*"],
    (
        "sqs:ChangeMessageVisibility",
        "sqs:DeleteMessage",
        "sqs:GetQueueAttributes",
        "sqs:GetQueueUrl",
        "sqs:ReceiveMessage",
        "sqs:SendMessage",
    ): ["arn:aws:sqs:eu-central-1:*:airflow-celery-*"],
    ("kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*"): [
        "arn:aws:kms:eu-central-1:111122223333:key/k"
    ],
}


def test_it_may_do_what_the_service_documents_and_nothing_else(template: Content) -> None:
    allowed = {
        tuple(sorted(statement["Action"])): sorted(map(text, statement["Resource"]))
        for statement in statements(template)
        if statement["Effect"] == "Allow"
    }
    assert allowed == DOCUMENTED
    [denied] = [one for one in statements(template) if one["Effect"] == "Deny"]
    assert denied["Action"] == ["s3:ListAllMyBuckets"]
    assert [*map(text, denied["Resource"])] == ["arn:aws:s3:::files", "arn:aws:s3:::files/*"]
    assert "ManagedPolicyArns" not in the(template, "AWS::IAM::Role")["Properties"]


def test_it_uses_the_key_through_the_queue_and_the_bucket_alone(template: Content) -> None:
    conditions = {
        statement["Action"][0].partition(":")[0]: statement["Condition"]
        for statement in statements(template)
        if "Condition" in statement
    }
    assert conditions == {
        "kms": {
            "StringEquals": {
                "kms:ViaService": [
                    "sqs.eu-central-1.amazonaws.com",
                    "s3.eu-central-1.amazonaws.com",
                ]
            }
        }
    }


def test_it_may_connect_to_no_database_and_read_no_secret(template: Content) -> None:
    actions = {action for statement in statements(template) for action in statement["Action"]}
    assert {action.partition(":")[0] for action in actions} == {
        "airflow", "cloudwatch", "kms", "logs", "s3", "sqs",
    }  # fmt: skip
