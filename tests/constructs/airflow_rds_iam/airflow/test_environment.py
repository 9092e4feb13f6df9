import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk.assertions import Annotations, Match

from airflow_rds_iam.airflow.environment import AirflowEnvironment
from airflow_rds_iam.certificates import RDS_CERTIFICATES
from tests.conftest import ROOT
from tests.existing import OWN_KEY
from tests.templates import Content, of_type, properties, statements, synthesized, text, the

ENVIRONMENT = "AWS::MWAA::Environment"
COMPONENTS = ("DAGProcessing", "Scheduler", "Task", "WebServer", "Worker")

DRIVER = re.compile(r"(asn1crypto|dateutil|pg8000|python_dateutil|scramp|six)[-./]")


def made(stack: Stack, *, dags: Path = ROOT / "dags", **options: Any) -> AirflowEnvironment:
    vpc = ec2.Vpc(stack, "Vpc", nat_gateways=0, restrict_default_security_group=False)
    return AirflowEnvironment(
        stack,
        "Airflow",
        name="dev",
        subnets=vpc.public_subnets,
        security_group=ec2.SecurityGroup(stack, "Group", vpc=vpc),
        dags=dags,
        **options,
    )


@pytest.fixture(scope="module")
def stack(new_stack: Callable[[], Stack]) -> Stack:
    stack = new_stack()
    made(stack, configuration={"core.parallelism": "64"})
    return stack


@pytest.fixture(scope="module")
def template(stack: Stack) -> Content:
    return synthesized(stack)


@pytest.fixture(scope="module")
def environment(template: Content) -> dict[str, Any]:
    return the(template, ENVIRONMENT)["Properties"]


def test_its_web_server_is_private_and_its_workers_finish_their_tasks(
    environment: dict[str, Any],
) -> None:
    assert environment["WebserverAccessMode"] == "PRIVATE_ONLY"
    assert environment["WorkerReplacementStrategy"] == "GRACEFUL"


def test_its_workers_are_replaced_at_once_where_that_is_declared(
    new_stack: Callable[[], Stack],
) -> None:
    stack = new_stack()
    made(stack, worker_replacement="forced")
    environment = the(synthesized(stack), ENVIRONMENT)["Properties"]
    assert environment["WorkerReplacementStrategy"] == "FORCED"


def test_its_web_server_is_public_only_where_that_is_declared(
    new_stack: Callable[[], Stack],
) -> None:
    stack = new_stack()
    made(stack, web_server_access="public")
    environment = the(synthesized(stack), ENVIRONMENT)["Properties"]
    assert environment["WebserverAccessMode"] == "PUBLIC_ONLY"


def test_its_five_log_groups_are_there_first_with_retention_and_key(template: Content) -> None:
    groups = of_type(template, "AWS::Logs::LogGroup")
    own = {
        logical_id: group["Properties"]
        for logical_id, group in groups.items()
        if "LogGroupName" in group["Properties"]
    }
    assert {group["LogGroupName"] for group in own.values()} == {
        f"airflow-dev-{component}" for component in COMPONENTS
    }
    [key] = of_type(template, "AWS::KMS::Key")
    for group in own.values():
        assert group["RetentionInDays"] == 90
        assert group["KmsKeyId"] == {"Fn::GetAtt": [key, "Arn"]}
    assert set(own) <= set(the(template, ENVIRONMENT)["DependsOn"])


def test_each_component_logs(environment: dict[str, Any]) -> None:
    assert environment["LoggingConfiguration"] == {
        f"{component}Logs": {"Enabled": True, "LogLevel": "INFO"}
        for component in ("DagProcessing", "Scheduler", "Task", "Webserver", "Worker")
    }


def test_its_key_rotates_and_serves_bucket_queue_and_logs(
    template: Content, environment: dict[str, Any]
) -> None:
    [key] = of_type(template, "AWS::KMS::Key")
    arn = {"Fn::GetAtt": [key, "Arn"]}
    assert text(environment["KmsKey"]) == f"arn:aws:kms:eu-central-1:111122223333:key/<{key}>"
    assert template["Resources"][key]["Properties"]["EnableKeyRotation"] is True
    [bucket] = [
        one for one in properties(template, "AWS::S3::Bucket") if "LoggingConfiguration" in one
    ]
    [rule] = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"] == {
        "SSEAlgorithm": "aws:kms",
        "KMSMasterKeyID": arn,
    }


