from collections.abc import Callable

from aws_cdk import Stack
from aws_cdk import aws_kms as kms

from airflow_rds_iam.keys import allow_cloudwatch_logs, log_key
from tests.templates import synthesized, text, the


def test_cloudwatch_logs_may_use_the_key_for_the_named_groups_alone(
    new_stack: Callable[[], Stack],
) -> None:
    stack = new_stack()
    allow_cloudwatch_logs(kms.Key(stack, "Key"), log_group_prefix="airflow-dev-")
    policy = the(synthesized(stack), "AWS::KMS::Key")["Properties"]["KeyPolicy"]["Statement"]
    [statement] = [one for one in policy if "Service" in one["Principal"]]
    assert statement["Principal"] == {"Service": "logs.eu-central-1.amazonaws.com"}
    assert "kms:*" not in statement["Action"]
    assert statement["Condition"].keys() == {"ArnLike"}
    assert text(statement["Condition"]["ArnLike"]["kms:EncryptionContext:aws:logs:arn"]) == (
        "arn:aws:logs:eu-central-1:111122223333:log-group:airflow-dev-*"
    )


def test_the_key_is_for_the_log_groups_of_its_stack_alone(new_stack: Callable[[], Stack]) -> None:
    stack = new_stack()
    log_key(stack, "Key")
    key = the(synthesized(stack), "AWS::KMS::Key")["Properties"]
    assert key["EnableKeyRotation"] is True
    [statement] = [
        one
        for one in key["KeyPolicy"]["Statement"]
        if one["Principal"] == {"Service": "logs.eu-central-1.amazonaws.com"}
    ]
    [arn] = statement["Condition"]["ArnLike"].values()
    assert text(arn).endswith(":logs:eu-central-1:111122223333:log-group:Stack-*")
