import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

import boto3
import pytest

from tests.conftest import ROOT

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

REGION = "eu-central-1"


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[S3Client]":
    """The S3 of a local AWS, which the functions under test find as they would the real one."""
    state = tmp_path_factory.mktemp("aws")
    python = ROOT / ".local/venvs/aws/bin/python"
    command = [python, "-m", "emulator", "--state", state, "--account", "111122223333"]
    with (
        (state.parent / "aws.out").open("w+") as output,
        subprocess.Popen(
            [*command, "--region", REGION], cwd=ROOT, stdout=output, stderr=output
        ) as aws,
        pytest.MonkeyPatch.context() as patch,
    ):
        try:
            while not (state / "ready.json").exists():
                assert aws.poll() is None, (output.seek(0), output.read())
                time.sleep(0.05)
            ready = json.loads((state / "ready.json").read_text())
            for name, value in {
                "AWS_ENDPOINT_URL": ready["endpoint_url"],
                "AWS_ACCESS_KEY_ID": ready["access_key_id"],
                "AWS_SECRET_ACCESS_KEY": ready["secret_access_key"],
                "AWS_DEFAULT_REGION": REGION,
            }.items():
                patch.setenv(name, value)
            patch.delenv("AWS_SESSION_TOKEN", raising=False)
            patch.delenv("AWS_PROFILE", raising=False)
            yield boto3.client("s3")  # pyright: ignore[reportUnknownMemberType]
        finally:
            aws.terminate()
            with suppress(subprocess.TimeoutExpired):
                aws.wait(20)
            aws.kill()
