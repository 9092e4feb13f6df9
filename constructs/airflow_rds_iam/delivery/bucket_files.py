"""Files delivered to a bucket."""

from collections.abc import Callable, Sequence
from pathlib import Path

from aws_cdk import CustomResource, Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_s3_assets as s3_assets
from constructs import Construct

from airflow_rds_iam.acknowledgments import acknowledge_wildcard
from airflow_rds_iam.delivery.bundling import bundle
from airflow_rds_iam.delivery.function_code import function_code
from airflow_rds_iam.delivery.resource_function import ResourceFunction


class BucketFiles(Construct):
    """Files below ``prefix`` in ``bucket``; one that did not change keeps its object version.

    What is delivered no more is removed from the bucket; what others put there is left alone. With
    this resource everything below the prefix goes, in all its versions.

    Args:
        key: encrypts the log groups of the function that delivers; None for one of AWS's.
        source: the folder that the files are from.
        assemble: fills the folder that is delivered.
        versioned: files whose object versions can be asked for.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        bucket: s3.IBucket,
        key: kms.IKey | None,
        prefix: str,
        source: Path,
        assemble: Callable[[Path], None],
        versioned: Sequence[str] = (),
    ) -> None:
        super().__init__(scope, construct_id)
        asset = s3_assets.Asset(self, "Asset", path=str(source), **bundle(assemble))
        backing = ResourceFunction(
            self,
            "Function",
            description="Delivers files from the CDK's assets to a bucket",
            code=function_code("bucket_files"),
            handler="bucket_files.handler.handle",
            timeout=Duration.minutes(5),
            key=key,
        )
        objects = bucket.arn_for_objects(f"{prefix}/*")
        for statement in (
            iam.PolicyStatement(
                actions=["s3:GetObject"],
                resources=[asset.bucket.arn_for_objects(asset.s3_object_key)],
            ),
            iam.PolicyStatement(
                actions=["s3:ListBucket", "s3:ListBucketVersions"],
                resources=[bucket.bucket_arn],
                conditions={"StringLike": {"s3:prefix": f"{prefix}/*"}},
            ),
            iam.PolicyStatement(
                actions=[
                    "s3:GetObject",
                    "s3:PutObject",
                    "s3:DeleteObject",
                    "s3:DeleteObjectVersion",
                ],
                resources=[objects],
            ),
        ):
            backing.function.add_to_role_policy(statement)
        if bucket.encryption_key:
            bucket.encryption_key.grant(backing.function, "kms:Decrypt", "kms:GenerateDataKey")
        acknowledge_wildcard(
            backing.role,
            "Resource",
            objects,
            reason="The names of the files are not known beforehand; the function writes below "
            "this one prefix of this one bucket.",
        )
        self._resource = CustomResource(
            self,
            "Resource",
            resource_type="Custom::BucketFiles",
            service_token=backing.service_token,
            service_timeout=Duration.minutes(6),
            properties={
                "SourceBucket": asset.s3_bucket_name,
                "SourceKey": asset.s3_object_key,
                "Bucket": bucket.bucket_name,
                "Prefix": prefix,
                "Versioned": list(versioned),
            },
        )
        # The function keeps its permissions until it has emptied the bucket.
        self._resource.node.add_dependency(backing, bucket)

    def version(self, path: str) -> str:
        """The object version of the file at ``path`` below the prefix."""
        return self._resource.get_att_string(path)
