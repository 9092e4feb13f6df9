import io
import uuid
import zipfile
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import pytest

from bucket_files.handler import handle

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

Files = Mapping[str, str | bytes]
Deliver = Callable[..., dict[str, Any]]


@pytest.fixture
def bucket(s3: "S3Client") -> str:
    name = f"files-{uuid.uuid4()}"
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    return name


@pytest.fixture
def deliver(s3: "S3Client", bucket: str) -> Deliver:
    """Sends the function the event of CDK's provider framework for ``files`` in an asset."""
    assets = f"assets-{uuid.uuid4()}"
    s3.create_bucket(
        Bucket=assets, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
    )

    def send(
        files: Files | bytes, request: str = "Update", versioned: tuple[str, ...] = ()
    ) -> dict[str, Any]:
        s3.put_object(
            Bucket=assets,
            Key="asset.zip",
            Body=files if isinstance(files, bytes) else zipped(files),
        )
        return handle(
            {
                "RequestType": request,
                "ResourceProperties": {
                    "ServiceToken": "arn:aws:lambda:eu-central-1:111122223333:function:x",
                    "ServiceTimeout": "360",
                    "SourceBucket": assets,
                    "SourceKey": "asset.zip",
                    "Bucket": bucket,
                    "Prefix": "dags",
                    "Versioned": list(versioned),
                },
            },
            None,
        )

    return send


def zipped(files: Files) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.mkdir("empty")
        for name, text in files.items():
            archive.writestr(name, text)
    return content.getvalue()


def contents(s3: "S3Client", bucket: str) -> dict[str, bytes]:
    listed = s3.list_objects_v2(Bucket=bucket).get("Contents", [])
    return {
        one.get("Key", ""): s3.get_object(Bucket=bucket, Key=one.get("Key", ""))["Body"].read()
        for one in listed
    }


def versions(s3: "S3Client", bucket: str, key: str) -> list[str | None]:
    """The versions of one object, the newest first."""
    listed = s3.list_object_versions(Bucket=bucket, Prefix=key).get("Versions", [])
    return [one.get("VersionId") for one in listed if one.get("Key") == key]


def test_the_files_of_the_asset_are_delivered_below_the_prefix(
    s3: "S3Client", bucket: str, deliver: Deliver
) -> None:
    deliver({"a.py": "a", "certificates/ü.pem": b"\x00\xff"}, "Create")
    assert contents(s3, bucket) == {"dags/a.py": b"a", "dags/certificates/ü.pem": b"\x00\xff"}


def test_the_version_of_a_file_that_is_asked_for_is_the_newest(
    s3: "S3Client", bucket: str, deliver: Deliver
) -> None:
    deliver({"startup.sh": "old", "a.py": "a"}, "Create")
    answer = deliver({"startup.sh": "new", "a.py": "a"}, versioned=("startup.sh",))
    [newest, _] = versions(s3, bucket, "dags/startup.sh")
    assert answer["Data"] == {"startup.sh": newest}


def test_a_file_that_did_not_change_keeps_its_version_and_one_that_did_gets_another(
    s3: "S3Client", bucket: str, deliver: Deliver
) -> None:
    names = ("same.txt", "changed.txt")
    first = deliver({"same.txt": "1", "changed.txt": "1"}, "Create", names)["Data"]
    second = deliver({"same.txt": "1", "changed.txt": "2"}, versioned=names)["Data"]
    assert second["same.txt"] == first["same.txt"]
    assert second["changed.txt"] != first["changed.txt"]
    assert len(versions(s3, bucket, "dags/same.txt")) == 1
    assert len(versions(s3, bucket, "dags/changed.txt")) == 2


def test_a_file_that_somebody_overwrote_is_delivered_again(
    s3: "S3Client", bucket: str, deliver: Deliver
) -> None:
    deliver({"a.py": "a"}, "Create")
    s3.put_object(Bucket=bucket, Key="dags/a.py", Body=b"tampered")
    deliver({"a.py": "a"})
    assert contents(s3, bucket) == {"dags/a.py": b"a"}


def test_a_file_that_is_delivered_no_more_is_removed(
    s3: "S3Client", bucket: str, deliver: Deliver
) -> None:
    deliver({"a.py": "a", "b.py": "b"}, "Create")
    deliver({"b.py": "b"})
    assert contents(s3, bucket) == {"dags/b.py": b"b"}
    # An older version is left: the update that removed it can be rolled back by hand, too.
    assert len(versions(s3, bucket, "dags/a.py")) == 1


def test_a_file_that_comes_back_is_delivered_again(
    s3: "S3Client", bucket: str, deliver: Deliver
) -> None:
    for files in ({"a.py": "a"}, {"b.py": "b"}, {"a.py": "a"}):
        deliver(files)
    assert contents(s3, bucket) == {"dags/a.py": b"a"}


def test_files_of_others_are_left_alone(s3: "S3Client", bucket: str, deliver: Deliver) -> None:
    others = {"dags/theirs.py": b"1", "elsewhere/a.py": b"2", "dags-old/a.py": b"3"}
    for key, body in others.items():
        s3.put_object(Bucket=bucket, Key=key, Body=body)
    deliver({"a.py": "a"}, "Create")
    deliver({"b.py": "b"})
    assert contents(s3, bucket) == {**others, "dags/b.py": b"b"}


def test_delete_removes_every_version_below_the_prefix_and_nothing_beside_it(
    s3: "S3Client", bucket: str, deliver: Deliver
) -> None:
    s3.put_object(Bucket=bucket, Key="dags-old/a.py", Body=b"3")
    for files in ({"a.py": "1"}, {"a.py": "2"}, {"b.py": "b"}):
        deliver(files)
    deliver({}, "Delete")
    left = s3.list_object_versions(Bucket=bucket)
    assert [one.get("Key") for one in left.get("Versions", [])] == ["dags-old/a.py"]
    assert not left.get("DeleteMarkers")


def test_the_resource_is_the_prefix_so_that_another_one_is_emptied(
    deliver: Deliver, bucket: str
) -> None:
    answers = [
        deliver({"a.py": text}, request) for text, request in (("1", "Create"), ("2", "Update"))
    ]
    assert {answer["PhysicalResourceId"] for answer in answers} == {f"{bucket}/dags/"}


@pytest.mark.parametrize("damaged", [b"", b"no zip file", zipped({"a.py": "a" * 99})[:-30]])
def test_an_asset_that_is_no_zip_file_is_told_and_nothing_is_touched(
    damaged: bytes, s3: "S3Client", bucket: str, deliver: Deliver
) -> None:
    deliver({"a.py": "a"}, "Create")
    with pytest.raises(
        ValueError, match=r"^s3://assets-\S+/asset\.zip cannot be read as a zip file: "
    ):
        deliver(damaged)
    assert contents(s3, bucket) == {"dags/a.py": b"a"}


def test_a_file_to_version_that_is_not_delivered_is_told_and_nothing_is_touched(
    s3: "S3Client", bucket: str, deliver: Deliver
) -> None:
    with pytest.raises(ValueError, match=r"^no such files to version: \['b'\]; got \['a'\]$"):
        deliver({"a": "1"}, "Create", ("b",))
    assert contents(s3, bucket) == {}
