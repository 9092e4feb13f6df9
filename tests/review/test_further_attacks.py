"""Attacks on what runs with a grant, on whoever stands between, and on copies of the data.

Each is one change of the templates; the review names it as in `test_attacks`.
"""

import json
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from tests.review.test_attacks import (
    ACCESS,
    ACCOUNT,
    AIRFLOW,
    DATABASE,
    IAM,
    LAMBDA,
    NETWORK,
    STRANGER,
    add,
    allow,
    document,
    said,
    those,
    trust,
)

Templates = dict[str, dict[str, Any]]


def function(t: Templates) -> tuple[str, dict[str, Any]]:
    """The logical id and the properties of what makes the users."""
    [(name, own)] = [
        (name, own)
        for _, name, own in those(t, "AWS::Lambda::Function")
        if own.get("Handler") == "database_users.handler.handle"
    ]
    return name, own


def airflow(t: Templates) -> dict[str, Any]:
    [(_, _, own)] = those(t, "AWS::MWAA::Environment")
    return own


def role(t: Templates, *statements: dict[str, Any], stack: str = ACCESS, **more: Any) -> Any:
    """A new role; its ARN."""
    policies = [{"PolicyName": "Given", "PolicyDocument": document(*statements)}]
    made = add(
        t,
        stack,
        "AWS::IAM::Role",
        **{"AssumeRolePolicyDocument": LAMBDA, "Policies": policies, **more},
    )
    return {"Fn::GetAtt": [made["Ref"], "Arn"]}


def set_variable(name: str, value: str) -> Callable[[Templates], None]:
    def change(t: Templates) -> None:
        function(t)[1]["Environment"]["Variables"][name] = value

    return change


def set_property(name: str, value: Any) -> Callable[[Templates], None]:
    def change(t: Templates) -> None:
        function(t)[1][name] = value

    return change


def chain(t: Templates) -> None:
    """An intern may assume a role that may assume one that may write DAGs."""
    writer = role(
        t,
        allow("s3:PutObject"),
        RoleName="dag-writer",
        AssumeRolePolicyDocument=trust(AWS=f"{IAM}:role/middle"),
    )
    role(
        t,
        allow("sts:AssumeRole", writer),
        RoleName="middle",
        AssumeRolePolicyDocument=trust(AWS=f"{IAM}:role/intern"),
    )
    policy = document(allow("sts:AssumeRole", f"{IAM}:role/middle"))
    add(t, NETWORK, "AWS::IAM::ManagedPolicy", PolicyDocument=policy, Roles=["intern"])


def runner(t: Templates, kind: str, **properties: Any) -> None:
    """Something that runs with a role that may do all."""
    add(t, ACCESS, kind, **properties)


def target(t: Templates) -> dict[str, Any]:
    return {"Fn::GetAtt": [function(t)[0], "Arn"]}


