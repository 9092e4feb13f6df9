"""What `make destroy` says of stacks that are deployed."""

import json
from pathlib import Path

import pytest

from local.account import Account
from retained import __main__ as retained
from retained.deployed import leaving
from retained.strangers import strangers
from tests.local.conftest import Stacks, instance, resource


@pytest.fixture
def assembly(tmp_path: Path) -> Path:
    """An assembly of the stacks that the tests deploy, and of one that is not deployed."""
    artifacts = {
        name: {
            "type": "aws:cloudformation:stack",
            "environment": "aws://111122223333/eu-central-1",
            "properties": {"templateFile": "any.template.json"},
        }
        for name in ("keeping", "absent")
    }
    (tmp_path / "manifest.json").write_text(json.dumps({"artifacts": artifacts}))
    (tmp_path / "any.template.json").write_text('{"Resources": {}}')
    return tmp_path


def test_what_a_deployed_stack_retains_is_recorded_and_told(stacks: Stacks, assembly: Path) -> None:
    kept = {"DeletionPolicy": "RetainExceptOnCreate"}
    stacks.deploy(
        "keeping",
        {
            "Topic": resource("SNS::Topic"),
            "Logs": resource("Logs::LogGroup", LogGroupName="/kept") | kept,
            "Records": resource("S3::Bucket", BucketName="kept-records") | kept,
        },
    )
    found = leaving(stacks.client, "keeping")
    assert found
    assert leaving(stacks.client, "absent") is None
    retained.record([found], assembly)
    [first, logs, how, records] = retained.told(assembly)
    assert first.startswith("These stay, as their templates retain them: an instance with")
    assert logs == "  Logs::LogGroup: /kept"
    assert how.startswith("How to take them up again: docs/removal.md, with what is in ")
    assert records.startswith("S3 access logs stay in kept-records, a record of who read what")
    template = json.loads((assembly / "retained/keeping.template.json").read_text())
    assert template["Resources"].keys() == {"Logs", "Records"}


def test_where_nothing_is_retained_that_is_said(assembly: Path) -> None:
    assert [*retained.told(assembly)] == ["Nothing stays."]


def test_what_others_put_into_a_bucket_is_found_before_anything_goes(
    stacks: Stacks, account: Account
) -> None:
    files = resource("SSM::Parameter", Type="String", Value="x")
    stacks.deploy("filled", {"Bucket": resource("S3::Bucket", BucketName="filled-one"), "F": files})
    s3 = account.client("s3")
    for key in ("dags/one.py", "plugins.zip"):
        s3.put_object(Bucket="filled-one", Key=key, Body=b"1")
    found = leaving(stacks.client, "filled")
    assert found
    delivered = {"Bucket": {"Ref": "Bucket"}, "Prefix": "dags"}
    files = {"Type": "Custom::BucketFiles", "Properties": delivered}
    template = {"Resources": {**found.template["Resources"], "Files": files}}
    assert [*strangers(s3, template, found.there)] == ["filled-one, with plugins.zip"]
    s3.delete_object(Bucket="filled-one", Key="plugins.zip")
    assert [*strangers(s3, template, found.there)] == []
    s3.delete_object(Bucket="filled-one", Key="dags/one.py")
    assert [*strangers(s3, found.template, found.there)] == []


def test_an_instance_that_is_protected_and_not_retained_is_found_before_anything_goes(
    stacks: Stacks,
) -> None:
    server = instance(DBInstanceIdentifier="guarded", DeletionProtection=True)
    stacks.deploy("guarding", {"Server": server})
    found = leaving(stacks.client, "guarding")
    assert found
    assert found.protected == ["guarded"]
    stacks.deploy("guarding", {"Server": server | {"DeletionPolicy": "Retain"}})
    found = leaving(stacks.client, "guarding")
    assert found
    assert found.protected == []
    assert [one.id for one in found.retained] == ["guarded"]
