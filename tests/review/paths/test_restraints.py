"""A boundary or a denial keeps nobody from what it may take off by itself, or somebody for it."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from tests.review.test_attacks import ACCESS, IAM, add, allow, document, said, trust
from tests.review.test_further_attacks import role

Templates = dict[str, dict[str, Any]]

DENIAL = {"Effect": "Deny", "Action": "rds:*", "Resource": "*"}
MODIFY = allow("rds:ModifyDBInstance")
OWN = f"{IAM}:role/restrained"


def boundary(t: Templates, *statements: Any) -> Any:
    return add(t, ACCESS, "AWS::IAM::ManagedPolicy", PolicyDocument=document(*statements))


def bounded(t: Templates, *may: str, by: Any = None) -> None:
    role(
        t, MODIFY, allow([*may], OWN), RoleName="restrained",
        PermissionsBoundary=boundary(t, by or allow("iam:*")),
    )  # fmt: skip


def denied_inline(t: Templates, *may: str) -> None:
    add(t, ACCESS, "AWS::IAM::RolePolicy", PolicyName="Denial", PolicyDocument=document(DENIAL),
        RoleName="restrained")  # fmt: skip
    role(t, MODIFY, allow([*may], OWN), RoleName="restrained")


def denied_by_another(t: Templates, *may: str) -> Any:
    denial = boundary(t, DENIAL)
    role(t, MODIFY, allow([*may], OWN), RoleName="restrained", ManagedPolicyArns=[denial])
    return denial


def changeable(t: Templates, *, as_boundary: bool, by: str = "iam:CreatePolicyVersion") -> None:
    policy = boundary(t, allow("iam:*") if as_boundary else DENIAL)
    change = allow(by, policy)
    given: Any = {"PermissionsBoundary": policy} if as_boundary else {"ManagedPolicyArns": [policy]}
    role(t, MODIFY, change, RoleName="restrained", **given)


def user_in_a_group(t: Templates) -> None:
    denial = [{"PolicyName": "Denial", "PolicyDocument": document(DENIAL)}]
    group = add(t, ACCESS, "AWS::IAM::Group", Policies=denial)
    policy = document(MODIFY, allow("iam:RemoveUserFromGroup"))
    add(t, ACCESS, "AWS::IAM::User", UserName="restrained", Groups=[group],
        Policies=[{"PolicyName": "Given", "PolicyDocument": policy}])  # fmt: skip


def user_in_another_group(t: Templates) -> None:
    group = add(t, ACCESS, "AWS::IAM::Group")
    policy = document(MODIFY, allow("iam:DeleteUserPolicy", f"{IAM}:user/restrained"))
    named = {"Given": policy, "Denial": document(DENIAL)}
    add(t, ACCESS, "AWS::IAM::User", UserName="restrained", Groups=[group], Policies=[
        {"PolicyName": name, "PolicyDocument": one} for name, one in named.items()
    ])  # fmt: skip


def one_after_the_other(t: Templates) -> None:
    """The boundary denies that it is taken off, and a policy of the role's that it is changed."""
    keep = {"Effect": "Deny", "Action": "iam:DeleteRolePermissionsBoundary", "Resource": "*"}
    denial = boundary(t, keep)
    role(
        t, MODIFY, allow(["iam:DetachRolePolicy", "iam:DeleteRolePermissionsBoundary"], OWN),
        RoleName="restrained", ManagedPolicyArns=[denial],
        PermissionsBoundary=boundary(t, allow("iam:*")),
    )  # fmt: skip


OPENED: dict[str, Callable[[Templates], Any]] = {
    "deletes its boundary": lambda t: bounded(t, "iam:DeleteRolePermissionsBoundary"),
    "takes another boundary": lambda t: bounded(t, "iam:PutRolePermissionsBoundary"),
    "changes its boundary": lambda t: changeable(t, as_boundary=True),
    "deletes its denial": lambda t: denied_inline(t, "iam:DeleteRolePolicy"),
    "detaches its denial": lambda t: denied_by_another(t, "iam:DetachRolePolicy"),
    "changes its denial": lambda t: changeable(t, as_boundary=False),
    "leaves the group that is denied it": user_in_a_group,
    "deletes its own denial, being in a group": user_in_another_group,
    "takes off one thing after the other": one_after_the_other,
}
KEPT: dict[str, Callable[[Templates], Any]] = {
    "a boundary": lambda t: bounded(t, "iam:ListRoles"),
    "a boundary that also keeps itself": lambda t: bounded(
        t, "iam:DeleteRolePermissionsBoundary", by=allow("iam:ListRoles")
    ),
    "an inline denial": lambda t: denied_inline(t, "iam:DetachRolePolicy"),
    "an attached denial": lambda t: denied_by_another(t, "iam:DeleteRolePolicy"),
    # The default version cannot be deleted, and no other has a say.
    "a denial whose other versions it deletes": lambda t: changeable(
        t, as_boundary=False, by="iam:DeletePolicyVersion"
    ),
}


@pytest.fixture(scope="module")
def before(dev_templates_as_written: Templates) -> set[str]:
    return said(dev_templates_as_written)


def new(change: Callable[[Templates], Any], templates: Templates, before: set[str]) -> set[str]:
    changed = deepcopy(templates)
    change(changed)
    return {one for one in said(changed) - before if "modify dev-warehouse" in one}


@pytest.mark.first(3)
@pytest.mark.parametrize("how", OPENED)
def test_who_takes_off_what_restrains_it_is_named(
    how: str, dev_templates_as_written: Templates, before: set[str]
) -> None:
    [found] = new(OPENED[how], dev_templates_as_written, before)
    assert "once it took off" in found


@pytest.mark.parametrize("how", KEPT)
def test_who_cannot_is_kept_by_it(
    how: str, dev_templates_as_written: Templates, before: set[str]
) -> None:
    assert not new(KEPT[how], dev_templates_as_written, before)


@pytest.mark.parametrize("action", ["iam:DeleteRolePermissionsBoundary", "iam:ListRoles"])
def test_who_takes_it_off_for_a_role_that_it_may_assume_is_named(
    action: str, dev_templates_as_written: Templates, before: set[str]
) -> None:
    def change(t: Templates) -> None:
        role(
            t, MODIFY, RoleName="restrained", PermissionsBoundary=boundary(t, allow("iam:*")),
            AssumeRolePolicyDocument=trust(AWS=f"{IAM}:role/intern"),
        )  # fmt: skip
        policy = document(allow(action, OWN))
        add(t, ACCESS, "AWS::IAM::ManagedPolicy", PolicyDocument=policy, Roles=["intern"])

    # Of the role that the trust names, more is not known; it is the policy of these templates here.
    found = {
        one for one in new(change, dev_templates_as_written, before) if one.startswith("intern ")
    }
    assert bool(found) is (action != "iam:ListRoles")