QUEUE = f"arn:aws:sqs:eu-central-1:{ACCOUNT}:queue"
PASSING: dict[str, list[str]] = {
    "batch": ["batch:RegisterJobDefinition", "batch:SubmitJob"],
    "an automation": ["ssm:StartAutomationExecution"],
    "emr": ["elasticmapreduce:RunJobFlow"],
    "emr serverless": ["emr-serverless:StartJobRun"],
    "a training": ["sagemaker:CreateTrainingJob"],
    "a session of glue": ["glue:CreateSession", "glue:RunStatement"],
    "a service of ecs": ["ecs:RegisterTaskDefinition", "ecs:CreateService"],
    "an exchanged profile": ["ec2:ReplaceIamInstanceProfileAssociation"],
    "spot": ["ec2:RequestSpotInstances"],
    "a canary": ["synthetics:CreateCanary", "synthetics:StartCanary"],
    "app runner": ["apprunner:CreateService"],
    "a pod": ["eks:CreatePodIdentityAssociation"],
    "certificates": ["rolesanywhere:CreateTrustAnchor", "rolesanywhere:CreateProfile"],
    "who signs up": ["cognito-identity:SetIdentityPoolRoles"],
    "a pipe": ["pipes:CreatePipe"],
    "a code interpreter": [
        "bedrock-agentcore:CreateCodeInterpreter",
        "bedrock-agentcore:InvokeCodeInterpreter",
    ],
    "a stream's application": [
        "kinesisanalytics:CreateApplication",
        "kinesisanalytics:StartApplication",
    ],
}
COPYING: dict[str, list[str]] = {
    "a restore of AWS Backup": ["backup:StartRestoreJob", "iam:PassRole", "rds:ModifyDBInstance"],
    "a copy of AWS Backup": ["backup:StartCopyJob", "iam:PassRole"],
    "a shared vault": [
        "backup:StartBackupJob",
        "iam:PassRole",
        "backup:PutBackupVaultAccessPolicy",
    ],
    "blue and green": ["rds:CreateBlueGreenDeployment", "rds:ModifyDBInstance"],
    "an integration": ["rds:CreateIntegration"],
    "statements of Performance Insights": ["pi:DescribeDimensionKeys"],
    "a statement's text of Performance Insights": ["pi:GetDimensionKeyDetails"],
    "logs of the account to elsewhere": ["logs:PutAccountPolicy"],
    "logs linked to another account": ["oam:CreateLink", "logs:Link"],
}
# Of types, or with properties, that nothing here makes.
UNKNOWN: dict[str, tuple[str, dict[str, Any]]] = {
    "a migration's end": ("AWS::DMS::Endpoint", {"EndpointType": "source"}),
    "a task of a migration": ("AWS::DMS::ReplicationTask", {"SourceEndpointArn": "x"}),
    "an assignment of a permission set": ("AWS::SSO::Assignment", {"PrincipalId": "y"}),
    "a peered network": ("AWS::EC2::VPCPeeringConnection", {"VpcId": "x", "PeerVpcId": "y"}),
    "a transit gateway": ("AWS::EC2::TransitGatewayAttachment", {"VpcId": "x"}),
    "routes of a VPN": ("AWS::EC2::VPNGatewayRoutePropagation", {"RouteTableIds": []}),
    "a service before the server": ("AWS::EC2::VPCEndpointService", {}),
    "a target in the network": (
        "AWS::ElasticLoadBalancingV2::TargetGroup", {"Targets": [{"Id": "10.20.0.5"}]}
    ),
    "a resource for other networks": ("AWS::VpcLattice::ResourceConfiguration", {"Name": "x"}),
    "a share with another account": ("AWS::RAM::ResourceShare", {"Principals": [STRANGER]}),
    "a macro": ("AWS::CloudFormation::Macro", {"FunctionName": "x", "Name": "y"}),
    "a policy of the organisation": ("AWS::Organizations::Policy", {"Content": {}}),
    "a source of charts": ("AWS::QuickSight::DataSource", {"Type": "POSTGRESQL"}),
    "a copy into a bucket": ("AWS::DataSync::LocationS3", {"S3BucketArn": "arn:aws:s3:::x"}),
    "a bucket that copies to another": (
        "AWS::S3::Bucket", {"ReplicationConfiguration": {"Role": "x", "Rules": []}}
    ),
    "a machine with shop's profile": ("AWS::EC2::Instance", {"IamInstanceProfile": "shop"}),
    "machines with shop's profile": (
        "AWS::EC2::LaunchTemplate",
        {"LaunchTemplateData": {"IamInstanceProfile": {"Name": "shop"}}},
    ),
    "an API with shop's credentials": (
        "AWS::ApiGateway::Method", {"Integration": {"Credentials": f"{IAM}:role/shop"}}
    ),
}  # fmt: skip
OF_THE_SERVER: dict[str, Any] = {
    "AssociatedRoles": [{"RoleArn": f"{IAM}:role/any", "FeatureName": "s3Export"}],
    "AutomaticBackupReplicationRegion": "eu-west-1",
    "CACertificateIdentifier": "rds-ca-2019",
    "StorageEncrypted": False,
    "KmsKeyId": f"arn:aws:kms:eu-central-1:{STRANGER}:key/x",
}
OPTIONS: dict[str, str] = {
    "core.dags_folder": "/theirs", "core.plugins_folder": "s3://theirs", "core.executor": "theirs",
    "core.auth_manager": "theirs", "core.hostname_callable": "theirs", "core.fernet_key": "x",
    "celery.broker_url": "redis://elsewhere", "database.sql_alchemy_conn": "postgresql://elsewhere",
    "api.auth_backends": "airflow.api.auth.backend.default", "secrets.backends_order": "custom",
    "logging.remote_base_log_folder": "s3://elsewhere", "logging.logging_config_class": "theirs",
    "openlineage.transport": "{}", "webserver.expose_config": "True",
}  # fmt: skip
ARGUMENTS = ("endpoint_url", "region_name", "profile_name", "role_arn", "aws_access_key_id")
PARAMETERS = {
    "log_statement": "none", "log_connections": "0", "log_disconnections": "off",
    "shared_preload_libraries": "theirs", "rds.allowed_extensions": "*",
    "rds.restrict_password_commands": "0", "ssl_min_protocol_version": "TLSv1",
    "session_preload_libraries": "theirs", "row_security": "off",
}  # fmt: skip
OPENING: dict[str, dict[str, Any]] = {
    "upper case": {"IpProtocol": "TCP", "FromPort": 5432, "ToPort": 5432},
    "all of a word": {"IpProtocol": "all"},
    "ports as texts": {"IpProtocol": "tcp", "FromPort": "0", "ToPort": "65535"},
    "no ports": {"IpProtocol": "tcp"},
    "a protocol without ports": {"IpProtocol": "50"},
}
INCLUDED = {"Fn::Transform": {"Name": "AWS::Include", "Parameters": {"Location": "s3://x/y"}}}
MACROS: dict[str, Callable[[Templates], object]] = {
    "at the top": lambda t: t[ACCESS].update(INCLUDED),
    "of resources": lambda t: t[ACCESS]["Resources"].update(INCLUDED),
    "of mappings": lambda t: t[ACCESS].update(Mappings=INCLUDED),
    "of a condition": lambda t: t[ACCESS].setdefault("Conditions", {}).update(New=INCLUDED),
    "of an output": lambda t: t[ACCESS].setdefault("Outputs", {}).update(New={"Value": INCLUDED}),
    "for each": lambda t: t[ACCESS]["Resources"].update(
        {"Fn::ForEach::New": ["Name", ["A"], {"New${Name}": {"Type": "AWS::IAM::User"}}]}
    ),
    "of a type": lambda t: t[ACCESS]["Resources"].update(New={"Type": {"Ref": "Given"}}),
    "of nothing": lambda t: t[ACCESS]["Resources"].update(New={"Properties": {}}),
}


