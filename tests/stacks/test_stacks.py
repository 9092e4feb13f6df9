import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App, Environment

from airflow_rds_iam.declaration.model import Declaration
from stacks import add_environment
from tests.create_only import identifier, values_at
from tests.declared import REMOVED, dev
from tests.templates import text

Synthesize = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def synthesize(new_app: Callable[[], App]) -> Synthesize:
    def templates(changes: dict[str, object], env: Environment) -> dict[str, Any]:
        app = new_app()
        declaration = Declaration.model_validate(dev(changes))
        add_environment(app, name="test", declaration=declaration, env=env)
        outdir = Path(app.synth().directory)
        return {
            file.name.removesuffix(".template.json"): json.loads(file.read_text())
            for file in outdir.glob("*.template.json")
        }

    return templates


@pytest.fixture(scope="module")
def tagged(synthesize: Synthesize) -> dict[str, Any]:
    """The templates of two instances."""
    lake = {"databases": {"orders": {"own": ["shop"]}}}
    env = Environment(account="111122223333", region="eu-central-1")
    return synthesize({"instances.lake": lake, "tags": {"team": "data"}}, env)


def test_each_instance_has_a_stack_and_everything_else_has_one_of_its_kind(
    tagged: dict[str, Any],
) -> None:
    assert set(tagged) == {
        "test-network",
        "test-database-warehouse",
        "test-database-lake",
        "test-airflow",
        "test-access",
    }


def test_the_tags_are_on_every_stateful_resource(tagged: dict[str, Any]) -> None:
    for kind in ("AWS::EC2::VPC", "AWS::RDS::DBInstance", "AWS::S3::Bucket", "AWS::KMS::Key"):
        with_it = [
            {"Key": "team", "Value": "data"} in resource["Properties"]["Tags"]
            for template in tagged.values()
            for resource in template["Resources"].values()
            if resource["Type"] == kind
        ]
        assert with_it
        assert all(with_it)


def test_two_environments_in_one_account_share_no_name_and_no_tag(
    new_app: Callable[[], App],
) -> None:
    app, env = new_app(), Environment(account="111122223333", region="eu-central-1")
    for name in ("one", "other"):
        declaration = Declaration.model_validate(dev({"tags": {"environment": name}}))
        add_environment(app, name=name, declaration=declaration, env=env)
    names: dict[str, set[str]] = {"one": set(), "other": set()}
    for file in sorted(Path(app.synth().directory).glob("*.template.json")):
        environment, template = file.name.split("-")[0], json.loads(file.read_text())
        for resource in template["Resources"].values():
            given, kind = resource.get("Properties", {}), resource["Type"]
            parts = [text([*values_at(given, path)]) for path in identifier(kind)]
            # What refers to a resource is another in each stack.
            if parts and "[]" not in parts and not re.search(r'"(Ref|Fn::GetAtt)"', str(parts)):
                names[environment].add(f"{kind} {parts}")
            [another] = names.keys() - {environment}
            assert repr(another) not in str(given.get("Tags")), resource
        exports = (output.get("Export") for output in template.get("Outputs", {}).values())
        names[environment] |= {f"Export {text(export['Name'])}" for export in exports if export}
    assert len(names["one"]) == len(names["other"]) > 10
    assert names["one"] & names["other"] == set()


@pytest.mark.first(1)
@pytest.mark.parametrize("egress", ["nat", "endpoints"])
def test_without_account_and_region_it_is_for_wherever_it_is_deployed(
    egress: str, synthesize: Synthesize
) -> None:
    changes = {"account": REMOVED, "region": REMOVED, "network.egress": egress}
    everything = json.dumps(synthesize(changes, Environment()))
    assert "AWS::AccountId" in everything
    assert "AWS::Region" in everything
    assert "eu-central-1" not in everything
    assert "${Token" not in everything
