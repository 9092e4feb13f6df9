from collections.abc import Callable
from typing import Any

import pytest
from aws_cdk import Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam

from airflow_rds_iam.servers.postgres_instance import PostgresInstance
from tests.templates import (
    Content,
    keys_and_values,
    of_type,
    properties,
    statements,
    synthesized,
    text,
    the,
)

DATABASE = "AWS::RDS::DBInstance"


def made(stack: Stack, **options: Any) -> PostgresInstance:
    vpc = ec2.Vpc(stack, "Vpc", nat_gateways=0, restrict_default_security_group=False)
    return PostgresInstance(
        stack,
        "Postgres",
        identifier="dev-warehouse",
        vpc=vpc,
        subnets=vpc.public_subnets,
        **options,
    )


@pytest.fixture(scope="module")
def template(new_stack: Callable[[], Stack]) -> Content:
    stack = new_stack()
    made(stack)
    return synthesized(stack)


@pytest.fixture(scope="module")
def disposable(new_stack: Callable[[], Stack]) -> Content:
    """An instance of which nothing is to stay."""
    stack = new_stack()
    made(stack, retain=False, deletion_protection=False, multi_az=False, engine_version="16.9")
    return synthesized(stack)


def test_the_master_user_logs_in_with_a_token(template: Content) -> None:
    instance = the(template, DATABASE)["Properties"]
    assert instance["MasterUsername"] == "administrator"
    assert instance["MasterUserAuthenticationType"] == "iam-db-auth"
    assert instance["EnableIAMDatabaseAuthentication"] is True


def test_no_password_exists(template: Content) -> None:
    assert not [key for key, _ in keys_and_values(template) if "password" in key.lower()]
    assert not of_type(template, "AWS::SecretsManager::Secret")


def test_a_session_without_tls_is_refused(template: Content) -> None:
    parameters = the(template, "AWS::RDS::DBParameterGroup")
    assert parameters["Properties"]["Parameters"]["rds.force_ssl"] == "1"
    [name] = of_type(template, "AWS::RDS::DBParameterGroup")
    assert the(template, DATABASE)["Properties"]["DBParameterGroupName"] == {"Ref": name}


def test_who_connects_and_each_statement_is_logged_without_the_values(template: Content) -> None:
    parameters = the(template, "AWS::RDS::DBParameterGroup")["Properties"]["Parameters"]
    assert {name: value for name, value in parameters.items() if name.startswith("log_")} == {
        "log_connections": "1",
        "log_disconnections": "1",
        "log_statement": "all",
        "log_parameter_max_length": "0",
        "log_parameter_max_length_on_error": "0",
    }


@pytest.mark.parametrize(("version", "family"), [("17", "postgres17"), ("16.9", "postgres16")])
def test_the_parameters_are_of_the_major_version(
    version: str, family: str, template: Content, disposable: Content
) -> None:
    of_version = {"17": template, "16.9": disposable}[version]
    assert the(of_version, DATABASE)["Properties"]["EngineVersion"] == version
    assert the(of_version, "AWS::RDS::DBParameterGroup")["Properties"]["Family"] == family


def test_from_18_on_who_connects_is_logged_by_a_list_of_stages(
    new_stack: Callable[[], Stack],
) -> None:
    stack = new_stack()
    made(stack, engine_version="18")
    group = the(synthesized(stack), "AWS::RDS::DBParameterGroup")["Properties"]
    assert group["Family"] == "postgres18"
    stages = "receipt,authentication,authorization"
    assert group["Parameters"]["log_connections"] == stages


@pytest.mark.parametrize("allowed", [False, True])
def test_a_major_upgrade_is_refused_until_it_is_allowed(
    allowed: bool, new_stack: Callable[[], Stack], template: Content
) -> None:
    if allowed:
        stack = new_stack()
        made(stack, allow_major_version_upgrade=True)
        template = synthesized(stack)
    assert the(template, DATABASE)["Properties"]["AllowMajorVersionUpgrade"] is allowed


def test_everything_stored_is_encrypted_with_a_key_that_rotates(template: Content) -> None:
    [key] = of_type(template, "AWS::KMS::Key")
    instance = the(template, DATABASE)["Properties"]
    assert instance["StorageEncrypted"] is True
    assert instance["KmsKeyId"] == instance["PerformanceInsightsKMSKeyId"]
    assert text(instance["KmsKeyId"]) == f"arn:aws:kms:eu-central-1:111122223333:key/<{key}>"
    assert the(template, "AWS::KMS::Key")["Properties"]["EnableKeyRotation"] is True
    for group in properties(template, "AWS::Logs::LogGroup"):
        assert group["KmsKeyId"] == {"Fn::GetAtt": [key, "Arn"]}


