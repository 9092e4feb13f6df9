from collections.abc import Callable, Mapping
from typing import Any

import pytest
from aws_cdk import Stack

from airflow_rds_iam.declaration.existing_network import INTERFACES
from airflow_rds_iam.network.new_network import NewNetwork
from tests.templates import Content, of_type, properties, synthesized, text, the

ZONES = ["eu-central-1a", "eu-central-1b", "eu-central-1c"]


@pytest.fixture(scope="module")
def templates(new_stack: Callable[[], Stack]) -> Mapping[str, Content]:
    made: dict[str, Content] = {}
    for egress in ("nat", "endpoints"):
        stack = new_stack()
        NewNetwork(stack, "Network", cidr="10.0.0.0/16", zones=ZONES, egress=egress)
        made[egress] = synthesized(stack)
    return made


@pytest.fixture(params=["nat", "endpoints"])
def template(request: pytest.FixtureRequest, templates: Mapping[str, Content]) -> Content:
    return templates[request.param]


def tag(subnet: dict[str, Any], key: str) -> str:
    return {one["Key"]: one["Value"] for one in subnet["Tags"]}[key]


def test_each_zone_has_a_private_subnet_of_an_eighth_of_the_range(template: Content) -> None:
    subnets = [
        subnet
        for subnet in properties(template, "AWS::EC2::Subnet")
        if tag(subnet, "aws-cdk:subnet-name") == "Private"
    ]
    assert [subnet["AvailabilityZone"] for subnet in subnets] == ZONES
    assert {subnet["CidrBlock"].partition("/")[2] for subnet in subnets} == {"19"}


def test_no_subnet_gives_its_machines_a_public_address(template: Content) -> None:
    assert not any(
        subnet["MapPublicIpOnLaunch"] for subnet in properties(template, "AWS::EC2::Subnet")
    )


def test_with_nat_each_zone_has_its_own_gateway(templates: Mapping[str, Content]) -> None:
    assert len(of_type(templates["nat"], "AWS::EC2::NatGateway")) == len(ZONES)
    routes = [
        text(route["NatGatewayId"])
        for route in properties(templates["nat"], "AWS::EC2::Route")
        if "NatGatewayId" in route
    ]
    assert len(set(routes)) == len(ZONES)


def test_with_nat_there_is_no_interface_endpoint(templates: Mapping[str, Content]) -> None:
    types = [
        one["VpcEndpointType"] for one in properties(templates["nat"], "AWS::EC2::VPCEndpoint")
    ]
    assert types == ["Gateway"]


def test_with_endpoints_there_is_no_way_to_the_internet(templates: Mapping[str, Content]) -> None:
    types = {resource["Type"] for resource in templates["endpoints"]["Resources"].values()}
    assert not types & {
        "AWS::EC2::EIP",
        "AWS::EC2::InternetGateway",
        "AWS::EC2::NatGateway",
        "AWS::EC2::Route",
    }


def test_with_endpoints_there_is_one_for_each_service_that_airflow_calls(
    templates: Mapping[str, Content],
) -> None:
    interfaces = [
        one
        for one in properties(templates["endpoints"], "AWS::EC2::VPCEndpoint")
        if one["VpcEndpointType"] == "Interface"
    ]
    assert {one["ServiceName"] for one in interfaces} == {
        f"com.amazonaws.eu-central-1.{service}" for service in INTERFACES
    }
    assert {
        "airflow.api", "airflow.env", "airflow.ops", "ecr.api", "ecr.dkr", "kms", "logs",
        "monitoring", "secretsmanager", "sqs",
    } == set(INTERFACES)  # fmt: skip
    assert all(one["PrivateDnsEnabled"] for one in interfaces)
    assert all(len(one["SubnetIds"]) == len(ZONES) for one in interfaces)


def test_endpoints_take_https_from_airflow_alone(templates: Mapping[str, Content]) -> None:
    template = templates["endpoints"]
    [group] = [
        logical_id
        for logical_id, one in of_type(template, "AWS::EC2::SecurityGroup").items()
        if one["Properties"]["GroupDescription"] == "VPC endpoints"
    ]
    assert "SecurityGroupIngress" not in template["Resources"][group]["Properties"]
    [rule] = [
        rule
        for rule in properties(template, "AWS::EC2::SecurityGroupIngress")
        if rule["GroupId"] == {"Fn::GetAtt": [group, "GroupId"]}
    ]
    assert (rule["IpProtocol"], rule["FromPort"], rule["ToPort"]) == ("tcp", 443, 443)
    assert "AirflowSecurityGroup" in text(rule["SourceSecurityGroupId"])
    for one in properties(template, "AWS::EC2::VPCEndpoint"):
        if one["VpcEndpointType"] == "Interface":
            assert one["SecurityGroupIds"] == [{"Fn::GetAtt": [group, "GroupId"]}]


def test_airflow_takes_connections_from_itself_alone(template: Content) -> None:
    [airflow] = [
        logical_id
        for logical_id, one in of_type(template, "AWS::EC2::SecurityGroup").items()
        if one["Properties"]["GroupDescription"] == "Airflow"
    ]
    itself = {"Fn::GetAtt": [airflow, "GroupId"]}
    assert "SecurityGroupIngress" not in template["Resources"][airflow]["Properties"]
    [rule] = [
        rule
        for rule in properties(template, "AWS::EC2::SecurityGroupIngress")
        if rule["GroupId"] == itself
    ]
    assert rule["SourceSecurityGroupId"] == itself


def test_nothing_takes_connections_from_an_address(template: Content) -> None:
    rules = properties(template, "AWS::EC2::SecurityGroupIngress")
    for group in properties(template, "AWS::EC2::SecurityGroup"):
        rules += group.get("SecurityGroupIngress", [])
    assert rules
    assert not [rule for rule in rules if "CidrIp" in rule or "CidrIpv6" in rule]


def test_the_default_security_group_lets_nothing_pass(template: Content) -> None:
    default = the(template, "Custom::VpcRestrictDefaultSG")["Properties"]
    assert "DefaultSecurityGroup" in text(default["DefaultSecurityGroupId"])


def test_every_flow_is_logged_and_kept_for_three_months(template: Content) -> None:
    flow_log = the(template, "AWS::EC2::FlowLog")["Properties"]
    assert (flow_log["TrafficType"], flow_log["ResourceType"]) == ("ALL", "VPC")
    [group] = of_type(template, "AWS::Logs::LogGroup")
    assert flow_log["LogGroupName"] == {"Ref": group}
    assert template["Resources"][group]["Properties"]["RetentionInDays"] == 90


@pytest.mark.parametrize(
    ("cidr", "zones", "mask"),
    [("10.0.0.0/16", 2, "18"), ("10.0.0.0/16", 3, "19"), ("10.0.0.0/24", 2, "26")],
)
def test_private_subnets_share_half_of_the_range(
    cidr: str, zones: int, mask: str, new_stack: Callable[[], Stack]
) -> None:
    stack = new_stack()
    NewNetwork(stack, "Network", cidr=cidr, zones=ZONES[:zones], egress="nat")
    masks = {
        tag(subnet, "aws-cdk:subnet-name"): subnet["CidrBlock"].partition("/")[2]
        for subnet in properties(synthesized(stack), "AWS::EC2::Subnet")
    }
    assert masks == {"Private": mask, "Public": "28"}
