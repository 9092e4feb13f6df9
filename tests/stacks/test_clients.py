"""Who may open a connection to what: over all templates, and with clients declared."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App, Environment

from airflow_rds_iam.declaration.file import load
from review.templates.assembly import Assembly, read
from review.templates.network import openings
from review.templates.servers import servers
from stacks import add_environment
from tests.application import CdkOut, templates
from tests.declared import dev, written

CLIENTS = [
    {"range": "10.8.0.0/16", "because": "VPN of the office"},
    {"security_group": "sg-0a1b2c3d4e5f60718", "because": "Session Manager (data team)"},
    {"prefix_list": "pl-0a1b2c3d", "because": "Offices, by transit gateway"},
]
DESCRIBED = {str(source): one["because"] for one in CLIENTS for source in one.values()}

Synthesize = Callable[[dict[str, object]], Path]


@pytest.fixture(scope="module")
def synthesize(new_app: Callable[[], App], tmp_path_factory: pytest.TempPathFactory) -> Synthesize:
    folder = tmp_path_factory.mktemp("environments")

    def outdir(changes: dict[str, object]) -> Path:
        app = new_app()
        declaration = load(written(dev(changes), folder / "dev.yaml"))
        env = Environment(account=declaration.account, region=declaration.region)
        add_environment(app, name="dev", declaration=declaration, env=env)
        return Path(app.synth().directory)

    return outdir


@pytest.fixture(scope="module")
def with_clients(synthesize: Synthesize) -> Path:
    return synthesize({"network.clients": CLIENTS})


def sources(outdir: Path) -> dict[str, set[str]]:
    """What each server's port is open to: a group by its description, all else as it is."""
    assembly = read(outdir)
    return {
        server.name: {described(one.source, assembly) for one in openings(server, assembly)}
        for server in servers(assembly)
    }


def described(source: str, assembly: Assembly) -> str:
    for one in assembly.of_type("AWS::EC2::SecurityGroup"):
        if source == one.attribute("GroupId"):
            return str(one.properties["GroupDescription"])
    return source


def rules(outdir: Path) -> list[Mapping[str, Any]]:
    """Every rule that lets something in, wherever it stands."""
    assembly = read(outdir)
    found = [one.properties for one in assembly.of_type("AWS::EC2::SecurityGroupIngress")]
    for group in assembly.of_type("AWS::EC2::SecurityGroup"):
        found += group.properties.get("SecurityGroupIngress", [])
    return found


@pytest.mark.parametrize("name", ["dev", "prod"])
def test_a_database_is_reached_by_airflow_and_its_users_function_alone(
    name: str, cdk_out: CdkOut
) -> None:
    server = f"{name}-warehouse"
    assert sources(cdk_out(name)) == {server: {"Airflow", f"Database users of {server}"}}


@pytest.mark.parametrize("name", ["dev", "prod"])
def test_nothing_is_reached_by_an_address(name: str, cdk_out: CdkOut) -> None:
    found = rules(cdk_out(name))
    assert found
    assert not [one for one in found if {"CidrIp", "CidrIpv6", "SourcePrefixListId"} & one.keys()]


def test_with_clients_a_database_is_reached_by_them_too_and_by_nothing_else(
    with_clients: Path,
) -> None:
    assert sources(with_clients) == {
        "dev-warehouse": {
            "Airflow",
            "Database users of dev-warehouse",
            *(source for source in DESCRIBED if source not in DESCRIBED.values()),
        }
    }


def test_a_client_reaches_the_databases_port_and_https_of_airflow_each_with_its_reason(
    with_clients: Path,
) -> None:
    found = {
        (described(str(one["GroupId"]), read(with_clients)), one["FromPort"], one["ToPort"], source)
        for one in rules(with_clients)
        for key in ("CidrIp", "CidrIpv6", "SourcePrefixListId", "SourceSecurityGroupId")
        if (source := str(one.get(key))) in DESCRIBED and one["Description"] == DESCRIBED[source]
    }
    assert found == {
        (group, port, port, source)
        for group, port in (("RDS instance dev-warehouse", 5432), ("Airflow", 443))
        for source in ("10.8.0.0/16", "sg-0a1b2c3d4e5f60718", "pl-0a1b2c3d")
    }


def test_clients_change_neither_the_network_nor_the_access_stack(
    with_clients: Path, cdk_out: CdkOut
) -> None:
    before, after = templates(cdk_out("dev")), templates(with_clients)
    changed = {name for name in before if resources(before[name]) != resources(after[name])}
    assert changed == {"dev-database-warehouse", "dev-airflow"}


def resources(template: dict[str, Any]) -> str:
    return json.dumps(template["Resources"], sort_keys=True)


def test_a_public_page_is_opened_to_no_client(synthesize: Synthesize) -> None:
    outdir = synthesize(
        {
            "network.clients": CLIENTS,
            "airflow.web_server_access": "public",
            "network.egress": "nat",
        }
    )
    groups = {
        described(str(one["GroupId"]), read(outdir))
        for one in rules(outdir)
        if one.get("ToPort") == 443
    }
    assert "Airflow" not in groups
