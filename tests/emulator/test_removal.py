"""What `make destroy` says of stacks that are deployed."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest

from deployed.stack import read_stack
from proof.account import Account
from removal import __main__ as removal
from removal.in_the_way import in_the_way
from removal.record import record, told
from removal.refusals import refusals
from removal.strangers import strangers
from tests.emulator.conftest import StackFailedError, Stacks, instance, resource

TOPIC = resource("SNS::Topic")


def assembled(folder: Path, *names: str, description: str | None = None) -> Path:
    """An assembly that declares stacks of these names."""
    artifacts = {
        name: {
            "type": "aws:cloudformation:stack",
            "environment": "aws://111122223333/eu-central-1",
            "properties": {"templateFile": "any.template.json"},
        }
        for name in names
    }
    (folder / "manifest.json").write_text(json.dumps({"artifacts": artifacts}))
    template: dict[str, Any] = {"Resources": {}}
    if description:
        template["Description"] = description
    (folder / "any.template.json").write_text(json.dumps(template))
    return folder


@pytest.fixture
def assembly(tmp_path: Path) -> Path:
    """An assembly of the stacks that the tests deploy, and of one that is not deployed."""
    return assembled(tmp_path, "keeping", "absent")


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
    found = read_stack(stacks.client, "keeping")
    assert found
    assert read_stack(stacks.client, "absent") is None
    record([found], assembly)
    [first, logs, how, records] = told(assembly)
    assert first.startswith("These stay, as their templates retain them: an instance with")
    assert logs == "  Logs::LogGroup: /kept"
    assert how.startswith("How to take them up again: docs/removal.md, with what is in ")
    assert records.startswith("S3 access logs stay in kept-records, a record of who read what")
    template = json.loads((assembly / "retained/keeping.template.json").read_text())
    assert template["Resources"].keys() == {"Logs", "Records"}


def test_where_nothing_is_retained_that_is_said(assembly: Path) -> None:
    assert [*told(assembly)] == ["Nothing stays."]


def test_what_others_put_into_a_bucket_is_found_before_anything_goes(
    stacks: Stacks, account: Account
) -> None:
    files = resource("SSM::Parameter", Type="String", Value="x")
    stacks.deploy("filled", {"Bucket": resource("S3::Bucket", BucketName="filled-one"), "F": files})
    s3 = account.client("s3")
    for key in ("dags/one.py", "plugins.zip"):
        s3.put_object(Bucket="filled-one", Key=key, Body=b"1")
    found = read_stack(stacks.client, "filled")
    assert found
    delivered = {"Bucket": {"Ref": "Bucket"}, "Prefix": "dags"}
    files = {"Type": "Custom::BucketFiles", "Properties": delivered}
    template = {"Resources": {**found.template["Resources"], "Files": files}}
    delivering = replace(found, template=template)
    assert [*strangers(s3, delivering)] == ["filled-one, with plugins.zip"]
    s3.delete_object(Bucket="filled-one", Key="plugins.zip")
    assert [*strangers(s3, delivering)] == []
    s3.delete_object(Bucket="filled-one", Key="dags/one.py")
    assert [*strangers(s3, found)] == []


def test_an_instance_that_is_protected_and_not_retained_is_found_before_anything_goes(
    stacks: Stacks,
) -> None:
    server = instance(DBInstanceIdentifier="guarded", DeletionProtection=True)
    stacks.deploy("guarding", {"Server": server})
    found = read_stack(stacks.client, "guarding")
    assert found
    [refused] = refusals([found], Mock())
    assert refused.startswith("RDS does not delete guarded, ")
    stacks.deploy("guarding", {"Server": server | {"DeletionPolicy": "Retain"}})
    found = read_stack(stacks.client, "guarding")
    assert found
    assert [*refusals([found], Mock())] == []
    assert [one.id for one in found.retained] == ["guarded"]


def described(environment: str, resources: dict[str, Any]) -> dict[str, Any]:
    return {"Description": f"Environment {environment} of it", "Resources": resources}


def names(stacks: Stacks) -> set[str]:
    return {one["StackName"] for one in stacks.client.describe_stacks()["Stacks"]}


@pytest.mark.slow
@pytest.mark.usefixtures("as_administrator")
def test_a_stack_that_no_declaration_has_any_more_is_told_and_removed_by_a_command_of_its_own(
    stacks: Stacks, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server = instance(DBInstanceIdentifier="pruned")
    group = resource("Logs::LogGroup", LogGroupName="/pruned") | {"DeletionPolicy": "Retain"}
    stacks.deploy_template("one-network", described("one", {"Topic": TOPIC}))
    stacks.deploy_template("one-old", described("one", {"Server": server, "Logs": group}))
    stacks.deploy_template("one-two-network", described("one-two", {"Topic": TOPIC}))
    stacks.deploy("one-by-hand", {"Topic": TOPIC})
    before = names(stacks)
    assembly = assembled(tmp_path, "one-network", "one-new", description="Environment one of it")

    def run(action: str) -> list[str]:
        assert removal.main([action, str(assembly), "--environment", "try/one.yaml"]) == 0
        return capsys.readouterr().out.strip().splitlines()

    assert run("undeclared") == [
        "No declaration has these stacks of the environment any more. They stay, may still be "
        "used, and are paid for:",
        "  one-old (with the instance pruned, whose data goes with it)",
        "To remove them, once what is declared is deployed: make prune ENVIRONMENT=try/one.yaml",
    ]
    first, stays, *_, last = run("prune")
    assert first == "one-old: is removed"
    assert stays.startswith("These stay, as their templates retain them")
    assert last == "What others kept for them goes with: make deploy ENVIRONMENT=try/one.yaml"
    assert names(stacks) == before - {"one-old"}
    assert run("undeclared") == []
    assert run("prune") == [
        "Every stack of the environment is declared; there is nothing to remove."
    ]
    # What stayed of it is told at the end of the environment, too.
    assert "  Logs::LogGroup: /pruned" in run("tell")


def synthesized(folder: Path, stack: str, template: dict[str, Any]) -> tuple[Path, str]:
    """An assembly of one stack, whose template is published by its hash; and that hash."""
    assembled(folder, stack)
    written = json.dumps(template, indent=1)
    published = hashlib.sha256(written.encode()).hexdigest()
    file = folder / f"{stack}.template.json"
    file.write_text(written)
    destination = {"bucketName": "assets", "objectKey": f"{published}.json"}
    asset = {"source": {"path": file.name}, "destinations": {"current": destination}}
    (folder / f"{stack}.assets.json").write_text(json.dumps({"files": {published: asset}}))
    manifest: dict[str, Any] = json.loads((folder / "manifest.json").read_text())
    manifest["artifacts"][stack]["properties"] = {
        "templateFile": file.name,
        "stackTemplateAssetObjectUrl": f"s3://assets/{published}.json",
    }
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder, published


@pytest.mark.usefixtures("as_administrator")
def test_what_others_import_stays_declared_or_not_until_nobody_does(
    stacks: Stacks, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def giving(*names: str) -> dict[str, Any]:
        return {
            "Resources": {
                name: resource("SNS::Topic", DisplayName=f"{name} {len(names)}") for name in names
            },
            "Outputs": {
                f"Of{name}": {
                    "Value": {"Fn::GetAtt": [name, "TopicName"]},
                    "Export": {"Name": f"keeping-{name}"},
                }
                for name in names
            },
        }

    def hearing(name: str) -> dict[str, Any]:
        return resource("SSM::Parameter", Type="String", Value={"Fn::ImportValue": name})

    stacks.deploy_template("held", giving("One", "Two", "Three"))
    stacks.deploy("holding", {"It": hearing("keeping-Two")})
    template = giving("One")
    with pytest.raises(StackFailedError, match="cannot be deleted as it is in use by holding"):
        stacks.deploy_template("held", template)
    assembly, published = synthesized(tmp_path, "held", template)

    def keep() -> dict[str, Any]:
        assert removal.main(["keep", str(assembly)]) == 0
        return json.loads((assembly / "held.template.json").read_text())

    kept = keep()
    assert capsys.readouterr().out == (
        "held keeps for now what is not declared any more, as it is still used by holding: "
        "2 AWS::SNS::Topic. The first deploy after nobody uses it removes it.\n"
    )
    # What is declared is as it is declared.
    assert kept["Resources"]["One"] == template["Resources"]["One"]
    assert kept["Resources"].keys() == {"One", "Two", "Three"}
    # Under its old name nobody would publish it anew.
    for name in ("manifest.json", "held.assets.json"):
        assert published not in (assembly / name).read_text()
    file = (assembly / "held.template.json").read_bytes()
    assert hashlib.sha256(file).hexdigest() in (assembly / "held.assets.json").read_text()
    stacks.deploy_template("held", kept)
    stacks.delete("holding")
    synthesized(tmp_path, "held", template)
    assert keep() == template
    assert capsys.readouterr().out == ""
    stacks.deploy_template("held", template)


@pytest.mark.usefixtures("as_administrator")
def test_a_stack_that_another_still_uses_or_that_would_not_go_is_not_removed(
    stacks: Stacks, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server = instance(DBInstanceIdentifier="pruned-guarded", DeletionProtection=True)
    using = resource("SSM::Parameter", Type="String", Value="used-old")
    stacks.deploy_template("used-access", described("used", {"It": using}))
    stacks.deploy_template("used-old", described("used", {"Server": server}))
    assembly = assembled(tmp_path, "used-access", description="Environment used of it")
    assert removal.main(["prune", str(assembly), "--environment", "used"]) == 1
    assert capsys.readouterr().err.splitlines() == [
        "nothing is removed:",
        "  RDS does not delete pruned-guarded, deployed with deletion_protection: true and retain: "
        "false; deploy one of the two otherwise",
        "  used-old is used by used-access, as that is deployed; first: make deploy "
        "ENVIRONMENT=used",
    ]
    assert "used-old" in names(stacks)


def test_who_may_not_ask_is_told_so_and_what_was_deployed_stays_deployed(
    stacks: Stacks, account: Account, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    account.make_role(f"arn:aws:iam::{account.id}:role/asks-in-vain")
    nobody = account.assume(f"arn:aws:iam::{account.id}:role/asks-in-vain", session="test")
    for name, value in account.variables(nobody).items():
        monkeypatch.setenv(name, value)
    assembly = assembled(tmp_path, "one-network", description="Environment one of it")
    assert removal.main(["undeclared", str(assembly)]) == 0
    assert "cloudformation:DescribeStacks" in capsys.readouterr().err
    assert removal.main(["prune", str(assembly)]) == 1


def test_an_instance_in_a_network_that_is_to_go_is_found_before_anything_goes(
    stacks: Stacks,
) -> None:
    template = {"Resources": {"Vpc": resource("EC2::VPC", CidrBlock="10.9.0.0/16")}}
    stacks.deploy_template("leaving-network", template)
    network = read_stack(stacks.client, "leaving-network")
    assert network
    pages = [
        {"DBInstances": [{"DBInstanceIdentifier": name, "DBSubnetGroup": {"VpcId": vpc}}]}
        for name, vpc in (("here", network.ids["Vpc"]), ("elsewhere", "vpc-0"))
    ]
    session = Mock()
    session.client.return_value.get_paginator.return_value.paginate.return_value = pages
    [found] = in_the_way(session, [network])
    assert "the instance here stays" in found
