"""The roles that a declaration names are there before it is deployed, as its owner made them."""

import json
import time
from pathlib import Path

import pytest

from proof import owner
from proof.account import Account
from tests.emulator.conftest import ACCOUNT

PATIENCE_SECONDS = 30


def arn(name: str, account: str = ACCOUNT) -> str:
    return f"arn:aws:iam::{account}:role/{name}"


def role(account: Account, name: str) -> str | None:
    """The ARN of the role of that name, once it is there."""
    iam = account.client("iam")
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        try:
            return iam.get_role(RoleName=name)["Role"]["Arn"]
        except iam.exceptions.NoSuchEntityException:
            time.sleep(0.1)
    return None


@pytest.mark.slow
def test_the_role_of_a_declaration_and_that_of_a_template_are_made_when_they_are_named(
    account: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(owner, "ROOT", tmp_path)
    for folder in ("try", "cdk.out.other"):
        (tmp_path / folder).mkdir()
    with owner.at_work(account, role_arns=[arn("known/first")]) as made:
        assert role(account, "first") == arn("known/first")
        (tmp_path / "try/dev.yaml").write_text(
            f"analyst:\n  role_arn: {arn('people/declared')}\n"
            f"other:\n  role_arn: {arn('elsewhere', '444455556666')}\n"
        )
        assert role(account, "declared") == arn("people/declared")
        policy = {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"Roles": ["synthesized"]}}
        template = json.dumps({"Resources": {"Policy": policy}})
        # As the CDK is writing it.
        (tmp_path / "cdk.out.other/a.template.json").write_text(template[:20])
        time.sleep(0.5)
        (tmp_path / "cdk.out.other/a.template.json").write_text(template)
        assert role(account, "synthesized") == arn("synthesized")
        assert {*made} == {"first", "declared", "synthesized"}
