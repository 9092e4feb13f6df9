"""Each rule on the templates of dev, as they are and with one property changed."""

import json
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App, Environment
from aws_cdk.assertions import Template

from airflow_rds_iam.declaration.delivery import Delivery
from airflow_rds_iam.declaration.model import Declaration
from airflow_rds_iam.declaration.tags import LOOKED_UP_BY
from review.declared import Declared, OwnRule, declared
from review.guardrails.rules import RULES, Broken, broken, name, title
from review.guardrails.subject import Subject
from review.matrix.build import matrix
from review.nag.acknowledgments import Acknowledgment
from review.templates.access import Access
from review.templates.assembly import Assembly, of_templates, read
from stacks.delivery import DeliveryStack
from tests.application import templates as read_templates
from tests.declared import REMOVED, dev

Templates = dict[str, dict[str, Any]]
TODAY = date(2026, 11, 25)
DEV = declared(Declaration.model_validate(dev()), environment="dev")
DATABASE, ACCESS, AIRFLOW = "dev-database-warehouse", "dev-access", "dev-airflow"
ALARM = "AWS::CloudWatch::Alarm"
TOPIC = "arn:aws:sns:eu-central-1:111122223333:alarms"


def subject(templates: Templates, given: Declared = DEV, today: date = TODAY) -> Subject:
    access = Access(of_templates(templates), given.arns_by_role)
    return Subject(access, given, matrix(access, given), today)


def found(templates: Templates, given: Declared = DEV, today: date = TODAY) -> list[Broken]:
    return list(broken(subject(templates, given, today)))


def the(templates: Templates, stack: str, kind: str, **having: Any) -> dict[str, Any]:
    """The properties of the one resource of a type, or of the first one that has these."""
    return next(
        one["Properties"]
        for one in templates[stack]["Resources"].values()
        if one["Type"] == kind and having.items() <= one["Properties"].items()
    )


def added(templates: Templates, stack: str, kind: str, **properties: Any) -> None:
    templates[stack]["Resources"]["Added"] = {"Type": kind, "Properties": properties}


def statements(templates: Templates, user: str) -> list[dict[str, Any]]:
    """The statements of the policy that lets somebody log in as ``user``."""
    [found] = [
        document["Statement"]
        for template in templates.values()
        for one in template["Resources"].values()
        for document in [one.get("Properties", {}).get("PolicyDocument", {})]
        if f"/{user}'" in str(document)
    ]
    return found


def execution_role(templates: Templates) -> dict[str, Any]:
    [role] = [
        one["Properties"]
        for one in templates[AIRFLOW]["Resources"].values()
        if one["Type"] == "AWS::IAM::Role"
        and "airflow.amazonaws.com" in str(one["Properties"]["AssumeRolePolicyDocument"])
    ]
    return role


def allow(action: Any, resource: Any, **rest: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **rest}


def document(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


Attack = Callable[[Templates], object]
CHANGES: list[tuple[str, str, Attack, str]] = []


def breaks(rule: str, says: str) -> Callable[[Attack], Attack]:
    def note(function: Attack) -> Attack:
        CHANGES.append((rule, function.__name__, function, says))
        return function

    return note


@breaks("connect-to-one-user", "its Resource * does not name one user")
def any_user(templates: Templates) -> None:
    statements(templates, "airflow_orders_read")[0]["Resource"] = "*"


@breaks("connect-to-one-user", "its Resource arn:aws:rds-db:eu-central-1:111122223333:dbuser:*/")
def any_server(templates: Templates) -> None:
    arn = "arn:aws:rds-db:eu-central-1:111122223333:dbuser:*/airflow_orders_read"
    statements(templates, "airflow_orders_read")[0]["Resource"] = arn


@breaks("connect-to-one-user", "its Action rds-db:* holds a wildcard")
def any_action(templates: Templates) -> None:
    statements(templates, "airflow_orders_read")[0]["Action"] = "rds-db:*"


@breaks("connect-to-one-user", "its NotAction")
def every_other_action(templates: Templates) -> None:
    statements(templates, "shop_orders_own").append(
        {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}
    )


@breaks("connect-to-one-user", "its NotResource")
def every_other_user(templates: Templates) -> None:
    statement = statements(templates, "airflow_orders_read")[0]
    statement["NotResource"] = statement.pop("Resource")


@breaks("connect-to-one-user", "does not name one user of one server")
def policy_variable(templates: Templates) -> None:
    arn = "arn:aws:rds-db:eu-central-1:111122223333:dbuser:*/${aws:username}"
    statements(templates, "airflow_orders_read")[0]["Resource"] = arn


@breaks("connect-to-one-user", "cannot be relied on")
def condition(templates: Templates) -> None:
    narrowing = {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}
    statements(templates, "airflow_orders_read")[0]["Condition"] = narrowing


@breaks("as-declared", "a user that nobody declared and nothing makes")
def unknown_user(templates: Templates) -> None:
    first = statements(templates, "airflow_orders_read")
    first.append(allow("rds-db:connect", other_user(first[0]["Resource"], "rdsadmin")))


def other_user(resource: dict[str, Any], user: str) -> dict[str, Any]:
    separator, parts = resource["Fn::Join"]
    return {"Fn::Join": [separator, [*parts[:-1], f"/{user}"]]}


@breaks("as-declared", "may own payroll as shop_payroll_own, and nobody declared it")
def another_identity(templates: Templates) -> None:
    first = statements(templates, "airflow_orders_read")
    first.append(allow("rds-db:connect", other_user(first[0]["Resource"], "shop_payroll_own")))


@breaks("as-declared", "and so administer the whole of dev-warehouse")
def administrator(templates: Templates) -> None:
    first = statements(templates, "shop_orders_own")
    first.append(allow("rds-db:connect", other_user(first[0]["Resource"], "administrator")))


@breaks("as-declared", "is made, and no policy lets anybody log in as it")
def user_of_nobody(templates: Templates) -> None:
    kind = "Custom::DatabaseUsers"
    the(templates, ACCESS, kind)["Databases"][0]["Read"].append("ghost_orders_read")


@breaks("no-policy-editor-connects", "airflow may log in to a database and may")
def editor(templates: Templates) -> None:
    statements(templates, "airflow_orders_read").append(allow("iam:PutRolePolicy", "*"))


@breaks("no-policy-editor-connects", "iam:CreatePolicyVersion")
def editor_of_one_policy(templates: Templates) -> None:
    policy = "arn:aws:iam::111122223333:policy/shop"
    statements(templates, "shop_orders_own").append(allow("iam:CreatePolicyVersion", policy))


@breaks("trust-has-a-condition", "airflow.amazonaws.com for any account")
def no_source_account(templates: Templates) -> None:
    del execution_role(templates)["AssumeRolePolicyDocument"]["Statement"][0]["Condition"]


@breaks("trust-has-a-condition", "airflow.amazonaws.com for any account")
def a_condition_that_holds_without_its_key(templates: Templates) -> None:
    statement = execution_role(templates)["AssumeRolePolicyDocument"]["Statement"][0]
    statement["Condition"] = {"StringEqualsIfExists": {"aws:SourceAccount": "111122223333"}}


@breaks("trust-has-a-condition", "everybody, without a condition")
def trust_of_everybody(templates: Templates) -> None:
    execution_role(templates)["AssumeRolePolicyDocument"]["Statement"].append(
        {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "*"}}
    )


