"""Whether a bucket and a key that exist are such as Amazon MWAA takes.

Source: "Create an Amazon S3 bucket for Amazon MWAA" and "Customer managed keys for data
encryption" of its user guide.
"""

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

AWS_KEY = "aws"
_PUBLIC = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")


def unfit_bucket(s3: Any, bucket: str, key: str, *, said: str = "airflow.bucket") -> Iterator[str]:
    """What Amazon MWAA would refuse of the bucket, or could not read in it.

    Args:
        s3: a boto3 client; it calls GetBucketVersioning, GetPublicAccessBlock and
            GetBucketEncryption.
        bucket: its name.
        key: the ARN of the environment's key, or ``aws``.
        said: where it is declared.

    Raises:
        ClientError: the caller may not ask.
    """
    said = f"{said}: {bucket}"
    try:
        versioning = s3.get_bucket_versioning(Bucket=bucket).get("Status")
    except ClientError as error:
        if _code(error) != "NoSuchBucket":
            raise
        yield f"{said} is not there; make it first, versioned"
        return
    if versioning != "Enabled":
        yield f"{said} keeps no versions of its objects: versioning must be enabled"
    try:
        blocked: dict[str, bool] = s3.get_public_access_block(Bucket=bucket)[
            "PublicAccessBlockConfiguration"
        ]
    except ClientError as error:
        if _code(error) != "NoSuchPublicAccessBlockConfiguration":
            raise
        blocked = {}
    if unset := [one for one in _PUBLIC if not blocked.get(one)]:
        yield f"{said} may be public: its public access block must have {', '.join(unset)}"
    yield from _encryption(s3, bucket, key, said)


def _encryption(s3: Any, bucket: str, key: str, said: str) -> Iterator[str]:
    try:
        found = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]
        default = found["Rules"][0]["ApplyServerSideEncryptionByDefault"]
    except ClientError as error:
        if _code(error) != "ServerSideEncryptionConfigurationNotFoundError":
            raise
        default = {"SSEAlgorithm": "AES256"}
    used = default.get("KMSMasterKeyID", default["SSEAlgorithm"])
    if key == AWS_KEY and default["SSEAlgorithm"] != "AES256":
        yield f"{said} is encrypted with {used}, and with key: aws it must be with AES256"
    elif key != AWS_KEY and used != key:
        yield f"{said} is encrypted with {used}, and {key} is declared: both must be the same key"


def unfit_key(kms: Any, key: str, *, region: str, said: str = "airflow.key") -> Iterator[str]:
    """What Amazon MWAA, or CloudWatch Logs, would refuse of a key.

    Args:
        kms: a boto3 client; it calls DescribeKey and GetKeyPolicy.
        key: its ARN.
        region: that of the environment.
        said: where it is declared.

    Raises:
        ClientError: the caller may not ask.
    """
    said = f"{said}: {key}"
    try:
        found = kms.describe_key(KeyId=key)["KeyMetadata"]
    except ClientError as error:
        if _code(error) != "NotFoundException":
            raise
        yield f"{said} is not there"
        return
    if found["KeyState"] != "Enabled":
        yield f"{said} is {found['KeyState']}, and must be Enabled"
    spec = found.get("KeySpec", "SYMMETRIC_DEFAULT")
    if spec != "SYMMETRIC_DEFAULT" or found.get("MultiRegion"):
        yield f"{said} must be symmetric and of one region, and is {spec}"
    logs = f"logs.{region}.amazonaws.com"
    if logs not in kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"]:
        yield f"{said} does not let CloudWatch Logs use it: its policy must name {logs}"


def _code(error: ClientError) -> str:
    return error.response.get("Error", {}).get("Code", "")
