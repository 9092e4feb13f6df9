"""A role without a policy may do nothing in the local AWS, whatever the service."""

from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from proof.account import Account
from tests.emulator.conftest import ACCOUNT, REGION, Stacks, role

pytestmark = pytest.mark.slow

CONFIG = Config(inject_host_prefix=False)
CALLS: list[tuple[str, str, dict[str, Any]]] = [
    ("cloudformation", "describe_stacks", {}),
    ("cloudwatch", "put_metric_data", {"Namespace": "n", "MetricData": [{"MetricName": "m"}]}),
    ("ec2", "describe_vpcs", {}),
    ("events", "list_rules", {}),
    ("iam", "list_roles", {}),
    ("kms", "list_keys", {}),
    ("lambda", "invoke", {"FunctionName": "f"}),
    ("lambda", "list_functions", {}),
    ("logs", "describe_log_groups", {}),
    ("mwaa", "create_cli_token", {"Name": "dev"}),
    ("mwaa", "get_environment", {"Name": "dev"}),
    ("mwaa", "list_environments", {}),
    ("rds", "describe_db_instances", {}),
    ("s3", "get_object", {"Bucket": "somebodys", "Key": "key"}),
    ("s3", "list_buckets", {}),
    ("scheduler", "list_schedules", {}),
    ("secretsmanager", "get_secret_value", {"SecretId": "s"}),
    ("sqs", "list_queues", {}),
    ("ssm", "get_parameter", {"Name": "p"}),
    ("sts", "assume_role", {"RoleArn": f"arn:aws:iam::{ACCOUNT}:role/it", "RoleSessionName": "it"}),
]


@pytest.fixture(scope="module")
def nobody(stacks: Stacks, account: Account) -> Any:
    bucket = {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "somebodys"}}
    resources = {"Nobody": role(), "Bucket": bucket}
    outputs = stacks.deploy("nobody", resources, Arn={"Fn::GetAtt": ["Nobody", "Arn"]})
    return account.assume(outputs["Arn"], session="nobody").session(REGION)


@pytest.mark.parametrize(
    ("service", "operation", "parameters"), CALLS, ids=[f"{call[0]}-{call[1]}" for call in CALLS]
)
def test_a_role_without_a_policy_is_denied(
    account: Account, nobody: Any, service: str, operation: str, parameters: dict[str, Any]
) -> None:
    before = len(account.calls())
    client = nobody.client(service, endpoint_url=account.url, config=CONFIG)
    with pytest.raises(ClientError) as refused:
        getattr(client, operation)(**parameters)
    assert "AccessDenied" in str(refused.value) or "UnauthorizedOperation" in str(refused.value)
    [call] = account.calls()[before:]
    assert not call.allowed
    assert call.session == "nobody"