@breaks("trust-has-a-condition", "444455556666 of another account")
def trust_of_another_account(templates: Templates) -> None:
    execution_role(templates)["AssumeRolePolicyDocument"]["Statement"].append(
        {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "444455556666"}}
    )


@breaks("trust-has-a-condition", "everybody but")
def trust_of_all_but_one(templates: Templates) -> None:
    execution_role(templates)["AssumeRolePolicyDocument"]["Statement"].append(
        {"Effect": "Allow", "Action": "sts:AssumeRole", "NotPrincipal": {"AWS": "444455556666"}}
    )


@breaks("resources-keep-to-themselves", "lets in everybody")
def open_bucket(templates: Templates) -> None:
    bucket = next(
        one["Properties"]["Bucket"]
        for one in templates[AIRFLOW]["Resources"].values()
        if one["Type"] == "AWS::S3::BucketPolicy"
    )
    put = allow("s3:PutObject", "arn:aws:s3:::x/*", Principal="*")
    added(templates, AIRFLOW, "AWS::S3::BucketPolicy", Bucket=bucket, PolicyDocument=document(put))


@breaks("resources-keep-to-themselves", "lets in 444455556666")
def open_function(templates: Templates) -> None:
    added(
        templates, ACCESS, "AWS::Lambda::Permission", FunctionName="users",
        Principal="444455556666", Action="lambda:UpdateFunctionCode",
    )  # fmt: skip


@breaks("airflow-reads-its-own", "of arn:aws:secretsmanager:eu-central-1:111122223333:secret:*")
def every_secret(templates: Templates) -> None:
    arn = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:*"
    [lookup] = [
        statement
        for one in templates["dev-access"]["Resources"].values()
        for statement in one["Properties"].get("PolicyDocument", {}).get("Statement", [])
        if statement["Action"] == "secretsmanager:GetSecretValue"
    ]
    lookup["Resource"] = arn


def by_tag(templates: Templates, arn: str, environment: str) -> None:
    """Airflow looks its connections up as with ``policies: packed``."""
    every_secret(templates)
    for one in templates["dev-access"]["Resources"].values():
        for statement in one["Properties"].get("PolicyDocument", {}).get("Statement", []):
            if statement["Action"] == "secretsmanager:GetSecretValue":
                statement["Resource"] = arn
                key = f"aws:ResourceTag/{LOOKED_UP_BY}"
                statement["Condition"] = {"StringEquals": {key: environment}}


SECRETS = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:"


def test_connections_that_are_known_by_their_tag_are_airflows_own(dev_templates: Templates) -> None:
    by_tag(dev_templates, f"{SECRETS}airflow/dev/connections/*", "dev")
    assert found(dev_templates) == []


@breaks("airflow-reads-its-own", "of arn:aws:secretsmanager:eu-central-1:111122223333:secret:*")
def tagged_of_any_name(templates: Templates) -> None:
    by_tag(templates, f"{SECRETS}*", "dev")


@breaks("airflow-reads-its-own", f"of {SECRETS}airflow/dev/connections/*")
def tagged_by_another_environment(templates: Templates) -> None:
    by_tag(templates, f"{SECRETS}airflow/dev/connections/*", "prod")


@breaks("airflow-reads-its-own", f"of {SECRETS}airflow/dev/connections/*")
def another_secret_of_that_tag(templates: Templates) -> None:
    by_tag(templates, f"{SECRETS}airflow/dev/connections/*", "dev")
    tags = [{"Key": LOOKED_UP_BY, "Value": "dev"}]
    added(templates, ACCESS, "AWS::SecretsManager::Secret", Name="other", Tags=tags)


@breaks("airflow-reads-its-own", "ssm:GetParameter of *")
def every_parameter(templates: Templates) -> None:
    statements(templates, "airflow_orders_read").append(allow("ssm:Get*", "*"))


