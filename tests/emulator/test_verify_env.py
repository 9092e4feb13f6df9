"""What AWS's own checker of Amazon MWAA environments expects of the execution role.

It simulates the role's policies (awslabs/aws-support-tools, `MWAA/verify_env`), action by action,
and so does this, against the local AWS. What it looks at beside is held by the tests of the network
(private subnets, endpoints, the group that lets itself in) and of the environment (key, log groups,
bucket's public access block, secrets backend). Where we are narrower than it expects: it wants five
actions of Secrets Manager, of which the backend calls GetSecretValue alone; that one is given for
each connection by its name, in the access stack.
"""

import json
from collections.abc import Callable
from typing import Any

import pytest
from aws_cdk import Stack
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3

from airflow_rds_iam.airflow.execution_role import ExecutionRole
from proof.account import Account
from tests.emulator.conftest import ACCOUNT, REGION
from tests.templates import properties, synthesized

BUCKET = "arn:aws:s3:::files"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/k"
LOGS = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:airflow-dev-*"
QUEUES = f"arn:aws:sqs:{REGION}:*:airflow-celery-*"
LOG_ACTIONS = (
    "CreateLogStream CreateLogGroup PutLogEvents GetLogEvents GetLogRecord GetLogGroupFields "
    "GetQueryResults"
)
QUEUE_ACTIONS = (
    "ChangeMessageVisibility DeleteMessage GetQueueAttributes GetQueueUrl ReceiveMessage "
    "SendMessage"
)
Simulate = Callable[..., set[str]]


@pytest.fixture(scope="module")
def simulate(account: Account, new_stack: Callable[[], Stack]) -> Simulate:
    stack = new_stack()
    ExecutionRole(
        stack,
        "ExecutionRole",
        environment_name="dev",
        bucket=s3.Bucket.from_bucket_name(stack, "Bucket", "files"),
        key=kms.Key.from_key_arn(stack, "Key", KEY),
    )
    [policy] = properties(synthesized(stack), "AWS::IAM::Policy")
    document = json.dumps(policy["PolicyDocument"]).replace(
        json.dumps({"Fn::Join": ["", ["arn:", {"Ref": "AWS::Partition"}, ":s3:::files"]]}),
        json.dumps(BUCKET),
    )
    document = document.replace(
        json.dumps({"Fn::Join": ["", ["arn:", {"Ref": "AWS::Partition"}, ":s3:::files/*"]]}),
        json.dumps(f"{BUCKET}/*"),
    )
    iam = account.client("iam")

    def simulate(service: str, actions: str, *resources: str, **context: str) -> set[str]:
        entries = [
            {"ContextKeyName": key.replace("_", ":"), "ContextKeyValues": [value],
             "ContextKeyType": "string"}
            for key, value in context.items()
        ]  # fmt: skip
        answer = iam.simulate_custom_policy(
            PolicyInputList=[document],
            ActionNames=[f"{service}:{action}" for action in actions.split()],
            ResourceArns=list(resources),
            ContextEntries=entries,
        )
        found: list[dict[str, Any]] = answer["EvaluationResults"]
        assert len(found) == len(actions.split()) * len(resources)
        return {one["EvalDecision"] for one in found}

    return simulate


@pytest.mark.parametrize(
    ("service", "actions", "resources"),
    [
        ("airflow", "PublishMetrics", [f"arn:aws:airflow:{REGION}:{ACCOUNT}:environment/dev"]),
        ("s3", "GetObject* GetBucket* List*", [BUCKET, f"{BUCKET}/"]),
        ("logs", LOG_ACTIONS, [LOGS]),
        ("logs", "DescribeLogGroups", ["*"]),
        ("cloudwatch", "PutMetricData", ["*"]),
        ("sqs", QUEUE_ACTIONS, [QUEUES]),
    ],
)
def test_what_the_service_needs_is_allowed(
    simulate: Simulate, service: str, actions: str, resources: list[str]
) -> None:
    assert simulate(service, actions, *resources) == {"allowed"}


@pytest.mark.parametrize("through", ["s3", "sqs"])
@pytest.mark.parametrize("spelt", ["kms_viaservice", "kms_ViaService"])
def test_its_key_is_used_through_bucket_and_queue_however_the_condition_key_is_spelt(
    simulate: Simulate, through: str, spelt: str
) -> None:
    actions = "GenerateDataKey* Decrypt DescribeKey Encrypt"
    service = f"{through}.{REGION}.amazonaws.com"
    assert simulate("kms", actions, KEY, **{spelt: service}) == {"allowed"}


def test_its_key_is_used_through_nothing_else(simulate: Simulate) -> None:
    other = f"rds.{REGION}.amazonaws.com"
    assert simulate("kms", "Decrypt", KEY, kms_viaservice=other) == {"implicitDeny"}
    assert simulate("kms", "Decrypt", KEY) == {"implicitDeny"}


def test_the_names_of_the_accounts_buckets_are_denied(simulate: Simulate) -> None:
    assert simulate("s3", "ListAllMyBuckets", BUCKET, f"{BUCKET}/") == {"explicitDeny"}
