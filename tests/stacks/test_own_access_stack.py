"""An instance whose access stands in a stack of its own, nested in the access stack."""

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App, Environment

from airflow_rds_iam.declaration.file import load
from airflow_rds_iam.declaration.grants import grants
from airflow_rds_iam.declaration.policies import by_stack
from review.declared import declared
from review.guardrails.rules import broken
from review.guardrails.subject import Subject
from review.matrix.build import matrix
from review.matrix.model import Matrix
from review.templates.access import Access
from review.templates.assembly import read
from stacks import add_environment
from tests.declared import dev, written
from tests.kinds import KINDS
from tests.templates import Content, of_type

LAKE = {
    "databases": {
        "orders": {"own": ["shop"], "read": ["airflow", "people"]},
        "parts": {"read": ["analyst"], "write": ["airflow"]},
    }
}
IDENTITIES = {f"identities.{name}": KINDS[name] for name in ("people", "analyst")}
TOPIC = {"alarms": {"topic_arn": "arn:aws:sns:eu-central-1:111122223333:operations"}}
Place = Callable[[str], Path]


def content(access_stack: str) -> dict[str, Any]:
    return dev({"instances.lake": {**LAKE, "access_stack": access_stack}, **IDENTITIES, **TOPIC})


@pytest.fixture(scope="module")
def place(new_app: Callable[[], App], tmp_path_factory: pytest.TempPathFactory) -> Place:
    folder = tmp_path_factory.mktemp("environments")

    def assembly(access_stack: str) -> Path:
        app = new_app()
        declaration = load(written(content(access_stack), folder / "dev.yaml"))
        env = Environment(account=declaration.account, region=declaration.region)
        add_environment(app, name="dev", declaration=declaration, env=env)
        return Path(app.synth().directory)

    return assembly


@pytest.fixture(scope="module")
def own(place: Place) -> Path:
    return place("own")


def reviewed(assembly: Path, folder: Path) -> tuple[Matrix, list[Any]]:
    declaration = load(folder / "dev.yaml")
    given = declared(declaration, environment="dev")
    access = Access(read(assembly), given.arns_by_role)
    found = matrix(access, given)
    return found, list(broken(Subject(access, given, found, date(2026, 11, 26))))


def nested(assembly: Path) -> Content:
    [file] = assembly.glob("*lake*.nested.template.json")
    return json.loads(file.read_text())


def test_what_follows_from_its_grants_is_there_and_nothing_of_another_instances(own: Path) -> None:
    outer = json.loads((own / "dev-access.template.json").read_text())
    inner = nested(own)
    for kind, count in {
        "Custom::DatabaseUsers": 1, "Custom::RetiredDatabaseUsers": 1,
        "AWS::Scheduler::Schedule": 1, "AWS::SecretsManager::Secret": 2,
    }.items():  # fmt: skip
        assert len(of_type(inner, kind)) == count
        assert all("lake" in name for name in of_type(inner, kind))
        assert not [name for name in of_type(outer, kind) if "lake" in name]
    assert "warehouse" not in json.dumps(inner)


def test_what_it_refers_to_of_the_others_is_weak_and_the_networks_strong(own: Path) -> None:
    template = json.dumps(nested(own))
    assert "Fn::GetStackOutput" in template
    assert "dev-network:ExportsOutput" in template


def test_the_one_policy_of_a_permission_set_stays_whole(own: Path) -> None:
    outer = json.loads((own / "dev-access.template.json").read_text())
    [policy] = [
        one
        for name, one in of_type(outer, "AWS::IAM::ManagedPolicy").items()
        if name.startswith("Identityanalyst")
    ]
    [statement] = policy["Properties"]["PolicyDocument"]["Statement"]
    assert statement["Sid"] == "ReadPartsOnLake"


@pytest.mark.slow
def test_the_review_sees_the_same_people_and_breaks_no_rule(place: Place, tmp_path: Path) -> None:
    def rows(access_stack: str) -> set[tuple[str, ...]]:
        assembly = place(access_stack)
        written(content(access_stack), tmp_path / "dev.yaml")
        found, wrong = reviewed(assembly, tmp_path)
        assert wrong == []
        return {
            (
                row.identity.replace("Access-lake/", ""),
                *(row.server, row.database, row.level, row.user, str(row.connections)),
                *(str(row.iam), str(row.network)),
            )
            for row in found.rows
        }

    assert rows("own") == rows("shared")


def test_a_server_of_its_own_stack_is_packed_by_itself(tmp_path: Path) -> None:
    declaration = load(written(content("own"), tmp_path / "dev.yaml"))
    parts = by_stack(declaration, grants(declaration))
    assert {stack: {one.instance for one in part} for stack, part in parts.items()} == {
        "": {"warehouse"},
        "lake": {"lake"},
    }
