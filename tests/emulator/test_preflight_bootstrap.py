"""An account that nobody has bootstrapped, which the CDK tells in a page of its own words."""

from pathlib import Path

import boto3
import pytest

from preflight import __main__ as preflight
from preflight.bootstrap import unprepared
from proof.account import Account
from tests.application import CdkOut

PARAMETER = "/cdk-bootstrap/hnb659fds/version"


@pytest.mark.usefixtures("as_administrator")
def test_a_deploy_before_the_bootstrap_ends_with_the_command_that_is_missing(
    cdk_out: CdkOut, account: Account, capsys: pytest.CaptureFixture[str]
) -> None:
    assembly: Path = cdk_out("dev")
    assert preflight.main([str(assembly)]) == 1
    said = capsys.readouterr().err
    assert said.startswith("nothing is deployed:\n  the account is not prepared for it in eu-centr")
    assert "run `make bootstrap ENVIRONMENT=dev`, once for each account and region" in said
    assert said.count("\n") == 2
    session = boto3.Session(region_name=account.region)
    ssm = account.client("ssm")
    ssm.put_parameter(Name=PARAMETER, Value="30", Type="String")
    try:
        assert unprepared(session, assembly, environment="dev") is None
    finally:
        ssm.delete_parameter(Name=PARAMETER)
