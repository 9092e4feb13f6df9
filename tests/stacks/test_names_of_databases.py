"""Databases of names that a statement takes in quotes alone, from the declaration to the review."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App

from airflow_rds_iam.declaration.derived_names import word
from airflow_rds_iam.declaration.file import load
from incident.environment import deployed
from review.declared import declared
from review.matrix.build import matrix
from review.templates.access import Access
from review.templates.assembly import read
from tests.application import templates
from tests.declared import dev, written
from tests.existing import AIRFLOW, LAKE, guardrail_errors, synthesized
from tests.incident.test_environment import Account
from tests.templates import properties, text

# Some are alike but for what no logical id and no Sid can hold.
NAMES = ("My Sales", "my-sales", "my_sales", "my.sales", "mysales", "2024", "order", "d" * 63)
LIVED_IN = {
    **LAKE,
    "databases": {one: {"own": ["shop"], "read": ["airflow"]} for one in NAMES},
}
ELSEWHERE = {key: value for key, value in AIRFLOW.items() if key != "connections_prefix"}
DECLARED: dict[str, dict[str, object]] = {
    "made": {"instances.lake": LIVED_IN, "managed_policies_per_role": 20},
    "elsewhere": {
        "instances.lake": LIVED_IN,
        "identities.shop.policies": "packed",
        "airflow": {"existing": ELSEWHERE},
    },
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
def access(outdirs: dict[str, Path]) -> dict[str, Any]:
    return templates(outdirs["made"])["dev-access"]


def test_a_connection_names_the_database_as_it_is_called(access: dict[str, Any]) -> None:
    secrets = {
        one["Name"].rpartition("/")[2]: text(one["SecretString"])
        for one in properties(access, "AWS::SecretsManager::Secret")
    }
    for name in NAMES:
        assert f'"schema":"{name}"' in secrets[f"lake_{word(name)}"]


def test_each_has_an_output_where_a_person_makes_the_connections(outdirs: dict[str, Path]) -> None:
    outputs = templates(outdirs["elsewhere"])["dev-access"]["Outputs"]
    told = [text(one["Value"]) for name, one in outputs.items() if name.startswith("ToConnect")]
    for name in NAMES:
        assert len([one for one in told if f'"schema":"{name}"' in one]) == 1


def test_the_matrix_names_them_and_finds_nothing_amiss(
    outdirs: dict[str, Path], files: dict[str, Path]
) -> None:
    expected = declared(load(files["made"]), environment="dev")
    rows = matrix(Access(read(outdirs["made"]), expected.arns_by_role), expected).rows
    of_lake = [one for one in rows if one.server == "lake" and one.level != "administer"]
    assert sorted((one.identity, one.database) for one in of_lake) == sorted(
        (identity, name) for identity in ("airflow", "shop") for name in NAMES
    )
    assert not [one.disagreements for one in rows if one.disagreements]
    assert guardrail_errors(outdirs["made"], files["made"]) == []


def test_revoking_an_identity_finds_its_users_of_them(access: dict[str, Any]) -> None:
    found = deployed(Account(json.loads(json.dumps(access))), "dev")
    assert found.identities == ["airflow", "shop"]
    [lake] = [one for one in found.servers if one.name == "lake"]
    assert len(lake.users("shop")) == len(lake.users("airflow")) == len(NAMES)


def test_an_environments_prefix_is_in_its_roles_and_reaches_every_run(
    new_app: Callable[[], App], tmp_path: Path
) -> None:
    lake = {**LAKE, "databases": {"My Sales": {"own": ["shop"], "read": ["airflow"]}}}
    file = written(dev({"prefix": "blue", "instances.lake": lake}), tmp_path / "dev.yaml")
    outdir = synthesized(new_app(), file)
    access = templates(outdir)["dev-access"]
    for kind in ("Custom::DatabaseUsers", "Custom::RetiredDatabaseUsers"):
        assert {one["Prefix"] for one in properties(access, kind)} == {"blue"}
    found = deployed(Account(json.loads(json.dumps(access))), "dev")
    assert {one.prefix for one in found.servers} == {"blue"}
    assert found.identities == ["airflow", "shop"]
    [lake_server] = [one for one in found.servers if one.name == "lake"]
    assert lake_server.users("shop") == [f"shop_blue_{word('My Sales')}_own"]
    expected = declared(load(file), environment="dev")
    rows = matrix(Access(read(outdir), expected.arns_by_role), expected).rows
    assert not [one.disagreements for one in rows if one.disagreements]