def test_the_key_serves_cloudwatch_for_the_logs_of_this_instance_alone(template: Content) -> None:
    policy = the(template, "AWS::KMS::Key")["Properties"]["KeyPolicy"]["Statement"]
    [statement] = [one for one in policy if "Service" in one["Principal"]]
    assert statement["Principal"]["Service"] == "logs.eu-central-1.amazonaws.com"
    [(_, pattern)] = statement["Condition"]["ArnLike"].items()
    assert text(pattern).endswith(
        ":logs:eu-central-1:111122223333:log-group:/aws/rds/instance/dev-warehouse/*"
    )


def test_the_log_groups_are_there_before_the_instance_with_key_and_retention(
    template: Content,
) -> None:
    groups = of_type(template, "AWS::Logs::LogGroup")
    assert {group["Properties"]["LogGroupName"] for group in groups.values()} == {
        f"/aws/rds/instance/dev-warehouse/{log}"
        for log in ("postgresql", "upgrade", "iam-db-auth-error")
    }
    assert {group["Properties"]["RetentionInDays"] for group in groups.values()} == {365}
    instance = the(template, DATABASE)
    assert set(groups) <= set(instance["DependsOn"])
    assert set(instance["Properties"]["EnableCloudwatchLogsExports"]) == {
        "postgresql",
        "upgrade",
        "iam-db-auth-error",
    }


def test_it_is_private(template: Content) -> None:
    assert the(template, DATABASE)["Properties"]["PubliclyAccessible"] is False


def test_its_security_group_lets_nothing_in_or_out_by_itself(template: Content) -> None:
    [group] = properties(template, "AWS::EC2::SecurityGroup")
    assert "SecurityGroupIngress" not in group
    assert {rule["CidrIp"] for rule in group["SecurityGroupEgress"]} == {"255.255.255.255/32"}
    assert not of_type(template, "AWS::EC2::SecurityGroupIngress")


def test_who_is_allowed_reaches_the_databases_port_and_no_other(
    new_stack: Callable[[], Stack],
) -> None:
    stack = new_stack()
    instance = made(stack)
    friend = ec2.SecurityGroup(
        stack,
        "Friend",
        vpc=ec2.Vpc.from_vpc_attributes(
            stack, "Its", vpc_id="vpc-1", availability_zones=["eu-central-1a"]
        ),
    )
    instance.connections.allow_default_port_from(friend, "a friend")
    rule = the(synthesized(stack), "AWS::EC2::SecurityGroupIngress")["Properties"]
    assert (rule["IpProtocol"], rule["FromPort"], rule["ToPort"]) == ("tcp", 5432, 5432)
    assert "Friend" in text(rule["SourceSecurityGroupId"])


def test_it_is_backed_up_watched_and_patched(template: Content) -> None:
    instance = the(template, DATABASE)["Properties"]
    assert instance["BackupRetentionPeriod"] == 7
    assert instance["EnablePerformanceInsights"] is True
    assert instance["MonitoringInterval"] == 60
    assert instance["AutoMinorVersionUpgrade"] is True
    assert instance["CopyTagsToSnapshot"] is True


def test_it_stays_by_default_with_key_logs_and_backups(template: Content) -> None:
    assert the(template, DATABASE)["Properties"]["DeletionProtection"] is True
    assert the(template, DATABASE)["Properties"]["DeleteAutomatedBackups"] is False
    for kind in (DATABASE, "AWS::KMS::Key", "AWS::Logs::LogGroup"):
        for resource in of_type(template, kind).values():
            # Not where the first creation fails: its names would be taken at the second try.
            assert resource["DeletionPolicy"] == "RetainExceptOnCreate"
            assert resource["UpdateReplacePolicy"] == "Retain"


def test_it_goes_where_that_is_declared(disposable: Content) -> None:
    instance = the(disposable, DATABASE)["Properties"]
    assert instance["DeletionProtection"] is False
    assert instance["DeleteAutomatedBackups"] is True
    assert instance["MultiAZ"] is False
    for kind in (DATABASE, "AWS::KMS::Key", "AWS::Logs::LogGroup"):
        for resource in of_type(disposable, kind).values():
            assert resource["DeletionPolicy"] == resource["UpdateReplacePolicy"] == "Delete"


@pytest.mark.parametrize("declared", [{}, {"resource_id": "db-RESTORED"}], ids=["made", "restored"])
def test_a_grantee_may_connect_as_one_user_on_this_instance_alone(
    declared: dict[str, str], new_stack: Callable[[], Stack]
) -> None:
    stack = new_stack()
    policy = iam.ManagedPolicy(stack, "Policy")
    made(stack, **declared).grant_connect(policy, user="shop_orders_own")
    template = synthesized(stack)
    [instance] = of_type(template, DATABASE)
    resource_id = declared.get("resource_id", f"<{instance}.DbiResourceId>")
    [statement] = statements(template)
    assert (statement["Effect"], statement["Action"]) == ("Allow", ["rds-db:connect"])
    [arn] = map(text, statement["Resource"])
    assert arn == (f"arn:aws:rds-db:eu-central-1:111122223333:dbuser:{resource_id}/shop_orders_own")
