from collections.abc import Callable
from pathlib import Path

import pytest
from aws_cdk import Stack
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3

from airflow_rds_iam.delivery.bucket_files import BucketFiles
from airflow_rds_iam.delivery.bundling import copy_tree
from tests.templates import Content, of_type, properties, statements, synthesized, text, the


@pytest.fixture(scope="module")
def stack(new_stack: Callable[[], Stack], tmp_path_factory: pytest.TempPathFactory) -> Stack:
    source = tmp_path_factory.mktemp("files")
    (source / "startup.sh").write_text("true\n")
    stack = new_stack()
    key = kms.Key(stack, "Key")
    bucket = s3.Bucket(
        stack,
        "Bucket",
        encryption_key=key,  # pyright: ignore[reportArgumentType]
        versioned=True,
    )
    files = BucketFiles(
        stack,
        "Files",
        bucket=bucket,
        key=key,  # pyright: ignore[reportArgumentType]
        prefix="dags",
        source=source,
        assemble=lambda target: copy_tree(source, target),
        versioned=["startup.sh"],
    )
    stack.export_value(files.version("startup.sh"), name="Version")
    return stack


@pytest.fixture(scope="module")
def template(stack: Stack) -> Content:
    return synthesized(stack)


def test_it_is_told_what_to_deliver_where(template: Content) -> None:
    [bucket] = of_type(template, "AWS::S3::Bucket")
    resource = the(template, "Custom::BucketFiles")["Properties"]
    assert resource["Bucket"] == {"Ref": bucket}
    assert (resource["Prefix"], resource["Versioned"]) == ("dags", ["startup.sh"])
    assert resource["SourceBucket"] == "cdk-hnb659fds-assets-111122223333-eu-central-1"
    assert resource["SourceKey"].endswith(".zip")
    assert resource["ServiceTimeout"] == "360"


def test_the_object_version_of_a_file_can_be_asked_for(template: Content) -> None:
    [resource] = of_type(template, "Custom::BucketFiles")
    [output] = template["Outputs"].values()
    assert output["Value"] == {"Fn::GetAtt": [resource, "startup.sh"]}


def test_it_may_read_its_asset_write_below_its_prefix_and_use_the_buckets_key(
    template: Content,
) -> None:
    [bucket] = of_type(template, "AWS::S3::Bucket")
    [key] = of_type(template, "AWS::KMS::Key")
    asset = the(template, "Custom::BucketFiles")["Properties"]["SourceKey"]
    allowed = [
        ({*statement["Action"]}, [*map(text, statement["Resource"])], statement.get("Condition"))
        for statement in statements(template)
        if {action.partition(":")[0] for action in statement["Action"]} & {"s3", "kms"}
    ]
    below = {"StringLike": {"s3:prefix": "dags/*"}}
    writing = {"s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:DeleteObjectVersion"}
    for expected in (
        (
            {"s3:GetObject"},
            [f"arn:aws:s3:::cdk-hnb659fds-assets-111122223333-eu-central-1/{asset}"],
            None,
        ),
        ({"s3:ListBucket", "s3:ListBucketVersions"}, [f"<{bucket}.Arn>"], below),
        (writing, [f"<{bucket}.Arn>/dags/*"], None),
        ({"kms:Decrypt", "kms:GenerateDataKey"}, [f"<{key}.Arn>"], None),
    ):
        allowed.remove(expected)
    assert allowed == []


def test_the_bucket_is_emptied_while_the_function_may_still_do_it(template: Content) -> None:
    before = set(the(template, "Custom::BucketFiles")["DependsOn"])
    policies = set(of_type(template, "AWS::IAM::Policy"))
    assert policies
    assert policies <= before


def test_the_function_is_in_no_network(template: Content) -> None:
    assert not [one for one in properties(template, "AWS::Lambda::Function") if "VpcConfig" in one]


def test_its_code_is_this_package_alone(stack: Stack, template: Content) -> None:
    [code] = [
        one["Code"]["S3Key"].removesuffix(".zip")
        for one in properties(template, "AWS::Lambda::Function")
        if one["Handler"] == "bucket_files.handler.handle"
    ]
    folder = Path(getattr(stack.node.root, "outdir", ""), f"asset.{code}")
    assert {path.name for path in folder.iterdir()} == {"bucket_files"}