def connection(templates: Templates, **changes: Any) -> None:
    """Change what Airflow is told of one of its connections."""
    secret = the(templates, ACCESS, "AWS::SecretsManager::Secret")
    [separator, parts] = secret["SecretString"]["Fn::Join"]
    text = "\0".join(part if isinstance(part, str) else json.dumps(part) for part in parts)
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    secret["SecretString"] = {
        "Fn::Join": [
            separator,
            [json.loads(one) if one.startswith('{"Fn::') else one for one in text.split("\0")],
        ]
    }


@breaks("connections-sign-tokens", "warehouse_orders has password, which no connection needs")
def a_password_in_a_connection(templates: Templates) -> None:
    connection(templates, **{'"login":': '"password":"x","login":'})


@breaks("connections-sign-tokens", "signs no token: iam is not true")
def a_connection_without_tokens(templates: Templates) -> None:
    connection(templates, **{'"iam":true': '"iam":false'})


@breaks("connections-sign-tokens", "does not verify its server")
def a_connection_that_believes_any_server(templates: Templates) -> None:
    connection(templates, **{"verify-full": "require"})


@breaks("connections-sign-tokens", "airflow_orders_read's token to evil.example.com, which is not")
def a_connection_to_another_server(templates: Templates) -> None:
    secret = the(templates, ACCESS, "AWS::SecretsManager::Secret")
    [_, parts] = secret["SecretString"]["Fn::Join"]
    before = next(index for index, part in enumerate(parts) if str(part).endswith('"host":"'))
    parts[before + 1] = "evil.example.com"


@breaks("encrypted-here", "stores data unencrypted")
def plain_storage(templates: Templates) -> None:
    the(templates, DATABASE, "AWS::RDS::DBInstance")["StorageEncrypted"] = False


@breaks("encrypted-here", "with a key of another account, arn:aws:kms:eu-central-1:444455556666:")
def a_key_of_others(templates: Templates) -> None:
    key = "arn:aws:kms:eu-central-1:444455556666:key/x"
    the(templates, DATABASE, "AWS::RDS::DBInstance")["PerformanceInsightsKMSKeyId"] = key


@breaks("nothing-else", "Added is an AWS::EC2::VPCPeeringConnection, which the review cannot read")
def a_resource_of_another_kind(templates: Templates) -> None:
    added(templates, "dev-network", "AWS::EC2::VPCPeeringConnection", VpcId="x", PeerVpcId="y")


@breaks("nothing-else", "has AssociatedRoles, which the review cannot read")
def a_property_of_another_kind(templates: Templates) -> None:
    server = the(templates, DATABASE, "AWS::RDS::DBInstance")
    server["AssociatedRoles"] = [{"RoleArn": "x", "FeatureName": "s3Export"}]


@breaks("private-port", "is open to the internet")
def open_port(templates: Templates) -> None:
    group = the(templates, DATABASE, "AWS::EC2::SecurityGroupIngress")["GroupId"]
    added(
        templates, DATABASE, "AWS::EC2::SecurityGroupIngress", GroupId=group,
        IpProtocol="-1", CidrIp="0.0.0.0/0",
    )  # fmt: skip


@breaks("private-port", "is open to 10.9.0.0/16, which is not declared")
def open_range(templates: Templates) -> None:
    rule = {"IpProtocol": "tcp", "FromPort": 0, "ToPort": 65535, "CidrIp": "10.9.0.0/16"}
    the(templates, DATABASE, "AWS::EC2::SecurityGroup")["SecurityGroupIngress"] = [rule]


@breaks("private-port", "has a public address")
def public(templates: Templates) -> None:
    the(templates, DATABASE, "AWS::RDS::DBInstance")["PubliclyAccessible"] = True


@breaks("iam-authentication", "takes no IAM authentication")
def no_tokens(templates: Templates) -> None:
    the(templates, DATABASE, "AWS::RDS::DBInstance")["EnableIAMDatabaseAuthentication"] = False


@breaks("no-password", "has a password: MasterUserPassword")
def password(templates: Templates) -> None:
    the(templates, DATABASE, "AWS::RDS::DBInstance")["MasterUserPassword"] = "x"


@breaks("no-password", "does not log in by a token alone")
def master_by_password(templates: Templates) -> None:
    del the(templates, DATABASE, "AWS::RDS::DBInstance")["MasterUserAuthenticationType"]


@breaks("tls", "takes sessions without TLS")
def no_tls(templates: Templates) -> None:
    the(templates, DATABASE, "AWS::RDS::DBParameterGroup")["Parameters"]["rds.force_ssl"] = "0"


@breaks("log-exports", "does not export its logs: iam-db-auth-error")
def no_log(templates: Templates) -> None:
    the(templates, DATABASE, "AWS::RDS::DBInstance")["EnableCloudwatchLogsExports"] = ["postgresql"]


GITHUB = "token.actions.githubusercontent.com"
SUB = f"{GITHUB}:sub"


@cache
def delivered() -> str:
    """The template of a stack that lets pipelines deploy, as JSON."""
    app = App()
    delivery = Delivery.model_validate(
        {"github": {"repository": "octo-org@1/octo-repo@2", "diff_on_pull_requests": True}}
    )
    env = Environment(account="111122223333", region="eu-central-1")
    stack = DeliveryStack(app, "dev-delivery", environment="dev", delivery=delivery, env=env)
    return json.dumps(Template.from_stack(stack).to_json())


def trusts(templates: Templates, role: str) -> dict[str, Any]:
    """The one statement of a role's trust."""
    [properties] = [
        one["Properties"]
        for name, one in templates["dev-delivery"]["Resources"].items()
        if one["Type"] == "AWS::IAM::Role" and name.startswith(role)
    ]
    return properties["AssumeRolePolicyDocument"]["Statement"][0]


