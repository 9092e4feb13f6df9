"""A change that replaces nothing leaves what CloudFormation named its name."""

from typing import Any

import pytest

from tests.emulator.conftest import Stacks, allow, get, resource, role

pytestmark = pytest.mark.slow

ALARM = {
    "Namespace": "it",
    "MetricName": "it",
    "ComparisonOperator": "GreaterThanThreshold",
    "EvaluationPeriods": 1,
    "Period": 60,
    "Statistic": "Sum",
}
OPEN = {"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, "CidrIp": "10.0.0.0/16"}
FUNCTION = {"Handler": "index.handle", "Role": get("Role", "Arn"), "Runtime": "python3.13"}


def document(action: str) -> dict[str, Any]:
    """A policy."""
    return allow(action, "*")["PolicyDocument"]


CHANGES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "CloudWatch::Alarm": ({**ALARM, "Threshold": 1}, {**ALARM, "Threshold": 2}),
    "CloudWatch::Dashboard": ({"DashboardBody": "{}"}, {"DashboardBody": '{"widgets": []}'}),
    "EC2::SecurityGroup": (
        {"GroupDescription": "it", "SecurityGroupIngress": []},
        {"GroupDescription": "it", "SecurityGroupIngress": [OPEN]},
    ),
    "EC2::VPC": (
        {"CidrBlock": "10.0.0.0/16", "EnableDnsHostnames": False},
        {"CidrBlock": "10.0.0.0/16", "EnableDnsHostnames": True},
    ),
    "IAM::ManagedPolicy": (
        {"PolicyDocument": document("s3:GetObject")},
        {"PolicyDocument": document("s3:PutObject")},
    ),
    "IAM::Role": (
        role()["Properties"],
        role(allow("s3:GetObject", "*"))["Properties"],
    ),
    "KMS::Key": ({"Description": "one"}, {"Description": "other"}),
    "Lambda::Function": (
        {**FUNCTION, "Code": {"ZipFile": "one = 1"}},
        {**FUNCTION, "Code": {"ZipFile": "other = 2"}},
    ),
    "Logs::LogGroup": ({"RetentionInDays": 1}, {"RetentionInDays": 3}),
    "Logs::QueryDefinition": (
        {"Name": "it", "QueryString": "fields @message"},
        {"Name": "it", "QueryString": "fields @timestamp"},
    ),
    "RDS::DBParameterGroup": (
        {"Family": "postgres17", "Description": "it", "Parameters": {"log_statement": "all"}},
        {"Family": "postgres17", "Description": "it", "Parameters": {"log_statement": "ddl"}},
    ),
    "RDS::DBClusterParameterGroup": (
        {
            "Family": "aurora-postgresql17",
            "Description": "it",
            "Parameters": {"log_statement": "all"},
        },
        {
            "Family": "aurora-postgresql17",
            "Description": "it",
            "Parameters": {"log_statement": "ddl"},
        },
    ),
    "S3::Bucket": ({}, {"VersioningConfiguration": {"Status": "Enabled"}}),
    "SNS::Topic": ({"DisplayName": "one"}, {"DisplayName": "other"}),
    "SecretsManager::Secret": ({"SecretString": "one"}, {"SecretString": "other"}),
}


def named(stacks: Stacks, which: int) -> dict[str, str]:
    """What each kind's resource is called, once its properties are the first or the others."""
    kinds = {kind.replace("::", ""): kind for kind in CHANGES}
    made = {name: resource(kind, **CHANGES[kind][which]) for name, kind in kinds.items()}
    made["Role"] = role(Service="lambda.amazonaws.com")
    stacks.deploy("in-place", made)
    found = stacks.client.describe_stack_resources(StackName="in-place")["StackResources"]
    names = {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in found}
    return {kind: names[name] for name, kind in kinds.items()}


@pytest.fixture(scope="module")
def both(stacks: Stacks) -> tuple[dict[str, str], dict[str, str]]:
    return named(stacks, 0), named(stacks, 1)


@pytest.mark.parametrize("kind", CHANGES)
def test_a_resource_keeps_its_name(both: tuple[dict[str, str], dict[str, str]], kind: str) -> None:
    before, after = both
    assert after[kind] == before[kind]
