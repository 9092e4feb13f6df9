import json
from collections.abc import Callable
from pathlib import Path

from aws_cdk import App, Environment

from airflow_rds_iam.declaration.network import Network
from stacks.network import NetworkStack
from tests.templates import properties, synthesized, text


def zones(app: App, env: Environment | None) -> list[str]:
    stack = NetworkStack(app, "dev-network", network=Network(zones=["a", "c"]), env=env)
    return [
        text(one["AvailabilityZone"]) for one in properties(synthesized(stack), "AWS::EC2::Subnet")
    ]


def test_the_subnets_are_in_the_declared_zones_of_the_region(new_app: Callable[[], App]) -> None:
    env = Environment(account="111122223333", region="eu-west-1")
    assert zones(new_app(), env) == ["eu-west-1a", "eu-west-1c"]


def test_without_a_region_they_are_in_those_of_where_it_is_deployed(
    new_app: Callable[[], App],
) -> None:
    assert zones(new_app(), None) == ["<AWS::Region>a", "<AWS::Region>c"]


def test_the_account_is_not_asked_for_its_zones(new_app: Callable[[], App]) -> None:
    app = new_app()
    env = Environment(account="111122223333", region="eu-west-1")
    NetworkStack(app, "dev-network", network=Network(), env=env)
    manifest = json.loads(Path(app.synth().directory, "manifest.json").read_text())
    assert "missing" not in manifest