def with_delivery(templates: Templates) -> Templates:
    templates["dev-delivery"] = json.loads(delivered())
    return templates


@breaks("pipelines-are-named-exactly", f"{GITHUB}, whose `sub` statement 1 does not name")
def any_branch(templates: Templates) -> None:
    condition = trusts(with_delivery(templates), "GitHubDeploys")["Condition"]
    condition["StringLike"] = {SUB: "repo:octo-org@1/octo-repo@2:*"}
    del condition["StringEquals"][SUB]


@breaks("pipelines-are-named-exactly", "whose `sub` statement 1")
def any_repository(templates: Templates) -> None:
    del trusts(with_delivery(templates), "GitHubReads")["Condition"]["StringEquals"][SUB]


@breaks("pipelines-are-named-exactly", "whose `sub` statement 1")
def no_subject_at_all_will_do(templates: Templates) -> None:
    condition = trusts(with_delivery(templates), "GitHubDeploys")["Condition"]
    condition["StringEqualsIfExists"] = condition.pop("StringEquals")


@breaks("pipelines-are-named-exactly", "whose `aud` statement 1")
def any_audience(templates: Templates) -> None:
    condition = trusts(with_delivery(templates), "GitHubDeploys")["Condition"]
    del condition["StringEquals"][f"{GITHUB}:aud"]


@breaks("pipelines-are-named-exactly", "whose `sub` statement 1")
def a_subject_of_another_provider(templates: Templates) -> None:
    equal = trusts(with_delivery(templates), "GitHubDeploys")["Condition"]["StringEquals"]
    equal["gitlab.com:sub"] = equal.pop(SUB)


@breaks("pipelines-only-deploy", "deploys, and is trusted to pull requests")
def a_pull_request_deploys(templates: Templates) -> None:
    equal = trusts(with_delivery(templates), "GitHubDeploys")["Condition"]["StringEquals"]
    equal[SUB] = ["repo:octo-org@1/octo-repo@2:environment:dev", "repo:octo-org/it:pull_request"]


def powers(templates: Templates) -> list[dict[str, Any]]:
    """The statements of what the role that deploys may do."""
    [document] = [
        one["Properties"]["PolicyDocument"]
        for name, one in with_delivery(templates)["dev-delivery"]["Resources"].items()
        if one["Type"] == "AWS::IAM::ManagedPolicy" and name.startswith("GitHubDeploys")
    ]
    return document["Statement"]


@breaks("pipelines-only-deploy", "statement 2")
def a_pipeline_reads_secrets(templates: Templates) -> None:
    powers(templates).append(allow("secretsmanager:GetSecretValue", "*"))


@breaks("pipelines-only-deploy", "statement Bootstrap")
def a_pipeline_assumes_any_role(templates: Templates) -> None:
    powers(templates)[0]["Resource"] = "*"


@breaks("pipelines-only-deploy", "statement Bootstrap")
def a_pipeline_assumes_what_deploys_and_what_does_not(templates: Templates) -> None:
    powers(templates)[0]["Resource"].append("arn:aws:iam::111122223333:role/shop")


@pytest.mark.slow
def test_the_pipelines_of_delivery_break_no_rule(dev_templates: Templates) -> None:
    assert found(with_delivery(dev_templates)) == []


@breaks("alarms-tell-somebody", "nobody is told of StatementsOutstanding: declare alarms.topic_arn")
def no_topic(templates: Templates) -> None:
    del the(templates, ACCESS, ALARM, MetricName="StatementsOutstanding")["AlarmActions"]


@pytest.fixture
def dev_templates(dev_templates: Templates) -> Templates:
    """Those of dev with a topic: nobody is told of its alarms, which is acknowledged."""
    for one in dev_templates[ACCESS]["Resources"].values():
        if one["Type"] == ALARM:
            assert "AlarmActions" not in one["Properties"]
            one["Properties"]["AlarmActions"] = [TOPIC]
    return dev_templates


@breaks("templates-tell-all", "deploys a template that is not in the assembly")
def nested_elsewhere(templates: Templates) -> None:
    added(templates, ACCESS, "AWS::CloudFormation::Stack", TemplateURL="https://bucket/grant.json")


@breaks("templates-tell-all", "rewrites the template of dev-access")
def macro(templates: Templates) -> None:
    templates[ACCESS]["Transform"] = "Grant"


@breaks("templates-tell-all", "is made by something that is not in these templates")
def somebodys_custom_resource(templates: Templates) -> None:
    users = the(templates, ACCESS, "Custom::DatabaseUsers")
    users["ServiceToken"] = "arn:aws:lambda:eu-central-1:111122223333:function:another"


@breaks("trust-is-used", "is trusted to Service ec2.amazonaws.com, with which nothing here runs")
def another_service(templates: Templates) -> None:
    trust = execution_role(templates)["AssumeRolePolicyDocument"]["Statement"]
    trust.append({**trust[0], "Principal": {"Service": "ec2.amazonaws.com"}})


@breaks("trust-is-used", "is trusted for sts:TagSession")
def tagged_sessions(templates: Templates) -> None:
    statement = execution_role(templates)["AssumeRolePolicyDocument"]["Statement"][0]
    statement["Action"] = ["sts:AssumeRole", "sts:TagSession"]


def users_function(templates: Templates) -> dict[str, Any]:
    """What may log in as the master user."""
    return next(
        one["Properties"]
        for one in templates[ACCESS]["Resources"].values()
        if "DATABASE_HOST" in str(one.get("Properties")) and one["Type"] == "AWS::Lambda::Function"
    )