def change_arguments(name: str) -> Callable[[Templates], None]:
    def change(t: Templates) -> None:
        options = airflow(t)["AirflowConfigurationOptions"]
        arguments = json.loads(options["secrets.backend_kwargs"]) | {name: "theirs"}
        options["secrets.backend_kwargs"] = json.dumps(arguments)

    return change


def of_a_calling_function(name: str, properties: dict[str, Any]) -> Callable[[Templates], None]:
    def change(t: Templates) -> None:
        for _, _, own in those(t, "AWS::Lambda::Function"):
            if own["Handler"] == name:
                own.update(properties)

    return change


CHANGED: dict[str, dict[str, Any]] = {
    "code from elsewhere": {"Code": {"S3Bucket": "elsewhere", "S3Key": "x.zip"}},
    "code in the template": {"Code": {"ZipFile": "x"}, "Handler": "index.handle"},
    "another handler": {"Handler": "theirs.handle"},
    "a wrapper": {"Environment": {"Variables": {"AWS_LAMBDA_EXEC_WRAPPER": "/opt/x"}}},
}
ATTACKS: dict[str, Callable[[Templates], object]] = {
    **{
        what: lambda t, kind=kind, given=given: add(t, NETWORK, kind, **given)
        for what, (kind, given) in UNKNOWN.items()
    },
    **{
        f"the server has another {name}": lambda t, name=name, given=given: _server(t).update(
            {name: given}
        )
        for name, given in OF_THE_SERVER.items()
    },
    "an intern by two roles": chain,
    **{
        f"the option {name} of Airflow": lambda t, o={name: value}: airflow(t)[
            "AirflowConfigurationOptions"
        ].update(o)
        for name, value in OPTIONS.items()
    },
    **{f"the argument {name} of Airflow's backend": change_arguments(name) for name in ARGUMENTS},
    **{
        f"the parameter {name}": lambda t, p={name: value}: _parameters(t).update(p)
        for name, value in PARAMETERS.items()
    },
    **{
        f"the port by {how}": lambda t, rule=rule: add(
            t,
            DATABASE,
            "AWS::EC2::SecurityGroupIngress",
            GroupId=_group(t),
            CidrIp="198.51.100.0/24",
            **rule,
        )
        for how, rule in OPENING.items()
    },
    **{
        f"the port by a group that is {how}": lambda t, group=group: add(
            t,
            ACCESS,
            "AWS::EC2::SecurityGroupIngress",
            GroupId=group,
            IpProtocol="-1",
            CidrIp="198.51.100.0/24",
        )
        for how, group in {
            "imported": {"Fn::ImportValue": "x"},
            "a parameter": {"Ref": "Given"},
            "an id": "sg-0123456789abcdef0",
        }.items()
    },
    **{f"a macro {how}": change for how, change in MACROS.items()},
    **{
        f"{what} of {name}": of_a_calling_function(name, properties)
        for name in (
            "framework.onEvent",
            "drift_check.handler.handle",
            "bucket_files.handler.handle",
        )
        for what, properties in CHANGED.items()
    },
    **{
        f"pass the role of shop to {what}": lambda t, a=actions: role(
            t, allow("iam:PassRole", f"{IAM}:role/shop"), allow(a)
        )
        for what, actions in PASSING.items()
    },
    **{
        f"take the data by {what}": lambda t, a=actions: role(t, allow(a))
        for what, actions in COPYING.items()
    },
    "change the code of what writes DAGs": lambda t: role(
        t, allow("lambda:UpdateFunctionCode", {"Fn::GetAtt": [_files(t), "Arn"]}), stack=AIRFLOW
    ),
    "a queue calls the function": lambda t: runner(
        t, "AWS::Lambda::EventSourceMapping", FunctionName=target(t), EventSourceArn=QUEUE
    ),
    "an address calls the function": lambda t: runner(
        t, "AWS::Lambda::Url", TargetFunctionArn=target(t), AuthType="NONE"
    ),
    "a topic calls the function": lambda t: runner(
        t, "AWS::SNS::Subscription", Endpoint=target(t), Protocol="lambda", TopicArn="arn:aws:sns:x"
    ),
    "a rule calls the function": lambda t: runner(
        t, "AWS::Events::Rule", Targets=[{"Id": "x", "Arn": target(t)}]
    ),
    "a permission on a version": lambda t: runner(
        t,
        "AWS::Lambda::Permission",
        FunctionName=add(t, ACCESS, "AWS::Lambda::Alias", FunctionName=target(t), Name="live"),
        Action="lambda:InvokeFunction",
        Principal=STRANGER,
    ),
    "what the function answers goes elsewhere": lambda t: runner(
        t,
        "AWS::Lambda::EventInvokeConfig",
        FunctionName={"Ref": function(t)[0]},
        DestinationConfig={"OnSuccess": {"Destination": QUEUE}},
    ),
    "a layer of another account": set_property(
        "Layers", [f"arn:aws:lambda:eu-central-1:{STRANGER}:layer:x:1"]
    ),
    "a file system of others": set_property(
        "FileSystemConfigs", [{"Arn": "arn:aws:elasticfilesystem:x", "LocalMountPath": "/mnt/x"}]
    ),
    "code from another bucket": set_property("Code", {"S3Bucket": "elsewhere", "S3Key": "x.zip"}),
    "code as an image": set_property("Code", {"ImageUri": f"{STRANGER}.dkr.ecr.x/y"}),
    "a wrapper of the function": set_variable("AWS_LAMBDA_EXEC_WRAPPER", "/opt/wrapper"),
    "a path of Python's": set_variable("PYTHONPATH", "/mnt/x"),
    "the function looks at another server": set_variable("DATABASE_HOST", "evil.example.com"),
    "a startup script of Airflow's elsewhere": lambda t: airflow(t).update(
        StartupScriptS3Path="other/startup.sh", StartupScriptS3ObjectVersion="x"
    ),
    "plugins of Airflow's": lambda t: airflow(t).update(PluginsS3Path="plugins.zip"),
    "Airflow's connections from elsewhere": lambda t: airflow(t)[
        "AirflowConfigurationOptions"
    ].update({"secrets.backend": "acme.Backend"}),
    "a schedule of another's calls the function": lambda t: runner(
        t,
        "AWS::Scheduler::Schedule",
        Target={"Arn": target(t), "RoleArn": f"{IAM}:role/intern", "Input": "{}"},
        ScheduleExpression="rate(1 hour)",
    ),
    "a database restored from a snapshot of others": lambda t: _server(t).update(
        DBSnapshotIdentifier=f"arn:aws:rds:eu-central-1:{STRANGER}:snapshot:x"
    ),
    "backups copied elsewhere": lambda t: runner(
        t,
        "AWS::Backup::BackupPlan",
        BackupPlan={
            "BackupPlanRule": [
                {"CopyActions": [{"DestinationBackupVaultArn": f"arn:aws:backup:x:{STRANGER}:y"}]}
            ]
        },
    ),
    "a vault open to another account": lambda t: runner(
        t,
        "AWS::Backup::BackupVault",
        BackupVaultName="x",
        AccessPolicy=document(allow("backup:*", Principal={"AWS": STRANGER})),
    ),
    "a proxy before the server": lambda t: add(
        t,
        DATABASE,
        "AWS::RDS::DBProxyTargetGroup",
        DBProxyName="x",
        DBInstanceIdentifiers=[{"Ref": _named_server(t)}],
        TargetGroupName="default",
    ),
    "an integration of the server's": lambda t: add(
        t,
        DATABASE,
        "AWS::RDS::Integration",
        SourceArn={"Fn::GetAtt": [_named_server(t), "DBInstanceArn"]},
        TargetArn="arn:aws:redshift:x",
    ),
}


