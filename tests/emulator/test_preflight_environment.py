"""What would replace an environment, or what it could not take, is told before a deploy."""

import json
from copy import deepcopy
from typing import Any

import pytest

from preflight.files_bucket import unfit_bucket, unfit_key
from preflight.replacement import ENVIRONMENT, REPLACING, replaced
from proof.account import Account
from tests.application import CdkOut, templates
from tests.create_only import create_only
from tests.emulator.conftest import REGION
from tests.templates import of_type

PUBLIC = dict.fromkeys(
    ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"), True
)


def test_what_replaces_is_what_cloudformation_says() -> None:
    assert sorted(create_only(ENVIRONMENT)) == sorted([*path] for _, path in REPLACING.values())


@pytest.fixture(scope="module")
def deployed(cdk_out: CdkOut) -> dict[str, Any]:
    return templates(cdk_out("dev"))["dev-airflow"]


def changed(template: dict[str, Any], **properties: Any) -> dict[str, Any]:
    other = deepcopy(template)
    for one in of_type(other, ENVIRONMENT).values():
        one["Properties"] |= properties
    return other


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"Name": "other"}, "airflow.name"),
        ({"KmsKey": "arn:aws:kms:eu-central-1:111122223333:key/k"}, "airflow.key"),
        ({"NetworkConfiguration": {"SubnetIds": ["subnet-1", "subnet-2"]}}, "subnets (network)"),
        ({"EndpointManagement": "CUSTOMER"}, "its endpoint management"),
    ],
)
def test_what_would_replace_it_is_refused_unless_it_is_declared(
    deployed: dict[str, Any], changes: dict[str, Any], says: str
) -> None:
    after = changed(deployed, **changes)
    [line] = replaced(deployed, after, replaces=None)
    assert f"a change of {says} replaces the environment dev: " in line
    assert "declare replaces: dev" in line
    # Another environment was meant, or the one that took its place.
    assert [*replaced(deployed, after, replaces="old")]
    renamed = changed(after, Name="dev-2")
    assert [*replaced(deployed, renamed, replaces="dev")] == []
    if "Name" not in changes:
        [line] = replaced(deployed, after, replaces="dev")
        assert line.endswith("declare replaces: dev, and another name beside it")


def test_what_changes_in_place_is_let_be(deployed: dict[str, Any]) -> None:
    after = changed(deployed, EnvironmentClass="mw1.large", AirflowVersion="3.2.1", MaxWorkers=9)
    assert [*replaced(deployed, after, replaces=None)] == []
    assert [*replaced({}, deployed, replaces=None)] == []


def test_a_bucket_is_told_by_all_that_it_is_not(account: Account) -> None:
    s3, kms = account.client("s3"), account.client("kms")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    name = "team-files-of-airflow"

    def said(key: str) -> list[str]:
        return [*unfit_bucket(s3, name, key)]

    assert said("aws") == [f"airflow.bucket: {name} is not there; make it first, versioned"]
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.delete_public_access_block(Bucket=name)
    unversioned, public = said("aws")
    assert "versioning must be enabled" in unversioned
    assert "may be public: its public access block must have BlockPublicAcls, Block" in public
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=PUBLIC)
    assert said("aws") == []
    [other] = said(key)
    assert "is encrypted with AES256, and arn:aws:kms" in other
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
    rules = {"Rules": [{"ApplyServerSideEncryptionByDefault": default}]}
    s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration=rules)
    assert said(key) == []
    [other] = said("aws")
    assert f"is encrypted with {key}, and with key: aws it must be with AES256" in other


def test_a_key_is_told_by_all_that_it_is_not(account: Account) -> None:
    kms = account.client("kms")
    found = kms.create_key()["KeyMetadata"]
    key = found["Arn"]

    def said(key: str) -> list[str]:
        return [*unfit_key(kms, key, region=REGION)]

    [closed] = said(key)
    assert closed.endswith(f"its policy must name logs.{REGION}.amazonaws.com")
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": principal,
                "Action": "kms:*",
                "Resource": "*",
            }
            for principal in (
                {"AWS": f"arn:aws:iam::{account.id}:root"},
                {"Service": f"logs.{REGION}.amazonaws.com"},
            )
        ],
    }
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=json.dumps(policy))
    assert said(key) == []
    kms.disable_key(KeyId=key)
    assert said(key) == [f"airflow.key: {key} is Disabled, and must be Enabled"]
    gone = key[: -len(found["KeyId"])] + "00000000-0000-0000-0000-000000000000"
    assert said(gone) == [f"airflow.key: {gone} is not there"]
