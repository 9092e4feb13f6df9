"""Airflow in 300 databases of one server, with its logins packed."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App, Environment

from airflow_rds_iam.declaration.databases import LEVELS
from airflow_rds_iam.declaration.file import load
from airflow_rds_iam.declaration.tags import LOOKED_UP_BY
from stacks import add_environment
from tests.declared import dev, written
from tests.stacks.test_policy_sizes import longest
from tests.templates import Content, of_type, properties, text

pytestmark = pytest.mark.slow

COUNT = 300
QUOTA = 20
Synthesize = Callable[[Mapping[str, str]], str]


def declared(levels: Mapping[str, str]) -> dict[str, Any]:
    """The shop owns each database, in which Airflow has that level."""
    databases: dict[str, dict[str, list[str]]] = {name: {"own": ["shop"]} for name in levels}
    for name, level in levels.items():
        databases[name].setdefault(level, []).append("airflow")
    return dev({
        "managed_policies_per_role": QUOTA,
        "identities.shop.policies": "packed",
        "instances.warehouse.databases": databases,
        "airflow.policies": "packed",
    })  # fmt: skip


@pytest.fixture(scope="module")
def synthesize(new_app: Callable[[], App], tmp_path_factory: pytest.TempPathFactory) -> Synthesize:
    folder = tmp_path_factory.mktemp("environments")

    def template(levels: Mapping[str, str]) -> str:
        app = new_app()
        declaration = load(written(declared(levels), folder / "dev.yaml"))
        env = Environment(account=declaration.account, region=declaration.region)
        add_environment(app, name="dev", declaration=declaration, env=env)
        return (Path(app.synth().directory) / "dev-access.template.json").read_text()

    return template


def levels(count: int) -> dict[str, str]:
    return {f"sales_{number:03}": LEVELS[number % 2] for number in range(count)}


@pytest.fixture(scope="module")
def written_template(synthesize: Synthesize) -> str:
    return synthesize(levels(COUNT))


@pytest.fixture(scope="module")
def template(written_template: str) -> Content:
    return json.loads(written_template)


def of_airflow(template: Content) -> dict[str, dict[str, Any]]:
    """The managed policies of Airflow's role, by logical id."""
    airflow = template["Outputs"]["AirflowExecutionRole"]["Value"]
    return {
        name: policy["Properties"]
        for name, policy in of_type(template, "AWS::IAM::ManagedPolicy").items()
        if policy["Properties"]["Roles"] == [airflow]
    }


def statements(template: Content, action: str) -> Iterator[dict[str, Any]]:
    for policy in of_airflow(template).values():
        for statement in policy["PolicyDocument"]["Statement"]:
            if statement["Action"] == action:
                yield statement


def test_cloudformation_and_iam_take_it(written_template: str, template: Content) -> None:
    assert len(template["Resources"]) <= 500
    assert len(written_template.encode()) <= 1_000_000
    attached = of_airflow(template)
    assert 10 < len(attached) < QUOTA
    for policy in properties(template, "AWS::IAM::ManagedPolicy"):
        document = json.dumps(longest(policy["PolicyDocument"]), separators=(",", ":"))
        document = document.replace("arn:aws:", "arn:aws-us-gov:")
        assert len(document.replace("eu-central-1", "us-gov-east-1")) <= 6144
    # Nothing of it is in the role itself, whose own policies have few characters left.
    assert not [name for name in of_type(template, "AWS::IAM::Policy") if name.startswith("Login")]


def test_each_database_has_a_statement_with_its_exact_user_and_no_other(template: Content) -> None:
    found = {
        one["Sid"]: text(one["Resource"]).rpartition(":dbuser:")[2].rpartition("/")[2]
        for one in statements(template, "rds-db:connect")
    }
    assert len(found) == COUNT
    assert set(found.values()) == {f"airflow_{name}_{at}" for name, at in levels(COUNT).items()}
    assert not re.search(r"[*?]", "".join(found.values()))
    for sid, user in found.items():
        level = user.rpartition("_")[2].title()
        assert re.fullmatch(rf"{level}Sales\d+OnWarehouse\w+", sid)


def test_one_statement_looks_up_what_this_environment_tagged(template: Content) -> None:
    [lookup] = statements(template, "secretsmanager:GetSecretValue")
    assert text(lookup["Resource"]).endswith(":secret:airflow/dev/connections/*")
    assert lookup["Condition"] == {"StringEquals": {f"aws:ResourceTag/{LOOKED_UP_BY}": "dev"}}
    secrets = properties(template, "AWS::SecretsManager::Secret")
    assert len(secrets) == COUNT
    assert all({"Key": LOOKED_UP_BY, "Value": "dev"} in one["Tags"] for one in secrets)
    # Apart from logging in: no policy allows both.
    for policy in of_airflow(template).values():
        assert len({one["Action"] for one in policy["PolicyDocument"]["Statement"]}) == 1


def test_a_changed_level_is_another_policy_which_comes_before_the_connection_changes(
    synthesize: Synthesize, template: Content
) -> None:
    after: Content = json.loads(synthesize({**levels(COUNT), "sales_000": "write"}))
    changed = {
        name
        for name, policy in of_airflow(template).items()
        if of_airflow(after)[name] != policy
    }  # fmt: skip
    [policy] = changed
    # What only replacement changes: CloudFormation makes the new one first, the old goes last.
    assert of_airflow(after)[policy]["Description"] != of_airflow(template)[policy]["Description"]
    [users] = of_type(after, "Custom::DatabaseUsers").values()
    assert set(of_airflow(after)) - {"TaggedConnections"} >= {policy}
    assert policy in users["DependsOn"]
    [name] = of_type(after, "Custom::DatabaseUsers")
    for secret in of_type(after, "AWS::SecretsManager::Secret").values():
        assert secret["DependsOn"] == [name]
