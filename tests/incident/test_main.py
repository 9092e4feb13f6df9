"""What the commands print, and the status that they exit with."""

from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import NoCredentialsError

from incident import __main__ as command
from incident.environment import Deployed, NotDeployedError
from tests.incident.aws import DENIED, Aws, refusal
from tests.incident.test_revocation import FOUND


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Aws:
    aws = Aws()

    def session(region_name: str | None) -> Aws:
        aws.asked_for = region_name
        return aws

    monkeypatch.setattr(command.boto3, "Session", session)

    def found(*_: Any) -> Deployed:
        return FOUND

    monkeypatch.setattr(command, "deployed", found)
    return aws


def test_all_is_done_and_it_is_said_what_is_left(
    aws: Aws, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main(["revoke", "environments/prod.yaml", "analyst"]) == 0
    said = capsys.readouterr().out
    assert said.count("✓") == 3
    assert "analyst removed from the declaration of prod, by pull request" in said
    assert "make restore-access IDENTITY=analyst ENVIRONMENT=prod" in said


@pytest.mark.parametrize(
    ("text", "region"),
    [
        (None, "eu-central-1"),
        ("region: eu-west-1\nnetworks: wrong", "eu-west-1"),
        ("region: 1", None),
        ("tags: {}", None),
        ("half written: [", None),
    ],
)
def test_it_acts_in_the_region_that_is_declared(
    text: str | None, region: str | None, aws: Aws, tmp_path: Path
) -> None:
    environment = "prod"
    if text is not None:
        (file := tmp_path / "prod.yaml").write_text(text)
        environment = str(file)
    assert command.main(["revoke", environment, "analyst"]) == 0
    assert aws.asked_for == region
    assert command.main(["revoke", str(tmp_path / "gone.yaml"), "analyst"]) == 0
    assert aws.asked_for is None


def test_a_restoration_leaves_nothing(aws: Aws, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["restore", "prod", "analyst"]) == 0
    said = capsys.readouterr()
    assert said.out.count("✓") == 3
    assert "left" not in said.out + said.err


@pytest.mark.parametrize("action", ["revoke", "restore"])
def test_a_step_that_fails_is_said_and_the_command_fails(
    action: str, aws: Aws, capsys: pytest.CaptureFixture[str]
) -> None:
    aws.failing["function-two"] = "bills is out of reach"
    assert command.main([action, "prod", "analyst"]) == 1
    said = capsys.readouterr()
    assert "✗ two: " in said.out
    assert "\n  bills is out of reach\n" in said.out
    assert "run the same command again" in said.err
    assert "What is left" not in said.out


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (NotDeployedError("prod-access is no stack"), "prod-access is no stack"),
        (refusal(DENIED), "it may not"),
        (NoCredentialsError(), "credentials"),
    ],
)
def test_what_keeps_it_from_beginning_is_said_in_one_line(
    error: Exception,
    says: str,
    aws: Aws,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail(*_: Any) -> Deployed:
        raise error

    monkeypatch.setattr(command, "deployed", fail)
    assert command.main(["revoke", "prod", "analyst"]) == 1
    said = capsys.readouterr()
    assert said.err.startswith("error: ")
    assert says in said.err
    assert said.out == ""


def test_another_action_is_none(aws: Aws) -> None:
    with pytest.raises(SystemExit) as ended:
        command.main(["remove", "prod", "analyst"])
    assert ended.value.code == 2