def _server(t: Templates) -> dict[str, Any]:
    [(_, _, own)] = those(t, "AWS::RDS::DBInstance")
    return own


def _parameters(t: Templates) -> dict[str, Any]:
    [(_, _, own)] = those(t, "AWS::RDS::DBParameterGroup")
    return own["Parameters"]


def _group(t: Templates) -> Any:
    [(_, _, first), *_] = [
        one for one in those(t, "AWS::EC2::SecurityGroupIngress") if one[0] == DATABASE
    ]
    return first["GroupId"]


def _named_server(t: Templates) -> str:
    [(_, name, _)] = those(t, "AWS::RDS::DBInstance")
    return name


def _files(t: Templates) -> str:
    return next(
        name
        for stack, name, _ in those(t, "AWS::Lambda::Function")
        if stack == AIRFLOW and name.startswith("AirflowFilesFunction")
    )


@pytest.fixture(scope="module")
def before(dev_templates_as_written: Templates) -> set[str]:
    return said(dev_templates_as_written)


@pytest.mark.slow
@pytest.mark.parametrize("attack", ATTACKS)
def test_the_attack_is_named(
    attack: str, dev_templates_as_written: Templates, before: set[str]
) -> None:
    templates = deepcopy(dev_templates_as_written)
    ATTACKS[attack](templates)
    assert said(templates) - before


