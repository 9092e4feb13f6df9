"""Delivers the files of an asset to a bucket, for CDK's provider framework."""

import hashlib
import io
import zipfile
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

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
        files = _files(s3, properties["SourceBucket"], properties["SourceKey"])
        if missing := set(properties["Versioned"]) - files.keys():
            raise ValueError(f"no such files to version: {sorted(missing)}; got {sorted(files)}")
        present = _delivered(s3, bucket, prefix)
        versions = {
            path: _deliver(s3, bucket, prefix + path, content, present.get(prefix + path))
            for path, content in files.items()
        }
        for key, delivered in present.items():
            if delivered.digest and key.removeprefix(prefix) not in files:
                print(f"removing s3://{bucket}/{key}")
                s3.delete_object(Bucket=bucket, Key=key)
        data = {path: versions[path] for path in properties["Versioned"]}
    return {"PhysicalResourceId": f"{bucket}/{prefix}", "Data": data}


def _files(s3: "S3Client", bucket: str, key: str) -> dict[str, bytes]:
    archive = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as content:
            return {
                entry.filename: content.read(entry)
                for entry in content.infolist()
                if not entry.is_dir()
            }
    except zipfile.BadZipFile as error:
        raise ValueError(f"s3://{bucket}/{key} cannot be read as a zip file: {error}") from None


class Delivered(NamedTuple):
    """An object's version, and the digest of its content if this function put it there."""

    version: str
    digest: str | None


def _delivered(s3: "S3Client", bucket: str, prefix: str) -> dict[str, Delivered]:
    """What is below ``prefix``, by key.

    Listed, since S3 answers a request for a key that is not there with "forbidden" to a role
    that may list one prefix alone.
    """
    found: dict[str, Delivered] = {}
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for entry in page.get("Contents", ()):
            key = entry.get("Key", "")
            head = s3.head_object(Bucket=bucket, Key=key)
            found[key] = Delivered(head["VersionId"], head["Metadata"].get(HASH))
    return found


def _deliver(
    s3: "S3Client", bucket: str, key: str, content: bytes, present: Delivered | None
) -> str:
    """The version of the object that holds ``content``; an equal one is not written again.

    A new version of requirements.txt would have Amazon MWAA replace its workers.
    """
    digest = hashlib.sha256(content).hexdigest()
    if present and present.digest == digest:
        return present.version
    print(f"writing s3://{bucket}/{key}")
    return s3.put_object(Bucket=bucket, Key=key, Body=content, Metadata={HASH: digest})["VersionId"]


def _remove_all_versions(s3: "S3Client", bucket: str, prefix: str) -> None:
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix):
        for entry in [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]:
            key, version = entry.get("Key", ""), entry.get("VersionId", "")
            s3.delete_object(Bucket=bucket, Key=key, VersionId=version)
    print(f"removed every version below s3://{bucket}/{prefix}")
