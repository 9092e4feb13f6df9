"""A server whose master user has a password: who may read it, how long, and what is said of it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App

from airflow_rds_iam.declaration.file import load
from review.declared import declared
from review.horizon import horizon
from review.paths.build import paths
from review.templates.access import Access
from review.templates.assembly import read
from tests.application import templates
from tests.declared import dev, written
from tests.existing import (
    AIRFLOW,
    CLUSTERED,
    NETWORK,
    OWN_KEY,
    existing,
    guardrail_errors,
    refused,
    synthesized,
)
from tests.templates import properties, text

SECRET = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:rds!db-1a2b3c4d-AbCdEf"
BOOTSTRAP = {"secret": SECRET, "key": OWN_KEY}


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("environments")
    return written(dev(existing(bootstrap=BOOTSTRAP)), folder / "dev.yaml")


@pytest.fixture(scope="module")
def access(outdir: Path) -> dict[str, Any]:
    return templates(outdir)["dev-access"]


def reading(template: dict[str, Any]) -> list[dict[str, Any]]:
    """The statements that let somebody read a secret, or decrypt with the declared key."""
    return [
        statement
        for one in properties(template, "AWS::IAM::Policy")
        for statement in one["PolicyDocument"]["Statement"]
        if statement["Action"] in ("secretsmanager:GetSecretValue", "kms:Decrypt")
        and statement["Resource"] in (SECRET, OWN_KEY)
    ]


def test_one_function_may_read_the_one_secret_and_decrypt_it_and_nothing_else(
    access: dict[str, Any],
) -> None:
    secret, key = reading(access)
    assert (secret["Action"], secret["Resource"]) == ("secretsmanager:GetSecretValue", SECRET)
    assert key["Condition"]["StringEquals"]["kms:EncryptionContext:SecretARN"] == SECRET
    with_it = [one for one in properties(access, "AWS::IAM::Policy") if SECRET in text(one)]
    assert len(with_it) == 1
    [function] = [
        one
        for one in properties(access, "AWS::Lambda::Function")
        if one["Handler"] == "database_users.administrator.handle"
    ]
    assert function["Role"]["Fn::GetAtt"][0] == with_it[0]["Roles"][0]["Ref"]


def test_users_are_made_once_the_administrator_is(access: dict[str, Any]) -> None:
    [made] = [
        name
        for name, one in access["Resources"].items()
        if one["Type"] == "Custom::DatabaseAdministrator"
    ]
    [users] = [
        one
        for one in access["Resources"].values()
        if one["Type"] == "Custom::DatabaseUsers"
        and one["Properties"]["InstanceResourceId"] == "db-LAKE"
    ]
    assert made in users["DependsOn"]


def test_its_function_reaches_the_database_and_https_and_the_users_function_the_database_alone(
    access: dict[str, Any],
) -> None:
    functions = {
        one["Handler"]: one["VpcConfig"]["SecurityGroupIds"]
        for one in properties(access, "AWS::Lambda::Function")
        if "platform" in text(one)
    }
    assert len(functions["database_users.administrator.handle"]) == 2
    assert len(functions["database_users.handler.handle"]) == 1


def test_a_template_without_the_block_names_no_secret_of_the_masters(
    new_app: Callable[[], App], tmp_path: Path
) -> None:
    outdir = synthesized(new_app(), written(dev(existing()), tmp_path / "dev.yaml"))
    found = templates(outdir)
    assert SECRET not in text(found)
    assert "Custom::DatabaseAdministrator" not in text(found)
    assert reading(found["dev-access"]) == []


def test_an_endpoint_that_lets_in_by_group_has_a_rule_beside_the_function(
    new_app: Callable[[], App], tmp_path: Path
) -> None:
    network = {**NETWORK, "endpoints_security_group": "sg-0f1e2d3c"}
    changes: dict[str, object] = {
        "network": {"existing": network, "egress": "endpoints"},
        "instances": {"lake": existing(bootstrap={"secret": SECRET})["instances.lake"]},
        "airflow": {"existing": AIRFLOW},
    }
    file = written(dev(changes), tmp_path / "dev.yaml")
    outdir = synthesized(new_app(), file)
    [rule] = [
        one
        for one in properties(templates(outdir)["dev-access"], "AWS::EC2::SecurityGroupIngress")
        if one["GroupId"] == "sg-0f1e2d3c"
    ]
    assert (rule["FromPort"], rule["ToPort"]) == (443, 443)


def test_the_review_says_who_may_read_it_and_that_it_is_to_be_removed(
    outdir: Path, file: Path
) -> None:
    assert guardrail_errors(outdir, file) == []
    expected = declared(load(file), environment="dev")
    found = Access(read(outdir), expected.arns_by_role)
    [path] = [one for one in paths(found, expected) if "the password of the master" in one.how]
    assert path.reaches == ["everything on lake"]
    assert "Administrator-lake" in path.who
    gaps = horizon(found)
    assert [one for one in gaps if one.what.startswith("Who may read the password of the master")]


def test_synthesis_says_that_the_block_is_to_be_removed(outdir: Path) -> None:
    said = "".join(one.read_text() for one in outdir.glob("*.json"))
    assert "instances.lake.existing.bootstrap lets a function read the password" in said


@pytest.mark.parametrize(
    ("bootstrap", "says"),
    [
        ({"secret": "rds!db-1a2b"}, "must be the whole ARN of a secret"),
        ({"secret": SECRET.rpartition("-")[0]}, "must be the whole ARN of a secret"),
        (
            {"secret": SECRET.replace("rds!db", "rds!cluster")},
            "is that of an Aurora cluster: must be of an in",
        ),
        ({"secret": SECRET.replace("eu-central-1", "us-east-1")}, "must be of the instance's reg"),
        ({"secret": SECRET.replace("1111", "9999")}, "must be of this one, 111122223333"),
        ({"secret": SECRET, "key": "alias/team"}, "must be the ARN of a KMS key"),
        (
            {"secret": SECRET, "key": OWN_KEY.replace("eu-central-1", "us-east-1")},
            "is of us-east-1",
        ),
        ({"secret": SECRET, "password": "x"}, "unknown key"),
        ({}, "secret"),
    ],
)
def test_each_wrong_secret_has_its_sentence(
    bootstrap: dict[str, str], says: str, tmp_path: Path
) -> None:
    changes = {**existing(bootstrap=bootstrap), "account": "111122223333"}
    [line] = refused(changes, tmp_path)
    assert line.startswith("instances.lake.existing.bootstrap")
    assert says in line


def test_a_cluster_has_the_secret_of_a_cluster(tmp_path: Path) -> None:
    def said(secret: str) -> list[str]:
        server = {
            **CLUSTERED,
            "existing": {**CLUSTERED["existing"], "bootstrap": {"secret": secret}},
        }
        return refused({"instances.sea": server, "account": "111122223333"}, tmp_path)

    assert said(SECRET.replace("rds!db", "rds!cluster")) == []
    [line] = said(SECRET)
    assert "is that of an instance: must be of an Aurora cluster, which begins with" in line
