"""An Airflow that was there before: on Amazon MWAA in a network that exists, and one elsewhere."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App

from airflow_rds_iam.declaration.file import load
from review.declared import declared
from review.horizon import horizon
from review.matrix.build import matrix
from review.templates.access import Access
from review.templates.assembly import read
from tests.application import templates
from tests.declared import dev, written
from tests.existing import AIRFLOW, LAKE, NETWORK, guardrail_errors, synthesized
from tests.templates import of_type, properties, text

ROLE = "team-airflow"
OF_ITS_OWN = {
    "role_arn": AIRFLOW["role_arn"],
    "ranges": ["10.40.0.0/24", "10.41.0.0/24"],
    "authorities": "/opt/rds.pem",
}
DECLARED: dict[str, dict[str, object]] = {
    "mwaa": {
        "network": {"existing": NETWORK},
        "airflow": {"existing": AIRFLOW},
        "instances.lake": LAKE,
    },
    "anywhere": {"airflow": {"existing": OF_ITS_OWN}},
}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return {
        name: written(dev(changes), tmp_path_factory.mktemp(name) / "dev.yaml")
        for name, changes in DECLARED.items()
    }


@pytest.fixture(scope="module")
def outdirs(new_app: Callable[[], App], files: dict[str, Path]) -> dict[str, Path]:
    return {name: synthesized(new_app(), file) for name, file in files.items()}


@pytest.fixture(scope="module")
def found(outdirs: dict[str, Path]) -> dict[str, dict[str, Any]]:
    return {name: templates(outdir) for name, outdir in outdirs.items()}


@pytest.mark.parametrize("name", DECLARED)
def test_none_is_made_nor_anything_that_one_needs(
    name: str, found: dict[str, dict[str, Any]]
) -> None:
    assert "dev-airflow" not in found[name]
    kinds = {
        one["Type"] for each in found[name].values() for one in each.get("Resources", {}).values()
    }
    assert not kinds & {"AWS::MWAA::Environment", "AWS::S3::Bucket"}
    endpoints = properties(found[name]["dev-network"], "AWS::EC2::VPCEndpoint")
    assert "Interface" not in {one.get("VpcEndpointType") for one in endpoints}
    groups = [
        one["GroupDescription"]
        for each in found[name].values()
        for one in properties(each, "AWS::EC2::SecurityGroup")
    ]
    assert "Airflow" not in groups


def test_in_a_network_that_exists_nothing_is_left_to_be_made(
    found: dict[str, dict[str, Any]],
) -> None:
    assert not found["mwaa"]["dev-network"].get("Resources")


def test_its_role_has_a_policy_for_each_login_and_one_to_look_connections_up(
    found: dict[str, dict[str, Any]],
) -> None:
    access = found["mwaa"]["dev-access"]
    logins = [one for one in properties(access, "AWS::IAM::Policy") if one.get("Roles") == [ROLE]]
    assert any(":dbuser:db-LAKE/airflow_sales_read" in text(one) for one in logins)
    [lookup] = [
        one for one in properties(access, "AWS::IAM::ManagedPolicy") if one.get("Roles") == [ROLE]
    ]
    assert "secretsmanager:GetSecretValue" in text(lookup)


def test_its_connections_have_its_prefix_and_its_authorities(
    found: dict[str, dict[str, Any]],
) -> None:
    secrets = {
        one["Name"]: text(one["SecretString"])
        for one in properties(found["mwaa"]["dev-access"], "AWS::SecretsManager::Secret")
    }
    assert "team/connections/lake_sales" in secrets
    assert all(AIRFLOW["authorities"] in one for one in secrets.values())


def test_what_it_must_have_set_is_an_output(found: dict[str, dict[str, Any]]) -> None:
    output = found["mwaa"]["dev-access"]["Outputs"]["AirflowConfiguration"]["Value"]
    options = json.loads(text(output))
    assert options["secrets.backend"].endswith(".SecretsManagerBackend")
    arguments = json.loads(options["secrets.backend_kwargs"])
    assert arguments["connections_prefix"] == "team/connections"


def test_without_a_prefix_each_connection_is_an_output_in_place_of_a_secret(
    found: dict[str, dict[str, Any]],
) -> None:
    access = found["anywhere"]["dev-access"]
    assert not of_type(access, "AWS::SecretsManager::Secret")
    assert "AirflowConfiguration" not in access["Outputs"]
    told = {
        one["Description"]: text(one["Value"])
        for one in access["Outputs"].values()
        if "to be made in Airflow" in one.get("Description", "")
    }
    assert any("warehouse_orders," in one for one in told)
    assert all('"sslrootcert":"/opt/rds.pem"' in one for one in told.values())


@pytest.mark.parametrize(
    ("name", "stack", "sources"),
    [
        ("mwaa", "lake", ["sg-00000002"]),
        ("mwaa", "warehouse", ["sg-00000002"]),
        ("anywhere", "warehouse", ["10.40.0.0/24", "10.41.0.0/24"]),
    ],
)
def test_each_database_lets_it_in_by_its_group_or_its_ranges(
    name: str, stack: str, sources: list[str], found: dict[str, dict[str, Any]]
) -> None:
    rules = properties(found[name][f"dev-database-{stack}"], "AWS::EC2::SecurityGroupIngress")
    let_in = sorted(text(one.get("SourceSecurityGroupId", one.get("CidrIp"))) for one in rules)
    assert [one for one in let_in if "UsersSecurityGroup" not in one] == sources


@pytest.mark.parametrize("name", DECLARED)
def test_the_review_speaks_of_it_as_of_one_that_is_made(
    name: str, outdirs: dict[str, Path], files: dict[str, Path]
) -> None:
    expected = declared(load(files[name]), environment="dev")
    access = Access(read(outdirs[name]), expected.arns_by_role)
    rows = matrix(access, expected).rows
    orders = {one.database: one for one in rows if one.identity == "airflow"}["orders"]
    assert orders.declared == orders.level
    assert orders.connections == (["warehouse_orders"] if name == "mwaa" else [])
    assert orders.network
    assert not [one for one in rows if one.disagreements]
    assert guardrail_errors(outdirs[name], files[name]) == []
    gaps = {one.what for one in horizon(access, expected)}
    assert any(f"existing role {ROLE}" in one for one in gaps)
    assert any("Airflow that was there before" in one for one in gaps)