@breaks("code-is-delivered-here", "it has the layer arn:aws:lambda")
def somebodys_layer(templates: Templates) -> None:
    users_function(templates)["Layers"] = ["arn:aws:lambda:eu-central-1:444455556666:layer:x:1"]


@breaks("code-is-delivered-here", "its code is elsewhere")
def somebodys_code(templates: Templates) -> None:
    users_function(templates)["Code"]["S3Bucket"] = "elsewhere"


@breaks("code-is-delivered-here", "its variable PYTHONPATH loads or trusts")
def a_path_of_pythons(templates: Templates) -> None:
    users_function(templates)["Environment"]["Variables"]["PYTHONPATH"] = "/mnt/x"


@breaks("code-is-delivered-here", "a file system that others may write to")
def a_file_system(templates: Templates) -> None:
    users_function(templates)["FileSystemConfigs"] = [{"Arn": "x", "LocalMountPath": "/mnt/x"}]


@breaks("code-is-delivered-here", "takes plugins.zip in a version that is not delivered here (any)")
def somebodys_plugins(templates: Templates) -> None:
    the(templates, AIRFLOW, "AWS::MWAA::Environment")["PluginsS3Path"] = "plugins.zip"


@breaks("trust-is-used", "is trusted to Service ec2.amazonaws.com, with which nothing here runs")
def a_role_that_calls_what_logs_in(templates: Templates) -> None:
    for one in templates[ACCESS]["Resources"].values():
        if one["Type"] == "AWS::IAM::Role" and "scheduler" in str(one):
            trust = one["Properties"]["AssumeRolePolicyDocument"]["Statement"]
            trust.append({"Effect": "Allow", "Action": "sts:AssumeRole",
                          "Principal": {"Service": "ec2.amazonaws.com"}})  # fmt: skip


@breaks("private-port", "AWS::EC2::InstanceConnectEndpoint")
def a_door_beside_airflow(templates: Templates) -> None:
    network = the(templates, AIRFLOW, "AWS::MWAA::Environment")["NetworkConfiguration"]
    groups = network["SecurityGroupIds"]
    added(templates, AIRFLOW, "AWS::EC2::InstanceConnectEndpoint", SecurityGroupIds=groups)


@breaks("private-port", "AWS::EC2::Instance")
def a_machine_beside_the_function(templates: Templates) -> None:
    groups = users_function(templates)["VpcConfig"]["SecurityGroupIds"]
    added(templates, ACCESS, "AWS::EC2::Instance", SecurityGroupIds=groups)


@breaks("templates-tell-all", "has users whom the templates do not say")
def users_by_a_parameter(templates: Templates) -> None:
    the(templates, ACCESS, "Custom::DatabaseUsers")["Databases"] = {"Ref": "Given"}


@breaks("as-declared", "ghost is made, and no policy lets anybody log in")
def users_by_another_type(templates: Templates) -> None:
    users = deepcopy(the(templates, ACCESS, "Custom::DatabaseUsers"))
    users["Databases"][0] = {**users["Databases"][0], "Name": "more", "Own": ["ghost"]}
    added(templates, ACCESS, "AWS::CloudFormation::CustomResource", **users)


@breaks("as-declared", "ghost is made, and no policy lets anybody log in")
def users_in_a_list_alone(templates: Templates) -> None:
    database = the(templates, ACCESS, "Custom::DatabaseUsers")["Databases"][0]
    database["Read"].append("ghost")
    del database["Own"]


@breaks("code-is-delivered-here", "Airflow's code is taken from elsewhere")
def dags_of_another_bucket(templates: Templates) -> None:
    the(templates, AIRFLOW, "Custom::BucketFiles")["SourceBucket"] = "elsewhere"


@breaks("code-is-delivered-here", "its connections come from acme.Backend")
def somebodys_connections(templates: Templates) -> None:
    airflow = the(templates, AIRFLOW, "AWS::MWAA::Environment")
    airflow["AirflowConfigurationOptions"]["secrets.backend"] = "acme.Backend"


@breaks("templates-tell-all", "begins with the users of another server (DBSnapshotIdentifier)")
def somebodys_snapshot(templates: Templates) -> None:
    the(templates, DATABASE, "AWS::RDS::DBInstance")["DBSnapshotIdentifier"] = "before"


@breaks("resources-keep-to-themselves", "lets in 444455556666")
def a_vault_of_backups(templates: Templates) -> None:
    policy = document({**allow("backup:*", "*"), "Principal": {"AWS": "444455556666"}})
    added(templates, ACCESS, "AWS::Backup::BackupVault", BackupVaultName="x", AccessPolicy=policy)


@breaks("trust-has-a-condition", "airflow.amazonaws.com for any account")
def the_condition_of_another_account(templates: Templates) -> None:
    statement = execution_role(templates)["AssumeRolePolicyDocument"]["Statement"][0]
    statement["Condition"] = {"StringEquals": {"aws:SourceAccount": "444455556666"}}


@breaks("private-port", "which is not declared")
def bastion(templates: Templates) -> None:
    rule = {"IpProtocol": "-1", "SourceSecurityGroupId": "sg-0123456789abcdef0"}
    the(templates, DATABASE, "AWS::EC2::SecurityGroup")["SecurityGroupIngress"] = [rule]


@breaks("no-password", "takes the passwords of a directory")
def directory(templates: Templates) -> None:
    the(templates, DATABASE, "AWS::RDS::DBInstance")["Domain"] = "d-1234567890"


@breaks("page-as-declared", "is PUBLIC_ONLY, and is declared private")
def public_page(templates: Templates) -> None:
    the(templates, AIRFLOW, "AWS::MWAA::Environment")["WebserverAccessMode"] = "PUBLIC_ONLY"


