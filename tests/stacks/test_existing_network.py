"""A network that was there before: what is made in it, and what a review says of it."""

import json
from pathlib import Path
from typing import Any

import pytest

from airflow_rds_iam.declaration.file import load
from review.declared import declared
from review.horizon import horizon
from review.matrix.build import matrix
from review.templates.access import Access
from tests.declared import dev, written
from tests.existing import LAKE, NETWORK, POND, guardrail_errors
from tests.templates import of_type, properties, text, the

ELSEWHERE = ["10.20.0.0/16"]
CHANGES: dict[str, object] = {
    "network": {
        "existing": {
            **NETWORK,
            "missing_endpoints": ["secretsmanager", "s3"],
            "route_tables": ["rtb-0a1b2c3d"],
            "endpoints_security_group": "sg-00000001",
        }
    },
    # In another network: one whose group is told, and one whose owner lets in.
    "instances.lake": {**LAKE, "existing": {**LAKE["existing"], "ranges": ELSEWHERE}},
    "instances.pond": {
        **POND,
        "existing": {
            **{key: value for key, value in POND["existing"].items() if key != "security_group"},
            "ranges": ELSEWHERE,
        },
    },
}


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(dev(CHANGES), tmp_path_factory.mktemp("environments") / "dev.yaml")


def test_made_in_it_are_security_groups_and_what_is_missing_alone(found: dict[str, Any]) -> None:
    network = found["dev-network"]
    kinds = {one["Type"] for one in network["Resources"].values()}
    assert kinds <= {
        "AWS::EC2::SecurityGroup",
        "AWS::EC2::SecurityGroupIngress",
        "AWS::EC2::VPCEndpoint",
        "AWS::CDK::Metadata",
    }
    services = {
        text(one["ServiceName"]).rpartition(".")[2]: one
        for one in properties(network, "AWS::EC2::VPCEndpoint")
    }
    assert services.keys() == {"secretsmanager", "s3"}
    assert services["secretsmanager"]["SubnetIds"] == ["subnet-0a1b2c3d", "subnet-1b2c3d4e"]
    assert services["s3"]["RouteTableIds"] == ["rtb-0a1b2c3d"]
    assert {one["VpcId"] for one in services.values()} == {"vpc-0a1b2c3d"}


def test_all_that_needs_a_network_is_in_its_subnets(found: dict[str, Any]) -> None:
    wanted = ["subnet-0a1b2c3d", "subnet-1b2c3d4e"]
    environment = the(found["dev-airflow"], "AWS::MWAA::Environment")["Properties"]
    assert environment["NetworkConfiguration"]["SubnetIds"] == wanted
    group = the(found["dev-database-warehouse"], "AWS::RDS::DBSubnetGroup")["Properties"]
    assert group["SubnetIds"] == wanted
    functions = properties(found["dev-access"], "AWS::Lambda::Function")
    placed = [one["VpcConfig"]["SubnetIds"] for one in functions if "VpcConfig" in one]
    assert placed
    assert all(one == wanted for one in placed)


def test_every_security_group_is_of_it(found: dict[str, Any]) -> None:
    groups = [one for each in found.values() for one in properties(each, "AWS::EC2::SecurityGroup")]
    assert groups
    assert {one["VpcId"] for one in groups} == {"vpc-0a1b2c3d"}


def test_the_group_of_its_endpoints_lets_airflow_in(found: dict[str, Any]) -> None:
    [rule] = [
        one
        for one in properties(found["dev-network"], "AWS::EC2::SecurityGroupIngress")
        if one["GroupId"] == "sg-00000001"
    ]
    assert (rule["FromPort"], rule["ToPort"]) == (443, 443)
    assert "AirflowSecurityGroup" in text(rule["SourceSecurityGroupId"])


def test_the_group_of_an_instance_elsewhere_lets_in_the_ranges_of_this_network(
    found: dict[str, Any],
) -> None:
    [rule] = properties(found["dev-database-lake"], "AWS::EC2::SecurityGroupIngress")
    assert (rule["GroupId"], rule["CidrIp"], rule["FromPort"], rule["ToPort"]) == (
        "sg-0a1b2c3d",
        "10.0.0.0/16",
        5433,
        5433,
    )
    assert not of_type(found["dev-database-pond"], "AWS::EC2::SecurityGroupIngress")


@pytest.mark.parametrize("name", ["lake", "pond"])
def test_the_users_function_gets_out_to_the_ranges_of_an_instance_elsewhere(
    name: str, found: dict[str, Any]
) -> None:
    group = the(found[f"dev-database-{name}"], "AWS::EC2::SecurityGroup")["Properties"]
    [rule] = group["SecurityGroupEgress"]
    assert (rule["CidrIp"], rule["FromPort"], rule["ToPort"]) == (ELSEWHERE[0], 5433, 5433)


def test_it_is_not_looked_up(outdir: Path) -> None:
    assert "missing" not in json.loads((outdir / "manifest.json").read_text())


def test_the_matrix_says_from_where_an_instance_elsewhere_is_reached(
    access: Access, file: Path
) -> None:
    rows = matrix(access, declared(load(file), environment="dev")).rows
    ways = {
        one.server: one.network for one in rows if (one.identity, one.level) == ("airflow", "read")
    }
    assert [way.partition(", by")[0] for way in ways["lake"]] == ["its network (10.0.0.0/16)"]
    administering = {one.server: one.network for one in rows if one.level == "administer"}
    assert administering["pond"] == ["its network, if that of pond lets it in"]
    assert not [one for one in rows if one.disagreements]


def test_the_ranges_of_this_network_may_reach_an_instance_elsewhere_alone(file: Path) -> None:
    expected = declared(load(file), environment="dev")
    assert expected.reached_from == {"lake": ("10.0.0.0/16",), "pond": ("10.0.0.0/16",)}
    assert expected.ranges == ()


def test_no_guardrail_finds_anything(outdir: Path, file: Path) -> None:
    assert guardrail_errors(outdir, file) == []


def test_what_cannot_be_seen_of_it_is_named_with_the_commands_that_show_it(access: Access) -> None:
    gaps = {one.what: one.commands for one in horizon(access)}
    [how] = [commands for what, commands in gaps.items() if "network vpc-0a1b2c3d" in what]
    assert how[0] == "aws ec2 describe-route-tables --filters Name=vpc-id,Values=vpc-0a1b2c3d"
    assert [one for one in gaps if one.startswith("Whether lake is reached")]
    assert not [one for one in gaps if one.startswith("Whether dev-warehouse is reached")]
