"""An action that a service has not is refused: nothing that is asked for is passed over."""

from typing import Any

import pytest

from proof.account import Account

CALLS = {
    "cloudformation": "describe_stacks",
    "ec2": "describe_vpcs",
    "iam": "list_roles",
    "kms": "list_keys",
    "logs": "describe_log_groups",
    "rds": "describe_db_instances",
    "secretsmanager": "list_secrets",
    "sns": "list_topics",
    "sts": "get_caller_identity",
}


@pytest.mark.parametrize("service", CALLS)
def test_an_action_that_is_none_is_refused(account: Account, service: str) -> None:
    client = account.client(service)
    asked: list[str] = []

    def ask_for_another(params: dict[str, Any], **_: Any) -> None:
        target = params["headers"].get("X-Amz-Target")
        if target:
            params["headers"]["X-Amz-Target"] = f"{target.partition('.')[0]}.DoWhatIsNone"
        else:
            params["body"]["Action"] = "DoWhatIsNone"
        asked.append(service)

    client.meta.events.register("before-call", ask_for_another)
    with pytest.raises(client.exceptions.ClientError):
        getattr(client, CALLS[service])()
    assert asked
