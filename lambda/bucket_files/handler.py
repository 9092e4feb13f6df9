"""Delivers the files of an asset to a bucket, for CDK's provider framework."""

import hashlib
import io
import zipfile
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import boto3

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# On every object that this function put there; what is without it is somebody else's.
HASH = "delivered-sha256"


def handle(event: Mapping[str, Any], _context: object) -> dict[str, Any]:
    """Deliver the files on create and update, remove them all on delete.

    ``ResourceProperties``: ``SourceBucket`` and ``SourceKey`` of a zip file, ``Bucket`` and
    ``Prefix`` to deliver to, ``Versioned``, the files whose object versions are returned.
    """
    properties = event["ResourceProperties"]
    s3 = boto3.client("s3")  # pyright: ignore[reportUnknownMemberType]
    bucket, prefix = properties["Bucket"], f"{properties['Prefix']}/"
    data: dict[str, str] = {}
    if event["RequestType"] == "Delete":
        _remove_all_versions(s3, bucket, prefix)
    else:
        archive = s3.get_object(Bucket=properties["SourceBucket"], Key=properties["SourceKey"])
        files = dict(_files(archive["Body"].read()))
        versions = {path: _deliver(s3, bucket, prefix + path, files[path]) for path in files}
        _remove_others(s3, bucket, prefix, {prefix + path for path in files})
        data = {path: versions[path] for path in properties["Versioned"]}
    return {"PhysicalResourceId": f"{bucket}/{prefix}", "Data": data}


def _files(archive: bytes) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(io.BytesIO(archive)) as content:
        for entry in content.infolist():
            if not entry.is_dir():
                yield entry.filename, content.read(entry)


def _deliver(s3: "S3Client", bucket: str, key: str, content: bytes) -> str:
    """The version of the object that holds ``content``; an equal one is not written again.

    A new version of requirements.txt or startup.sh would have Amazon MWAA replace its workers.
    """
    digest = hashlib.sha256(content).hexdigest()
    present = _head(s3, bucket, key)
    if present and present[0] == digest:
        return present[1]
    print(f"writing s3://{bucket}/{key}")
    return s3.put_object(Bucket=bucket, Key=key, Body=content, Metadata={HASH: digest})["VersionId"]


def _remove_others(s3: "S3Client", bucket: str, prefix: str, keys: set[str]) -> None:
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for entry in page.get("Contents", ()):
            key = entry.get("Key", "")
            present = None if key in keys else _head(s3, bucket, key)
            if present and present[0]:
                print(f"removing s3://{bucket}/{key}")
                s3.delete_object(Bucket=bucket, Key=key)


def _head(s3: "S3Client", bucket: str, key: str) -> tuple[str | None, str] | None:
    try:
        head = s3.head_object(Bucket=bucket, Key=key)
    except s3.exceptions.ClientError as error:
        if error.response.get("Error", {}).get("Code") in ("404", "NoSuchKey"):
            return None
        raise
    return head["Metadata"].get(HASH), head["VersionId"]


def _remove_all_versions(s3: "S3Client", bucket: str, prefix: str) -> None:
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix):
        for entry in [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]:
            key, version = entry.get("Key", ""), entry.get("VersionId", "")
            s3.delete_object(Bucket=bucket, Key=key, VersionId=version)
    print(f"removed every version below s3://{bucket}/{prefix}")
