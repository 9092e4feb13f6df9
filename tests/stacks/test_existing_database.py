"""Servers that were there before, beside one that is made: their stacks and their review."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App, Environment

from airflow_rds_iam.declaration.file import load
from review.declared import declared
from review.horizon import horizon
from review.matrix.build import matrix
from review.templates.access import Access
from review.templates.assembly import read
from stacks import add_environment
from tests.application import templates
from tests.declared import REMOVED, dev, written
from tests.existing import LAKE, POND, guardrail_errors, synthesized
from tests.templates import of_type, properties, text, the

Declared = dict[str, Any]
CLIENT = {"range": "10.8.0.0/16", "because": "VPN"}
CHANGES: dict[str, object] = {
    "instances.lake": LAKE,
    "instances.pond": POND,
    "network.clients": [CLIENT],
}


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(dev(CHANGES), tmp_path_factory.mktemp("environments") / "dev.yaml")


def test_nothing_of_the_instance_is_made(found: Declared) -> None:
    kinds = {one["Type"] for one in found["dev-database-lake"]["Resources"].values()}
    assert kinds <= {
        "AWS::EC2::SecurityGroup",
        "AWS::EC2::SecurityGroupEgress",
        "AWS::EC2::SecurityGroupIngress",
        "AWS::CDK::Metadata",
    }


def test_its_group_lets_in_airflow_the_users_function_and_clients_at_its_port(
    found: Declared,
) -> None:
    rules = properties(found["dev-database-lake"], "AWS::EC2::SecurityGroupIngress")
    assert {(one["GroupId"], one["FromPort"], one["ToPort"]) for one in rules} == {
        ("sg-0a1b2c3d", 5433, 5433)
    }
    sources = sorted(text(one.get("SourceSecurityGroupId", one.get("CidrIp"))) for one in rules)
    assert len(sources) == 3
    assert sources[0] == "10.8.0.0/16"
    assert any("AirflowSecurityGroup" in one for one in sources)
    assert any("UsersSecurityGroup" in one for one in sources)


def test_a_group_that_two_instances_share_has_each_rule_once(found: Declared) -> None:
    sources = [
        text(one.get("SourceSecurityGroupId", one.get("CidrIp")))
        for name in ("lake", "pond")
        for one in properties(found[f"dev-database-{name}"], "AWS::EC2::SecurityGroupIngress")
    ]
    shared = [one for one in sources if "UsersSecurityGroup" not in one]
    assert len(shared) == len(set(shared)) == 2
    assert len(sources) == 4


def test_the_users_function_gets_out_to_its_group_alone(found: Declared) -> None:
    out = the(found["dev-database-lake"], "AWS::EC2::SecurityGroupEgress")["Properties"]
    assert out["DestinationSecurityGroupId"] == "sg-0a1b2c3d"
    assert (out["IpProtocol"], out["FromPort"], out["ToPort"]) == ("tcp", 5433, 5433)


def test_the_users_function_logs_in_as_the_administrator(found: Declared) -> None:
    functions = properties(found["dev-access"], "AWS::Lambda::Function")
    variables = [one.get("Environment", {}).get("Variables", {}) for one in functions]
    assert {
        "DATABASE_HOST": LAKE["existing"]["endpoint"],
        "DATABASE_PORT": "5433",
        "MASTER_USER": "platform",
        "SERVER_LIVED_IN": "true",
    } in variables
    arn = "arn:aws:rds-db:eu-central-1:111122223333:dbuser:db-LAKE/platform"
    assert arn in text(of_type(found["dev-access"], "AWS::IAM::Policy"))


def test_grants_become_policies_and_connections_like_any_other(found: Declared) -> None:
    policies = text(of_type(found["dev-access"], "AWS::IAM::ManagedPolicy"))
    assert ":dbuser:db-LAKE/shop_sales_own" in policies
    secrets = text(of_type(found["dev-access"], "AWS::SecretsManager::Secret"))
    assert "lake_sales" in secrets
    assert LAKE["existing"]["endpoint"] in secrets


def test_its_logs_and_its_room_are_its_owners_to_watch(found: Declared) -> None:
    access = found["dev-access"]
    dashboards = properties(access, "AWS::CloudWatch::Dashboard")
    assert [one["DashboardName"] for one in dashboards] == ["dev-warehouse"]
    filters = properties(access, "AWS::Logs::MetricFilter")
    assert [one["LogGroupName"] for one in filters] == [
        "/aws/rds/instance/dev-warehouse/postgresql"
    ]
    assert len(of_type(access, "AWS::Scheduler::Schedule")) == 3


def test_the_matrix_speaks_of_it_as_of_one_that_is_made(outdir: Path, file: Path) -> None:
    expected = declared(load(file), environment="dev")
    access = Access(read(outdir), expected.arns_by_role)
    rows = {
        (one.server, one.identity, one.level, one.user): one
        for one in matrix(access, expected).rows
    }
    owns = rows["lake", "shop", "own", "shop_sales_own"]
    reads = rows["lake", "airflow", "read", "airflow_sales_read"]
    assert owns.declared == "own"
    assert reads.connections == ["lake_sales"]
    assert any("its security group" in way for way in reads.network)
    assert any(server == "lake" and level == "administer" for server, _, level, _ in rows)
    assert not [one for one in rows.values() if one.disagreements]


def test_no_guardrail_finds_anything_and_the_page_can_be_written(outdir: Path, file: Path) -> None:
    assert guardrail_errors(outdir, file) == []


def test_what_cannot_be_seen_of_it_is_named_with_the_command_that_shows_it(
    outdir: Path, file: Path
) -> None:
    expected = declared(load(file), environment="dev")
    gaps = horizon(Access(read(outdir), expected.arns_by_role))
    [how] = [one for one in gaps if one.what.startswith("How lake is set up")]
    assert how.commands[0] == "aws rds describe-db-instances --db-instance-identifier lake"
    assert [one for one in gaps if one.what.startswith("Roles of lake that are not declared")]
    assert not [one for one in gaps if "How dev-warehouse is set up" in one.what]


@pytest.fixture(scope="module")
def observing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    changes = {**CHANGES, "instances.lake": {**LAKE, "mode": "observe"}}
    return written(dev(changes), tmp_path_factory.mktemp("observing") / "dev.yaml")


@pytest.fixture(scope="module")
def observed(new_app: Callable[[], App], observing: Path) -> Path:
    return synthesized(new_app(), observing)


def test_where_it_is_observed_nobody_is_given_anything(observed: Path, found: Declared) -> None:
    access, managed = templates(observed)["dev-access"], found["dev-access"]
    [mode] = [
        one.get("Observed")
        for one in properties(access, "Custom::DatabaseUsers")
        if one["InstanceResourceId"] == "db-LAKE"
    ]
    assert mode == "true"
    variables = [
        one.get("Environment", {}).get("Variables", {})
        for one in properties(access, "AWS::Lambda::Function")
        if one["Handler"] == "database_users.handler.handle"
    ]
    assert [one.get("SERVER_OBSERVED") for one in variables if "platform" in one.values()] == [
        "true",
        None,
    ]
    # The function's own login is what is left of its rds-db:connect.
    assert "lake_sales" in text(of_type(managed, "AWS::SecretsManager::Secret"))
    assert "lake_sales" not in text(of_type(access, "AWS::SecretsManager::Secret"))
    assert "db-LAKE" not in text(of_type(access, "AWS::IAM::ManagedPolicy"))
    assert "db-LAKE/airflow" not in text(of_type(access, "AWS::IAM::Policy"))


def test_where_it_is_observed_the_check_does_not_call_what_is_not_to_be_done(
    observed: Path, found: Declared
) -> None:
    outstanding = "StatementsOutstanding"

    def watching(template: Declared) -> list[str]:
        alarms = properties(template["dev-access"], "AWS::CloudWatch::Alarm")
        return [
            one["Dimensions"][0]["Value"]
            for one in alarms
            if (one.get("MetricName"), one.get("Statistic")) == (outstanding, "Maximum")
        ]

    assert sorted(watching(found)) == ["dev-warehouse", "lake", "pond"]
    assert sorted(watching(templates(observed))) == ["dev-warehouse", "pond"]


def test_the_review_says_that_it_is_observed_and_finds_nothing_missing(
    observed: Path, observing: Path
) -> None:
    expected = declared(load(observing), environment="dev")
    access = Access(read(observed), expected.arns_by_role)
    rows = matrix(access, expected).rows
    assert {one.level for one in rows if one.server == "lake"} == {"administer"}
    assert not [one for one in rows if one.disagreements]
    assert [one for one in horizon(access) if "lake: it is observed alone" in one.what]


def test_where_it_is_observed_no_guardrail_finds_anything(observed: Path, observing: Path) -> None:
    assert guardrail_errors(observed, observing) == []


def test_it_needs_neither_account_nor_region(new_app: Callable[[], App], tmp_path: Path) -> None:
    changes = {**CHANGES, "account": REMOVED, "region": REMOVED}
    app = new_app()
    declaration = load(written(dev(changes), tmp_path / "dev.yaml"))
    add_environment(app, name="dev", declaration=declaration, env=Environment())
    manifest = json.loads((Path(app.synth().directory) / "manifest.json").read_text())
    assert "missing" not in manifest