@breaks("page-as-declared", "is PUBLIC_AND_PRIVATE, and is declared private")
def page_on_the_internet_too(templates: Templates) -> None:
    the(templates, AIRFLOW, "AWS::MWAA::Environment")["WebserverAccessMode"] = "PUBLIC_AND_PRIVATE"


@breaks("page-as-declared", "and is declared private")
def page_as_a_parameter_says(templates: Templates) -> None:
    templates[AIRFLOW].setdefault("Parameters", {})["Access"] = {"Type": "String"}
    page = the(templates, AIRFLOW, "AWS::MWAA::Environment")
    page["WebserverAccessMode"] = {"Ref": "Access"}


@breaks("code-is-delivered-here", "its connections come from its own database")
def no_backend(templates: Templates) -> None:
    airflow = the(templates, AIRFLOW, "AWS::MWAA::Environment")
    del airflow["AirflowConfigurationOptions"]["secrets.backend"]


@breaks("code-is-delivered-here", "its connections are looked up below others")
def other_connections(templates: Templates) -> None:
    airflow = the(templates, AIRFLOW, "AWS::MWAA::Environment")
    arguments = '{"connections_prefix": "others"}'
    airflow["AirflowConfigurationOptions"]["secrets.backend_kwargs"] = arguments


@breaks("code-is-delivered-here", "takes its DAGs from theirs, where none are delivered")
def another_folder(templates: Templates) -> None:
    the(templates, AIRFLOW, "AWS::MWAA::Environment")["DagS3Path"] = "theirs"


@breaks("code-is-delivered-here", "it begins with database_users.connection.open")
def another_handler(templates: Templates) -> None:
    users_function(templates)["Handler"] = "database_users.connection.open"


@breaks("code-is-delivered-here", "logs in as shop_orders_own, where administrator is the master")
def another_master(templates: Templates) -> None:
    users_function(templates)["Environment"]["Variables"]["MASTER_USER"] = "shop_orders_own"


def told_of(templates: Templates, kind: str = "Custom::DatabaseUsers") -> dict[str, Any]:
    """What a function is told of the database ``orders``."""
    return next(one for one in the(templates, ACCESS, kind)["Databases"] if one["Name"] == "orders")


@breaks("users-as-declared", "is told of the database billing, which nobody declared")
def another_database(templates: Templates) -> None:
    told_of(templates)["Name"] = "billing"


@breaks("users-as-declared", "takes orders_owner for the reader of orders")
def readers_own(templates: Templates) -> None:
    told_of(templates)["Reader"] = "orders_owner"


@breaks("users-as-declared", "hands what reports_owner owns to the owner of orders")
def handed_over(templates: Templates) -> None:
    told_of(templates)["OldOwners"] = ["reports_owner"]


@breaks("users-as-declared", "lets analyst_orders_read of orders stay")
def kept_for_ever(templates: Templates) -> None:
    told_of(templates)["Retiring"] = ["analyst_orders_read"]


@breaks("users-as-declared", "gives users of orders 5000 connections, which are 50")
def all_connections(templates: Templates) -> None:
    told_of(templates)["ConnectionLimit"] = "5000"


@breaks("users-as-declared", "takes the users with the prefix other for its own")
def users_of_others(templates: Templates) -> None:
    the(templates, ACCESS, "Custom::DatabaseUsers")["Prefix"] = "other"


def check_function(templates: Templates) -> dict[str, Any]:
    """The variables of what calls the check."""
    for one in templates[ACCESS]["Resources"].values():
        if one.get("Properties", {}).get("Handler") == "drift_check.handler.handle":
            return one["Properties"]["Environment"]["Variables"]
    raise LookupError("no check")


@breaks("users-as-declared", "about what Elsewhere of ")
def check_of_something_else(templates: Templates) -> None:
    check_function(templates)["RESOURCE"] = "Elsewhere"


@breaks(
    "users-as-declared", "the check asks arn:aws:lambda:eu-central-1:111122223333:function:mine"
)
def check_by_something_else(templates: Templates) -> None:
    arn = "arn:aws:lambda:eu-central-1:111122223333:function:mine"
    check_function(templates)["FUNCTION"] = arn


@breaks("users-as-declared", "which is not what the users are made of")
def check_of_another_stack(templates: Templates) -> None:
    check_function(templates)["STACK"] = "another"


@breaks("users-as-declared", "to remove the users that are declared no more")
def no_end(templates: Templates) -> None:
    resources = templates[ACCESS]["Resources"]
    [name] = [name for name, one in resources.items() if "Retired" in one["Type"]]
    del resources[name]


@breaks("users-as-declared", "to remove the users that are declared no more")
def end_of_another(templates: Templates) -> None:
    the(templates, ACCESS, "Custom::RetiredDatabaseUsers")["Handover"] = "nobody"


@breaks("statements-are-logged", "log_statement is none")
def no_statements(templates: Templates) -> None:
    the(templates, DATABASE, "AWS::RDS::DBParameterGroup")["Parameters"]["log_statement"] = "none"


@breaks("statements-are-logged", "log_connections is not set")
def no_sessions(templates: Templates) -> None:
    del the(templates, DATABASE, "AWS::RDS::DBParameterGroup")["Parameters"]["log_connections"]


@breaks("nothing-else", "has shared_preload_libraries, which the review cannot read")
def another_parameter(templates: Templates) -> None:
    parameters = the(templates, DATABASE, "AWS::RDS::DBParameterGroup")["Parameters"]
    parameters["shared_preload_libraries"] = "theirs"