def test_its_buckets_are_private_and_take_no_request_without_tls(template: Content) -> None:
    buckets = of_type(template, "AWS::S3::Bucket")
    assert len(buckets) == 2
    for bucket in buckets.values():
        assert set(bucket["Properties"]["PublicAccessBlockConfiguration"].values()) == {True}
    refusals = [
        (text(policy["Bucket"]), statement["Condition"])
        for policy in properties(template, "AWS::S3::BucketPolicy")
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Deny" and statement["Action"] == "s3:*"
    ]
    assert sorted(refusals, key=str) == [
        (f"<{name}>", {"Bool": {"aws:SecureTransport": "false"}}) for name in sorted(buckets)
    ]


def test_its_files_are_named_with_their_versions(
    template: Content, environment: dict[str, Any]
) -> None:
    [files] = of_type(template, "Custom::BucketFiles")
    [bucket] = [
        name
        for name, one in of_type(template, "AWS::S3::Bucket").items()
        if "LoggingConfiguration" in one["Properties"]
    ]
    assert environment["SourceBucketArn"] == {"Fn::GetAtt": [bucket, "Arn"]}
    assert environment["DagS3Path"] == "dags"
    assert environment["RequirementsS3Path"] == "dags/requirements.txt"
    version = {"Fn::GetAtt": [files, "requirements.txt"]}
    assert environment["RequirementsS3ObjectVersion"] == version


def test_its_files_are_the_dags_the_doctor_and_the_certificates(
    stack: Stack, template: Content
) -> None:
    key = the(template, "Custom::BucketFiles")["Properties"]["SourceKey"]
    app = stack.node.root
    assert isinstance(app, App)
    delivered = Path(app.outdir, "asset." + key.removesuffix(".zip"))
    sources = {
        ROOT / "dags": "",
        ROOT / "doctor": "doctor/",
        ROOT / "lambda/rds_login": "rds_login/",
    }
    found = {
        str(file.relative_to(delivered)): file.read_bytes()
        for file in delivered.rglob("*")
        if file.is_file()
    }
    drivers = [name for name in found if DRIVER.match(name)]
    assert "pg8000/native.py" in drivers
    assert {name: content for name, content in found.items() if name not in drivers} == {
        f"{place}{file.relative_to(source)}": file.read_bytes()
        for source, place in sources.items()
        for file in source.rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    } | {"certificates/global-bundle.pem": RDS_CERTIFICATES.read_bytes()}


def test_the_certificates_are_looked_for_where_they_are_delivered_unless_told(
    stack: Stack, environment: dict[str, Any], new_stack: Callable[[], Stack]
) -> None:
    airflow = stack.node.find_child("Airflow")
    assert isinstance(airflow, AirflowEnvironment)
    # The folder of the bucket that the environment names arrives as this one on each worker.
    assert environment["DagS3Path"] == "dags"
    assert airflow.authorities == "/usr/local/airflow/dags/certificates/global-bundle.pem"
    assert made(new_stack(), authorities="/etc/rds.pem").authorities == "/etc/rds.pem"


def test_it_looks_connections_up_in_secrets_manager_except_that_of_aws(
    environment: dict[str, Any],
) -> None:
    options = environment["AirflowConfigurationOptions"]
    assert options["secrets.backend"] == (
        "airflow.providers.amazon.aws.secrets.secrets_manager.SecretsManagerBackend"
    )
    assert json.loads(options["secrets.backend_kwargs"]) == {
        "connections_prefix": "airflow/dev/connections",
        "connections_lookup_pattern": "^(?!aws_default$).*$",
        "variables_prefix": None,
        "config_prefix": None,
    }


def test_the_secrets_backend_cannot_be_replaced(new_stack: Callable[[], Stack]) -> None:
    stack = new_stack()
    made(stack, configuration={"secrets.backend": "mine", "secrets.backend_kwargs": "{}"})
    options = the(synthesized(stack), ENVIRONMENT)["Properties"]["AirflowConfigurationOptions"]
    assert options["secrets.backend"] != "mine"
    assert "lookup_pattern" in options["secrets.backend_kwargs"]


def test_other_options_are_taken(environment: dict[str, Any]) -> None:
    assert environment["AirflowConfigurationOptions"]["core.parallelism"] == "64"


