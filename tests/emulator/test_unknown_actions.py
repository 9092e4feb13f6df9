"""An action that a service has not is refused: nothing that is asked for is passed over."""

from typing import Any
from urllib.parse import urlsplit

import pytest

from proof.account import Account

CALLS = {
    "cloudformation": "describe_stacks",
    "cloudwatch": "describe_alarms",
    "ec2": "describe_vpcs",
    "ecr": "describe_repositories",
    "events": "list_rules",
    "iam": "list_roles",
    "kms": "list_keys",
    "lambda": "list_functions",
    "logs": "describe_log_groups",
    "mwaa": "list_environments",
    "rds": "describe_db_instances",
    "s3": "list_buckets",
    "scheduler": "list_schedules",
    "secretsmanager": "list_secrets",
    "sns": "list_topics",
    "sqs": "list_queues",
    "ssm": "describe_parameters",
    "sts": "get_caller_identity",
}


@pytest.mark.slow
@pytest.mark.parametrize("service", CALLS)
def test_an_action_that_is_none_is_refused(account: Account, service: str) -> None:
    client = account.client(service)
    asked: list[str] = []

    def ask_for_another(params: dict[str, Any], **_: Any) -> None:
        target = params["headers"].get("X-Amz-Target")
        if target:
            params["headers"]["X-Amz-Target"] = f"{target.partition('.')[0]}.DoWhatIsNone"
        elif isinstance(params["body"], dict):
            params["body"]["Action"] = "DoWhatIsNone"
        else:
            parts = urlsplit(str(params["url"]))
            params["method"] = "PATCH"
            params["url"] = parts._replace(path="/do/what/is/none").geturl()
        asked.append(service)

    client.meta.events.register("before-call", ask_for_another)
    with pytest.raises(client.exceptions.ClientError):
        getattr(client, CALLS[service])()
    assert asked