@breaks("encrypted-here", "is encrypted with a key of another account")
def log_for_others(templates: Templates) -> None:
    key = "arn:aws:kms:eu-central-1:444455556666:key/x"
    next(
        one for one in templates[DATABASE]["Resources"].values()
        if one["Type"] == "AWS::Logs::LogGroup"
    )["Properties"]["KmsKeyId"] = key  # fmt: skip


@breaks("connections-sign-tokens", "its content is none that can be read")
def connection_as_an_address(templates: Templates) -> None:
    secret = the(templates, ACCESS, "AWS::SecretsManager::Secret")
    secret["SecretString"] = "postgres://airflow@elsewhere.example.com/orders"


@breaks("trust-is-used", "its sessions may last 43200 seconds, which nobody declared")
def sessions_of_half_a_day(templates: Templates) -> None:
    execution_role(templates)["MaxSessionDuration"] = 43200


@breaks("private-port", "is open to the internet, which is not declared")
def airflow_on_the_internet(templates: Templates) -> None:
    [(name, _)] = [
        (name, one) for name, one in templates["dev-network"]["Resources"].items()
        if one["Type"] == "AWS::EC2::SecurityGroup" and "Airflow" in name
    ]  # fmt: skip
    templates["dev-network"]["Resources"]["Open"] = {
        "Type": "AWS::EC2::SecurityGroupIngress",
        "Properties": {
            "GroupId": {"Fn::GetAtt": [name, "GroupId"]}, "IpProtocol": "tcp", "FromPort": 443,
            "ToPort": 443, "CidrIpv6": "::/0",
        },
    }  # fmt: skip


def open_by(templates: Templates, group: Any, **rule: Any) -> None:
    templates[ACCESS]["Resources"]["Open"] = {
        "Type": "AWS::EC2::SecurityGroupIngress",
        "Properties": {"GroupId": group, "IpProtocol": "-1", "CidrIp": "0.0.0.0/0", **rule},
    }


@breaks("private-port", "the port of dev-warehouse is open to the internet")
def by_the_id_that_it_has_once_deployed(templates: Templates) -> None:
    open_by(templates, "sg-0123456789abcdef0")


@breaks("private-port", "the port of dev-warehouse is open to the internet")
def by_a_parameter(templates: Templates) -> None:
    open_by(templates, {"Ref": "Group"})


@breaks("code-is-delivered-here", "is on a path to a grant, and its code is elsewhere")
def code_of_the_check(templates: Templates) -> None:
    [one] = [
        one["Properties"] for one in templates[ACCESS]["Resources"].values()
        if one.get("Properties", {}).get("Handler") == "drift_check.handler.handle"
    ]  # fmt: skip
    one["Code"] = {"S3Bucket": "elsewhere", "S3Key": "x.zip"}


@breaks("code-is-delivered-here", "its code is not known")
def code_of_a_choice(templates: Templates) -> None:
    function = users_function(templates)
    function["Code"] = {"Fn::If": ["Given", function["Code"], {"Ref": "AWS::NoValue"}]}


@breaks("as-declared", "and so administer the whole of dev-warehouse")
def variables_by_a_parameter(templates: Templates) -> None:
    users_function(templates)["Environment"] = {"Ref": "Given"}


@breaks("code-is-delivered-here", "its option core.executor is theirs, which nobody declared")
def another_executor(templates: Templates) -> None:
    airflow = the(templates, AIRFLOW, "AWS::MWAA::Environment")
    airflow["AirflowConfigurationOptions"]["core.executor"] = "theirs"


@breaks("code-is-delivered-here", "are asked for with endpoint_url: https://elsewhere.example.com")
def another_secrets_manager(templates: Templates) -> None:
    options = the(templates, AIRFLOW, "AWS::MWAA::Environment")["AirflowConfigurationOptions"]
    arguments = json.loads(options["secrets.backend_kwargs"])
    arguments["endpoint_url"] = "https://elsewhere.example.com"
    options["secrets.backend_kwargs"] = json.dumps(arguments)


@breaks("templates-tell-all", "a macro writes a part of the template of dev-access")
def include_in_mappings(templates: Templates) -> None:
    location = {"Location": "s3://elsewhere/mappings.json"}
    included = {"Name": "AWS::Include", "Parameters": location}
    templates[ACCESS]["Mappings"] = {"Fn::Transform": included}


@breaks("templates-tell-all", "a macro writes a part of dev-access/Fn::ForEach::Role")
def role_for_each(templates: Templates) -> None:
    role: dict[str, Any] = {"Role${Name}": {"Type": "AWS::IAM::Role", "Properties": {}}}
    templates[ACCESS]["Resources"]["Fn::ForEach::Role"] = ["Name", ["A", "B"], role]


@breaks("no-password-is-read", "remove `bootstrap` from the declaration once it is deployed")
def bootstrap(templates: Templates) -> None:
    templates[ACCESS]["Resources"]["Added"] = {
        "Type": "Custom::DatabaseAdministrator",
        "Properties": {"InstanceResourceId": "db-LAKE"},
        "Metadata": {"MasterSecret": {"Secret": "arn:aws:secretsmanager:::secret:x", "Key": ""}},
    }


def test_the_dev_environment_breaks_no_rule(dev_templates: Templates) -> None:
    assert found(dev_templates) == []


@pytest.mark.parametrize("what", ["a function", "the files of Airflow"])
def test_what_is_published_by_something_else_is_no_code_of_ours(
    dev_assembly: Path, what: str
) -> None:
    as_published = read(dev_assembly)
    templates = read_templates(dev_assembly)
    if what == "a function":
        users_function(templates)["Code"]["S3Key"] = "theirs.zip"
    else:
        the(templates, AIRFLOW, "Custom::BucketFiles")["SourceKey"] = "theirs.zip"

    def said(assembly: Assembly) -> list[str]:
        access = Access(assembly, DEV.arns_by_role)
        subject = Subject(access, DEV, matrix(access, DEV), TODAY)
        return [one.violation.message for one in broken(subject) if "something else" in
                one.violation.message]  # fmt: skip

    assert said(as_published) == []
    [message] = said(replace(of_templates(templates), files=as_published.files))
    assert "theirs.zip, which is published by something else" in message