def test_its_role_has_its_permissions_before_the_service_looks(template: Content) -> None:
    [role] = [
        name
        for name, one in of_type(template, "AWS::IAM::Role").items()
        if "airflow-env" in json.dumps(one)
    ]
    policies = {
        name
        for name, one in of_type(template, "AWS::IAM::Policy").items()
        if one["Properties"]["Roles"] == [{"Ref": role}]
    }
    assert policies
    assert policies <= set(the(template, ENVIRONMENT)["DependsOn"])


@pytest.mark.parametrize(("version", "warned"), [("3.0.6", True), ("2.11.2", False)])
def test_who_takes_a_version_whose_engines_sign_no_token_is_warned(
    new_stack: Callable[[], Stack], version: str, warned: bool
) -> None:
    stack = new_stack()
    made(stack, version=version)
    found = Annotations.from_stack(stack).find_warning(
        "*", Match.string_like_regexp("signing_engine")
    )
    assert bool(found) == warned


def test_a_key_that_exists_is_that_of_bucket_queue_and_logs_and_none_is_made(
    new_stack: Callable[[], Stack],
) -> None:
    stack = new_stack()
    made(stack, key=kms.Key.from_key_arn(stack, "Mine", OWN_KEY))
    template = synthesized(stack)
    assert of_type(template, "AWS::KMS::Key") == {}
    assert text(the(template, ENVIRONMENT)["Properties"]["KmsKey"]) == OWN_KEY
    groups = properties(template, "AWS::Logs::LogGroup")
    assert {group["KmsKeyId"] for group in groups} == {OWN_KEY}
    encryption = [one["BucketEncryption"] for one in properties(template, "AWS::S3::Bucket")]
    assert OWN_KEY in json.dumps(encryption)
    [using] = [one for one in statements(template) if "kms:DescribeKey" in one["Action"]]
    assert using["Resource"] == [OWN_KEY]


def test_with_the_keys_that_aws_owns_none_is_named_and_the_queues_may_be_used(
    new_stack: Callable[[], Stack],
) -> None:
    stack = new_stack()
    made(stack, key="aws")
    template = synthesized(stack)
    assert of_type(template, "AWS::KMS::Key") == {}
    assert "KmsKey" not in the(template, ENVIRONMENT)["Properties"]
    assert not any("KmsKeyId" in one for one in properties(template, "AWS::Logs::LogGroup"))
    for bucket in properties(template, "AWS::S3::Bucket"):
        [rule] = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        assert rule["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    # "Amazon MWAA execution role", for an environment with a key that AWS owns.
    [using] = [
        statement
        for policy in properties(template, "AWS::IAM::Policy")
        for statement in policy["PolicyDocument"]["Statement"]
        if "kms:DescribeKey" in statement["Action"]
    ]
    assert using["NotResource"] == "arn:aws:kms:*:111122223333:key/*"
    assert using["Condition"] == {
        "StringLike": {"kms:ViaService": ["sqs.eu-central-1.amazonaws.com"]}
    }


def test_a_bucket_that_exists_takes_the_files_in_a_folder_of_the_environments(
    new_stack: Callable[[], Stack],
) -> None:
    stack = new_stack()
    key = kms.Key.from_key_arn(stack, "Mine", OWN_KEY)
    bucket = s3.Bucket.from_bucket_attributes(
        stack, "Team", bucket_name="team-files", encryption_key=key
    )
    airflow = made(stack, key=key, bucket=bucket)
    template = synthesized(stack)
    assert of_type(template, "AWS::S3::Bucket") == {}
    environment = the(template, ENVIRONMENT)["Properties"]
    assert text(environment["SourceBucketArn"]).endswith(":s3:::team-files")
    assert environment["DagS3Path"] == "dev/dags"
    assert environment["RequirementsS3Path"] == "dev/dags/requirements.txt"
    files = the(template, "Custom::BucketFiles")["Properties"]
    assert (files["Bucket"], files["Prefix"]) == ("team-files", "dev/dags")
    # The folder that the environment names arrives as this one, whatever its name.
    assert airflow.authorities.startswith("/usr/local/airflow/dags/")
    [writing] = [one for one in statements(template) if "s3:PutObject" in one["Action"]]
    assert [text(one) for one in writing["Resource"]] == ["arn:aws:s3:::team-files/dev/dags/*"]
