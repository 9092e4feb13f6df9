"""IAM's policies in the local AWS: for whom they are, how many, how long, and when they can go."""

import json
from typing import Any

import pytest

from proof.account import Account
from tests.emulator.conftest import (
    ACCOUNT,
    REGION,
    StackFailedError,
    Stacks,
    allow,
    get,
    resource,
    role,
    trust,
)  # fmt: skip

pytestmark = pytest.mark.slow

PATH = {"AssumeRolePolicyDocument": json.dumps(trust(AWS=f"arn:aws:iam::{ACCOUNT}:root"))}


def document(size: int = 0) -> dict[str, Any]:
    """A policy's, with so many characters and some more."""
    return allow("s3:GetObject", f"arn:aws:s3:::files/{size * 'x'}")["PolicyDocument"]


def managed(**properties: Any) -> dict[str, Any]:
    """A managed policy."""
    return resource("IAM::ManagedPolicy", **{"PolicyDocument": document(), **properties})


def inline(size: int = 0, *, name: str = "it", **of: Any) -> dict[str, Any]:
    """An inline policy."""
    return resource("IAM::Policy", PolicyName=name, PolicyDocument=document(size), **of)


def described(text: str) -> dict[str, Any]:
    """A role with a description."""
    made = role()
    made["Properties"]["Description"] = text
    return made


def trusting(size: int) -> dict[str, Any]:
    """A role whose trust has so many characters and some more."""
    made = role()
    statement = made["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    statement["Condition"] = {"StringEquals": {"sts:ExternalId": size * "x"}}
    return made


OF_ROLE: dict[str, Any] = {"Roles": [{"Ref": "Role"}]}
REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "a managed policy of no role": (
        {"It": managed(Roles=["nobody"])},
        "The role with name nobody cannot be found",
    ),
    "a managed policy of no user": (
        {"It": managed(Users=["nobody"])},
        "The user with name nobody cannot be found",
    ),
    "a managed policy of no group": (
        {"It": managed(Groups=["nobody"])},
        "The group with name nobody cannot be found",
    ),
    "an inline policy of no role": (
        {"It": inline(Roles=["nobody"])},
        "The role with name nobody cannot be found",
    ),
    "a managed policy that is too long": (
        {"It": managed(PolicyDocument=document(6144))},
        "quota for PolicySize: 6144",
    ),
    "a managed policy with too long a name": (
        {"It": managed(ManagedPolicyName=129 * "n")},
        "quota for PolicyName: 128",
    ),
    "inline policies that are too long together": (
        {"Role": role(), "A": inline(6000, name="a", **OF_ROLE), "B": inline(6000, **OF_ROLE)},
        "quota for PolicySize of Roles: 10240",
    ),
    "a role whose own policy is too long": (
        {"It": role({"PolicyName": "it", "PolicyDocument": document(10240)})},
        "quota for PolicySize of Roles: 10240",
    ),
    "a role with an eleventh managed policy": (
        {"Role": role(), **{f"P{number}": managed(**OF_ROLE) for number in range(11)}},
        "quota for PoliciesPerRole: 10",
    ),
    "a role whose trust is too long": (
        {"It": trusting(2048)},
        "quota for ACLSizePerRole: 2048",
    ),
    "a role with too long a name": (
        {"It": role(name=65 * "r")},
        "#/RoleName: expected maxLength: 64, actual: 65",
    ),
    "a role with too long a description": (
        {"It": described(1001 * "d")},
        "#/Description: expected maxLength: 1000, actual: 1001",
    ),
    "a role with another script's letters": (
        {"It": described("λ")},
        "#/Description: 'λ' does not match the pattern",
    ),
}


@pytest.mark.parametrize(("resources", "reason"), REFUSED.values(), ids=REFUSED)
def test_iam_refuses(stacks: Stacks, resources: dict[str, Any], reason: str) -> None:
    with pytest.raises(StackFailedError) as refused:
        stacks.deploy(f"iam-{abs(hash(str(resources)))}", resources)
    assert reason in str(refused.value)


def test_a_policy_of_no_role_takes_its_stack_back(stacks: Stacks, account: Account) -> None:
    resources = {"Own": role(name="taken-back"), "It": managed(Roles=["nobody"])}
    with pytest.raises(StackFailedError):
        stacks.deploy("taken-back", resources)
    [stack] = stacks.client.describe_stacks(StackName="taken-back")["Stacks"]
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    roles = account.client("iam").list_roles()["Roles"]
    assert "taken-back" not in {one["RoleName"] for one in roles}


@pytest.mark.parametrize("path", ["/aws-reserved/sso.amazonaws.com/", "/aws-service-role/x/"])
def test_what_aws_manages_takes_no_policy(stacks: Stacks, account: Account, path: str) -> None:
    name = f"protected-{len(path)}"
    account.client("iam").create_role(RoleName=name, Path=path, **PATH)
    with pytest.raises(StackFailedError, match="protected role"):
        stacks.deploy(name, {"It": managed(Roles=[name])})