@pytest.mark.slow
def test_an_environment_of_any_account_breaks_no_rule(
    synthesized: Callable[[dict[str, Any]], Path],
) -> None:
    """Its account and region, which the buckets of assets are named by, are known at deploy."""
    content = dev({"account": REMOVED, "region": REMOVED, "alarms": {"topic_arn": TOPIC}})
    given = declared(Declaration.model_validate(content), environment="dev")
    assert found(read_templates(synthesized(content)), given) == []


@pytest.mark.parametrize(
    ("rule", "attack", "says"),
    [pytest.param(rule, function, says, id=f"{rule}-{by}") for rule, by, function, says in CHANGES],
)
def test_one_changed_property_breaks_its_rule(
    dev_templates: Templates, rule: str, attack: Attack, says: str
) -> None:
    attack(dev_templates)
    [module] = [one for one in RULES if name(one) == rule]
    said = [one.message for one in module.violations(subject(dev_templates))]
    assert [one for one in said if says in one], said


def test_every_rule_is_tried_and_has_a_title() -> None:
    of_the_declaration = {"until", "acknowledgment-until", "own-rules"}
    tried = {rule for rule, *_ in CHANGES}
    assert {name(rule) for rule in RULES} == tried | of_the_declaration
    assert all(len(title(rule).split()) > 4 for rule in RULES)


def test_every_rule_is_documented() -> None:
    documented = (Path(__file__).parents[3] / "docs/security.md").read_text()
    missing = [
        name(rule) for rule in RULES if f"| `{name(rule)}` | {title(rule)} |" not in documented
    ]
    assert missing == []


def test_a_range_that_is_declared_may_reach_the_port(dev_templates: Templates) -> None:
    open_range(dev_templates)
    assert found(dev_templates, replace(DEV, ranges=("10.0.0.0/8",))) == []


def with_terms(**terms: Any) -> Declared:
    return replace(DEV, grants=(replace(DEV.grants[0], **terms), *DEV.grants[1:]))


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (-1, [("error", "which has passed")]),
        (0, [("warning", "today")]),
        (14, [("warning", "14 days from now")]),
        (15, []),
    ],
)
def test_a_grant_ends_on_its_day_and_warns_two_weeks_ahead(
    dev_templates: Templates, days: int, expected: list[tuple[str, str]]
) -> None:
    given = with_terms(until=TODAY + timedelta(days=days))
    said = [one.violation for one in found(dev_templates, given) if one.rule == "until"]
    assert [(one.level, one.message.rpartition(", ")[2]) for one in said] == expected


@pytest.mark.parametrize(
    ("until", "expected"),
    [
        (TODAY - timedelta(days=1), [("error", "which has passed")]),
        (TODAY + timedelta(days=14), [("warning", "14 days from now")]),
        (TODAY + timedelta(days=15), []),
        (None, []),
    ],
)
def test_an_acknowledgment_ends_on_its_day_and_warns_two_weeks_ahead(
    dev_templates: Templates, until: date | None, expected: list[tuple[str, str]]
) -> None:
    one = Acknowledgment(
        path="dev-access", finding="Pack-A1", reason="Right.", owner="data team", until=until
    )
    access = Access(of_templates(dev_templates), DEV.arns_by_role)
    said = list(broken(Subject(access, DEV, matrix(access, DEV), TODAY, [one])))
    assert [
        (each.violation.level, each.violation.message.rpartition(", ")[2]) for each in said
    ] == expected
    assert all("(data team)" in each.violation.message for each in said)


OWN = "may own orders"


@pytest.mark.parametrize(
    ("rule", "terms", "broken_by"),
    [
        (OwnRule(name="no human may write", kinds=["human"], levels=["write", "own"]),
         {"kind": "human"}, 1),
        (OwnRule(name="no human may write", kinds=["human"], levels=["write", "own"]),
         {"kind": "program"}, 0),
        (OwnRule(name="no human may write", kinds=["human"], levels=["read"]),
         {"kind": "human"}, 0),
        (OwnRule(name="own needs an expiry", levels=["own"], needs=["until"]), {}, 3),
        (OwnRule(name="own needs an expiry", levels=["own"], needs=["until"]),
         {"until": date(2027, 11, 25)}, 2),
        (OwnRule(name="secret data needs a ticket", classes=["secret"], needs=["because"]),
         {"data_class": "secret"}, 1),
        (OwnRule(name="secret data needs a ticket", classes=["secret"], needs=["because"]),
         {"data_class": "secret", "because": "DATA-7"}, 0),
        (OwnRule(name="only shop owns", levels=["own"], but=["shop"]), {}, 0),
    ],
)  # fmt: skip
def test_a_rule_of_the_teams_own_holds(
    dev_templates: Templates, rule: OwnRule, terms: dict[str, Any], broken_by: int
) -> None:
    assert (DEV.grants[1].level, DEV.grants[1].identity) == ("own", "shop")
    grants = (DEV.grants[0], replace(DEV.grants[1], **terms), *DEV.grants[2:])
    said = found(dev_templates, replace(DEV, grants=grants, rules=[rule]))
    assert [one.rule for one in said] == ["own-rules"] * broken_by
    assert all(one.violation.message.startswith(f"{rule.name}: shop may own") for one in said)
