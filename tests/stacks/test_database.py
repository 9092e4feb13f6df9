from collections.abc import Callable

import pytest
from aws_cdk import App, Environment

from airflow_rds_iam.audit.saved_queries import QUERIES
from airflow_rds_iam.declaration.instances import Instance
from airflow_rds_iam.declaration.network import Network
from stacks.database import DatabaseStack
from stacks.network import NetworkStack
from tests.templates import Content, of_type, properties, synthesized, text, the

ENV = Environment(account="111122223333", region="eu-central-1")
INSTANCE = {
    "engine_version": "18",
    "class": "db.r7g.large",
    "storage": {"gib": 50, "max_gib": 200},
    "multi_az": False,
    "backup_days": 21,
    "log_retention_days": 30,
    "deletion_protection": False,
    "retain": False,
    "databases": {"orders": {"own": ["shop"]}},
}


@pytest.fixture(scope="module")
def template(new_app: Callable[[], App]) -> Content:
    app = new_app()
    network = NetworkStack(app, "dev-network", network=Network(), env=ENV).network
    return synthesized(
        DatabaseStack(
            app,
            "dev-database-lake",
            identifier="dev-lake",
            instance=Instance.model_validate(INSTANCE),
            network=network,
            env=ENV,
        )
    )


def test_the_instance_is_as_declared(template: Content) -> None:
    resource = the(template, "AWS::RDS::DBInstance")
    instance = resource["Properties"]
    assert instance["DBInstanceIdentifier"] == "dev-lake"
    assert instance["EngineVersion"] == "18"
    assert instance["DBInstanceClass"] == "db.r7g.large"
    assert (instance["AllocatedStorage"], instance["MaxAllocatedStorage"]) == ("50", 200)
    assert instance["BackupRetentionPeriod"] == 21
    assert (instance["MultiAZ"], instance["DeletionProtection"]) == (False, False)
    assert resource["DeletionPolicy"] == "Delete"
    assert {one["RetentionInDays"] for one in properties(template, "AWS::Logs::LogGroup")} == {30}


def test_it_is_in_the_private_subnets(template: Content) -> None:
    subnets = the(template, "AWS::RDS::DBSubnetGroup")["Properties"]["SubnetIds"]
    assert len(subnets) == 2
    assert all("PrivateSubnet" in text(subnet) for subnet in subnets)


def test_airflow_and_the_users_function_reach_its_port_and_nothing_else_does(
    template: Content,
) -> None:
    rules = properties(template, "AWS::EC2::SecurityGroupIngress")
    assert {(one["IpProtocol"], one["FromPort"], one["ToPort"]) for one in rules} == {
        ("tcp", 5432, 5432)
    }
    users, airflow = sorted(text(one["SourceSecurityGroupId"]) for one in rules)
    assert "AirflowSecurityGroup" in airflow
    assert "UsersSecurityGroup" in users
    for group in properties(template, "AWS::EC2::SecurityGroup"):
        assert "SecurityGroupIngress" not in group


def test_the_users_function_gets_out_to_its_port_alone(template: Content) -> None:
    [(name, group)] = [
        (name, one["Properties"])
        for name, one in of_type(template, "AWS::EC2::SecurityGroup").items()
        if "Users" in name
    ]
    # CDK's way to say none: a group without a rule would be open.
    assert {one["CidrIp"] for one in group.get("SecurityGroupEgress", [])} <= {"255.255.255.255/32"}
    out = the(template, "AWS::EC2::SecurityGroupEgress")["Properties"]
    assert out["GroupId"] == {"Fn::GetAtt": [name, "GroupId"]}
    [database] = the(template, "AWS::RDS::DBInstance")["Properties"]["VPCSecurityGroups"]
    assert out["DestinationSecurityGroupId"] == database
    assert (out["IpProtocol"], out["FromPort"], out["ToPort"]) == ("tcp", 5432, 5432)


def test_its_log_has_saved_queries(template: Content) -> None:
    found = properties(template, "AWS::Logs::QueryDefinition")
    assert {one["Name"] for one in found} == {f"dev-lake/{name}" for name in QUERIES}
    groups = {name for one in found for name in one["LogGroupNames"]}
    assert groups == {"/aws/rds/instance/dev-lake/postgresql"}
    assert all(len(one["QueryString"]) <= 10_000 for one in found)