def test_a_policy_at_the_quota_is_changed_but_not_replaced(stacks: Stacks) -> None:
    ten = {f"P{number}": managed(Description="a", **OF_ROLE) for number in range(10)}
    stacks.deploy("ten", {"Role": role(), **ten})
    ten["P0"]["Properties"]["PolicyDocument"] = document(1)
    stacks.deploy("ten", {"Role": role(), **ten})
    ten["P0"]["Properties"]["Description"] = "b"
    with pytest.raises(StackFailedError, match="quota for PoliciesPerRole: 10"):
        stacks.deploy("ten", {"Role": role(), **ten})
    assert stacks.delete("ten") == "DELETE_COMPLETE"


def test_a_role_is_not_deleted_with_a_policy_that_somebody_else_attached(
    stacks: Stacks, account: Account
) -> None:
    iam = account.client("iam")
    stacks.deploy("bare", {"Role": role(name="bare")})
    policy = iam.create_policy(PolicyName="foreign", PolicyDocument=json.dumps(document()))
    attached = {"RoleName": "bare", "PolicyArn": policy["Policy"]["Arn"]}
    iam.attach_role_policy(**attached)
    assert stacks.delete("bare") == "DELETE_FAILED"
    iam.detach_role_policy(**attached)
    iam.put_role_policy(RoleName="bare", PolicyName="it", PolicyDocument=json.dumps(document()))
    assert stacks.delete("bare") == "DELETE_FAILED"
    iam.delete_role_policy(RoleName="bare", PolicyName="it")
    assert stacks.delete("bare") == "DELETE_COMPLETE"


def test_a_policy_is_not_deleted_that_somebody_else_attached(
    stacks: Stacks, account: Account
) -> None:
    iam = account.client("iam")
    iam.create_role(RoleName="foreign", **PATH)
    outputs = stacks.deploy("attached", {"It": managed(Roles=["foreign"])}, Arn={"Ref": "It"})
    iam.create_role(RoleName="another-of-theirs", **PATH)
    attached = {"RoleName": "another-of-theirs", "PolicyArn": outputs["Arn"]}
    iam.attach_role_policy(**attached)
    assert stacks.delete("attached") == "DELETE_FAILED"
    iam.detach_role_policy(**attached)
    assert stacks.delete("attached") == "DELETE_COMPLETE"
    assert iam.list_attached_role_policies(RoleName="foreign")["AttachedPolicies"] == []


def test_a_log_groups_name_is_taken_once(stacks: Stacks) -> None:
    group = resource("Logs::LogGroup", LogGroupName="kept")
    stacks.deploy("first-group", {"Group": {**group, "DeletionPolicy": "Retain"}})
    assert stacks.delete("first-group") == "DELETE_COMPLETE"
    with pytest.raises(StackFailedError, match="already exists"):
        stacks.deploy("second-group", {"Group": group})


def key(*services: str) -> dict[str, Any]:
    """A key that the account and services may use."""
    principal: dict[str, Any] = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    if services:
        principal["Service"] = [*services]
    statement = {"Effect": "Allow", "Principal": principal, "Action": "kms:*", "Resource": "*"}
    return resource("KMS::Key", KeyPolicy={"Version": "2012-10-17", "Statement": [statement]})


def test_a_log_groups_key_serves_the_service(stacks: Stacks) -> None:
    group = resource("Logs::LogGroup", LogGroupName="keyed", KmsKeyId=get("Key", "Arn"))
    with pytest.raises(StackFailedError, match="key does not exist or is not allowed"):
        stacks.deploy("refusing-key", {"Key": key(), "Group": group})
    stacks.deploy("serving-key", {"Key": key(f"logs.{REGION}.amazonaws.com"), "Group": group})


def test_a_log_group_without_a_name_is_named_by_its_stack_and_its_key_sees_that_name(
    stacks: Stacks,
) -> None:
    arn = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group"
    serving = key(f"logs.{REGION}.amazonaws.com")
    [statement] = serving["Properties"]["KeyPolicy"]["Statement"]
    group = resource("Logs::LogGroup", KmsKeyId=get("Key", "Arn"))
    context = "kms:EncryptionContext:aws:logs:arn"
    statement["Condition"] = {"ArnLike": {context: f"{arn}:unnamed-group-*"}}
    with pytest.raises(StackFailedError, match="key does not exist or is not allowed"):
        stacks.deploy("another-group", {"Key": serving, "Group": group})
    made = stacks.deploy("unnamed-group", {"Key": serving, "Group": group}, Group={"Ref": "Group"})
    assert made["Group"].startswith("unnamed-group-Group-")
    kept = {**group, "Properties": {**group["Properties"], "RetentionInDays": 7}}
    changed = stacks.deploy(
        "unnamed-group", {"Key": serving, "Group": kept}, Group={"Ref": "Group"}
    )
    assert changed == made