# How somebody asks, or when, is anybody's choice.
NOT_WHO: dict[str, dict[str, dict[str, Any]]] = {
    "TLS": {"Bool": {"aws:SecureTransport": "true"}},
    "a region": {"StringEquals": {"aws:RequestedRegion": "eu-central-1"}},
    "a day": {"DateGreaterThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}},
    "a name of its own choice": {"StringEquals": {"sts:RoleSessionName": "airflow"}},
    "a header": {"StringEquals": {"aws:UserAgent": "x"}},
    # What says who, and not of which account.
    "an address, any": {"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}},
    "an address, any by halves": {"IpAddress": {"aws:SourceIp": ["0.0.0.0/1", "128.0.0.0/1"]}},
    "an address": {"IpAddress": {"aws:SourceIp": "203.0.113.7/32"}},
    "an address in a network": {"IpAddress": {"aws:VpcSourceIp": "10.0.0.0/8"}},
    "a network": {"StringEquals": {"aws:SourceVpc": "vpc-0123456789abcdef0"}},
    "an endpoint": {"StringEquals": {"aws:SourceVpce": "vpce-0123456789abcdef0"}},
    "a tag": {"StringEquals": {"aws:PrincipalTag/team": "data"}},
    "a name": {"StringEquals": {"aws:username": "shop"}},
    "an external id": {"StringEquals": {"sts:ExternalId": "x"}},
    "a context of a key": {"StringEquals": {"kms:EncryptionContext:aws:rds:arn": f"{IAM}:x"}},
    "a claim": {"StringEquals": {"id.example.com:sub": "shop"}},
    "keys in capitals": {"STRINGLIKE": {"AWS:PRINCIPALACCOUNT": "*"}},
}


@pytest.mark.first(3)
@pytest.mark.parametrize("condition", NOT_WHO)
@pytest.mark.parametrize("kind", ["AWS::IAM::Role", "AWS::S3::BucketPolicy"])
def test_everybody_is_named_under_a_condition_that_does_not_say_who(
    condition: str, kind: str, dev_templates: Templates, before: set[str]
) -> None:
    element = "AssumeRolePolicyDocument" if kind.endswith("Role") else "PolicyDocument"
    action = "sts:AssumeRole" if kind.endswith("Role") else "s3:GetObject"
    for _, _, own in those(dev_templates, kind):
        statement = {"Effect": "Allow", "Action": action, "Principal": "*"}
        own[element]["Statement"].append({**statement, "Condition": NOT_WHO[condition]})
    assert [one for one in said(dev_templates) - before if "everybody" in one]


@pytest.mark.parametrize("named", ["arn:aws:s3:::elsewhere", f"arn:aws:sns:::{STRANGER}:x", "*"])
def test_a_service_that_acts_for_what_is_not_made_here_is_named(
    named: str, dev_templates: Templates, before: set[str]
) -> None:
    service = {"Service": "s3.amazonaws.com"}
    [first, *_] = [own for _, _, own in those(dev_templates, "AWS::S3::BucketPolicy")]
    condition = {"ArnLike": {"aws:SourceArn": named}}
    first["PolicyDocument"]["Statement"].append(
        allow("s3:PutObject", Principal=service, Condition=condition)
    )
    assert [one for one in said(dev_templates) - before if "for any account" in one]


STRANGERS_POLICY = document(allow("*", Principal={"AWS": STRANGER}))
# One of each place where CloudFormation's types have a policy: a property of any name, as an object
# or as text, a property of a property, a statement alone.
HELD: dict[str, dict[str, Any]] = {
    "AWS::KMS::ReplicaKey": {"KeyPolicy": STRANGERS_POLICY},
    "AWS::SQS::QueueInlinePolicy": {"PolicyDocument": STRANGERS_POLICY},
    "AWS::Events::EventBus": {"Policy": STRANGERS_POLICY},
    "AWS::Events::EventBusPolicy": {"Statement": STRANGERS_POLICY["Statement"][0]},
    "AWS::ECR::Repository": {"RepositoryPolicyText": STRANGERS_POLICY},
    "AWS::EFS::FileSystem": {"FileSystemPolicy": STRANGERS_POLICY},
    "AWS::DynamoDB::Table": {"ResourcePolicy": {"PolicyDocument": STRANGERS_POLICY}},
    "AWS::Logs::Destination": {"DestinationPolicy": json.dumps(STRANGERS_POLICY)},
    "AWS::Logs::LogGroup": {"ResourcePolicyDocument": STRANGERS_POLICY},
    "AWS::VpcLattice::ResourcePolicy": {"Policy": {"Ref": "Given"}},
    "AWS::S3::MultiRegionAccessPointPolicy": {"Policy": {"Fn::If": ["A", STRANGERS_POLICY, ""]}},
}


@pytest.mark.first(3)
@pytest.mark.parametrize("kind", HELD)
def test_a_policy_is_found_in_whatever_holds_it(
    kind: str, dev_templates: Templates, before: set[str]
) -> None:
    add(dev_templates, ACCESS, kind, **HELD[kind])
    assert [one for one in said(dev_templates) - before if "lets in" in one]
