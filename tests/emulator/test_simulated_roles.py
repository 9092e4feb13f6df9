"""What IAM's simulation of a role says is what the role may do."""

import json
from typing import Any

import pytest

from proof.account import Account
from tests.emulator.conftest import ACCOUNT, trust

pytestmark = pytest.mark.slow

USER = f"arn:aws:rds-db:eu-central-1:{ACCOUNT}:dbuser:db-ABC/reader"


def document(effect: str, **what: str) -> str:
    statement = {"Effect": effect, "Resource": "*", **what}
    return json.dumps({"Version": "2012-10-17", "Statement": statement})


@pytest.mark.first(2)
@pytest.mark.parametrize("path", ["/", "/people/teams/"])
@pytest.mark.parametrize(
    ("boundary", "decision"),
    [
        (None, "allowed"),
        (document("Allow", Action="rds-db:*"), "allowed"),
        (document("Allow", NotAction="rds-db:*"), "implicitDeny"),
        (document("Deny", Action="rds-db:connect"), "explicitDeny"),
    ],
    ids=["none", "wide", "without", "denies"],
)
def test_a_roles_path_and_boundary_are_taken_into_account(
    account: Account, path: str, boundary: str | None, decision: str
) -> None:
    iam: Any = account.client("iam")
    name = f"simulated-{abs(hash((path, boundary)))}"
    options = {}
    if boundary:
        made = iam.create_policy(PolicyName=name, PolicyDocument=boundary)
        options["PermissionsBoundary"] = made["Policy"]["Arn"]
    trusted = json.dumps(trust(AWS=f"arn:aws:iam::{ACCOUNT}:root"))
    role = iam.create_role(RoleName=name, Path=path, AssumeRolePolicyDocument=trusted, **options)
    allowed = document("Allow", Action="rds-db:connect")
    iam.put_role_policy(RoleName=name, PolicyName="it", PolicyDocument=allowed)
    found = iam.simulate_principal_policy(
        PolicySourceArn=role["Role"]["Arn"], ActionNames=["rds-db:connect"], ResourceArns=[USER]
    )
    assert found["EvaluationResults"][0]["EvalDecision"] == decision
