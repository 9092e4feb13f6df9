from collections.abc import Iterator
from typing import TYPE_CHECKING

import boto3
import pytest

from proof.account import Account

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@pytest.fixture(scope="module")
def s3(account: Account) -> "Iterator[S3Client]":
    """The S3 of a local AWS, which the functions under test find as they would the real one."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in account.variables(account.administrator).items():
            patch.setenv(name, value)
        patch.delenv("AWS_SESSION_TOKEN", raising=False)
        patch.delenv("AWS_PROFILE", raising=False)
        yield boto3.client("s3")  # pyright: ignore[reportUnknownMemberType]
