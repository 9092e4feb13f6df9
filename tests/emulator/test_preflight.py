"""What IAM refuses in the middle of an update is told before it."""

from pathlib import Path
from typing import Any

import pytest

from airflow_rds_iam.declaration.file import load
from airflow_rds_iam.declaration.model import Declaration
from preflight.__main__ import obstacles
from preflight.policies import login_characters, too_many_logins, too_many_of_made
from proof.account import Account
from tests.application import CdkOut, templates
from tests.declared import dev, written
from tests.emulator.conftest import ACCOUNT, StackFailedError, Stacks, allow, resource
from tests.kinds import KINDS

QUOTA = 10


def declaration(role: str, folder: Path) -> Declaration:
    arn = f"arn:aws:iam::{ACCOUNT}:role/people/{role}"
    return load(written(dev({"identities.shop.role_arn": arn}), folder / "dev.yaml"))


def of_role(role: str, *numbers: int, **properties: Any) -> dict[str, Any]:
    """Managed policies of a role, by their numbers."""
    document = allow("s3:GetObject", "*")["PolicyDocument"]
    policy = resource("IAM::ManagedPolicy", PolicyDocument=document, Roles=[role], **properties)
    return {"Resources": {f"P{number}": policy for number in numbers}}


@pytest.fixture
def role(account: Account, request: pytest.FixtureRequest) -> str:
    name = f"of-{abs(hash(request.node.name))}"
    account.make_role(f"arn:aws:iam::{ACCOUNT}:role/people/{name}")
    return name


@pytest.mark.slow
def test_one_database_for_another_at_the_quota_is_refused_before_and_works_in_two_steps(
    stacks: Stacks, account: Account, role: str, tmp_path: Path
) -> None:
    def said(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
        return [*obstacles(account.client("iam"), declaration(role, tmp_path), old, new)]

    full, fewer = of_role(role, *range(QUOTA)), of_role(role, *range(1, QUOTA))
    other = of_role(role, *range(1, QUOTA + 1))
    assert said({}, full) == []
    stacks.deploy_template("exchange", full)
    with pytest.raises(StackFailedError, match="quota for PoliciesPerRole: 10"):
        stacks.deploy_template("exchange", other)
    [refused] = said(full, other)
    assert "has 10 managed policies, and this attaches 1 more: 10 are allowed" in refused
    assert "deploy its removal first, then the rest" in refused
    # Of another description it is another policy, and of another document it is not.
    [replaced] = said(full, of_role(role, *range(QUOTA), Description="another"))
    assert "attaches 10 more" in replaced
    for old, new in ((full, fewer), (fewer, other)):
        assert said(old, new) == []
        stacks.deploy_template("exchange", new)


def test_what_a_role_has_of_its_owner_counts_too(
    account: Account, role: str, tmp_path: Path
) -> None:
    iam = account.client("iam")
    for name in ("ReadOnlyAccess", "SecurityAudit"):
        iam.attach_role_policy(RoleName=role, PolicyArn=f"arn:aws:iam::aws:policy/{name}")
    declared = declaration(role, tmp_path)
    assert [*obstacles(iam, declared, {}, of_role(role, *range(QUOTA - 2)))] == []
    [refused] = obstacles(iam, declared, {}, of_role(role, *range(QUOTA - 1)))
    assert "has 2 managed policies, and this attaches 9 more" in refused
    assert "have the quota raised and declare it, or detach one" in refused


def test_a_role_that_does_not_exist_is_told_by_its_identity(
    account: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("preflight.__main__.PATIENCE_SECONDS", 0)
    declared = declaration("not-made", tmp_path)
    assert [*obstacles(account.client("iam"), declared, {}, of_role("not-made", 1))] == [
        f"shop: the account has no role arn:aws:iam::{ACCOUNT}:role/people/not-made; make it first"
    ]


def test_logins_of_airflow_whose_levels_change_at_once_are_counted_twice(cdk_out: CdkOut) -> None:
    template = templates(cdk_out("dev"))["dev-access"]
    [login] = [
        one
        for name, one in template["Resources"].items()
        if name.startswith("Loginwarehouseorders")
    ]

    def logins(level: str, count: int) -> dict[str, Any]:
        resources = {f"Login{level}{number}": login for number in range(count)}
        return {**template, "Resources": resources}

    read, write = logins("read", 30), logins("write", 30)
    alone = login_characters("airflow", deployed={}, template=read)
    both = login_characters("airflow", deployed=read, template=write)
    assert both - alone == 30 * (183 + len("airflow_orders_read"))
    assert too_many_logins("airflow", deployed=read, template=read) is None
    said = too_many_logins("airflow", deployed=read, template=write)
    assert said
    assert "the 30 new logins beside the old ones while levels change" in said
    assert said.endswith("change fewer levels in one deploy")


def test_policies_of_airflow_that_change_at_once_are_counted_twice() -> None:
    role = {"Fn::GetStackOutput": ["dev-airflow", "Role"]}

    def packed(count: int, described: str) -> dict[str, Any]:
        output = {"Outputs": {"AirflowExecutionRole": {"Value": role}}}
        policies = of_role("", *range(count), Description=described)["Resources"]
        for one in policies.values():
            one["Properties"]["Roles"] = [role]
        return {**output, "Resources": policies}

    old, other = packed(6, "old"), packed(6, "other")
    assert too_many_of_made("airflow", deployed={}, template=old, quota=QUOTA) is None
    assert too_many_of_made("airflow", deployed=old, template=old, quota=QUOTA) is None
    said = too_many_of_made("airflow", deployed=old, template=other, quota=QUOTA)
    assert said
    assert "would have 12 managed policies, 6 of before and 6 anew" in said


@pytest.mark.parametrize("kind", ["partner", "people", "staff", "pods", "loader"])
def test_policies_of_a_role_that_is_made_are_counted_while_they_change(
    kind: str, account: Account, tmp_path: Path
) -> None:
    declared = load(written(dev({f"identities.{kind}": KINDS[kind]}), tmp_path / "dev.yaml"))

    def with_policies(*numbers: int) -> dict[str, Any]:
        policies = of_role("", *numbers)["Resources"]
        for one in policies.values():
            one["Properties"]["Roles"] = [{"Ref": "Made"}]
        made = {"Type": "AWS::IAM::Role", "Properties": {}, "Metadata": {"Identity": kind}}
        return {"Resources": {"Made": made, **policies}}

    def said(*numbers: int) -> list[str]:
        full = with_policies(*range(QUOTA))
        return [*obstacles(account.client("iam"), declared, full, with_policies(*numbers))]

    assert said(*range(QUOTA)) == said(0) == []
    [refused] = said(0, 10, 11)
    assert refused.startswith(f"{kind}: its role would have 12 managed policies, 10 of before and ")
