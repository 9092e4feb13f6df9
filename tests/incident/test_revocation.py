"""What is done, in which order, and what of it where a part fails."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from incident.environment import Deployed, NotDeployedError, Server
from incident.revocation import POLICY, Step, restore, revoke
from tests.incident.aws import AWAY, DENIED, GONE, Aws

ORDERS = {
    "Name": "orders",
    "Read": ["analyst_orders_read"],
    "Write": [],
    "Own": ["shop_orders_own"],
}
BILLS = {"Name": "bills", "Read": [], "Write": ["analyst_bills_write"], "Own": []}
PAYROLL = {"Name": "payroll", "Read": [], "Write": [], "Own": ["shop_payroll_own"]}
FOUND = Deployed(
    servers=[
        Server(name="one", function="function-one", databases=[ORDERS, PAYROLL]),
        Server(name="two", function="function-two", databases=[BILLS]),
        Server(name="three", function="function-three", databases=[PAYROLL]),
    ],
    roles={"analyst": "analyst", "shop": "shop"},
)
Act = Callable[[Any, Deployed, str], Iterator[Step]]


def done(act: Act, aws: Aws, identity: str = "analyst") -> list[tuple[bool, str]]:
    return [(not step.failure, step.title) for step in act(aws, FOUND, identity)]


def users(state: list[dict[str, Any]]) -> set[str]:
    return {user for one in state for level in ("Read", "Write", "Own") for user in one[level]}


def test_a_role_is_denied_its_logins_before_anything_else_is_done() -> None:
    aws = Aws()
    first, *rest = done(revoke, aws)
    assert first == (True, "analyst is denied rds-db:connect as any user of analyst")
    assert [name for name, _ in aws.called] == ["GetRole", "PutRolePolicy", "Invoke", "Invoke"]
    [policy] = aws.asked("PutRolePolicy")
    assert (policy["RoleName"], policy["PolicyName"]) == ("analyst", POLICY)
    denial = json.loads(policy["PolicyDocument"])["Statement"]
    assert (denial["Effect"], denial["Action"]) == ("Deny", "rds-db:connect")
    assert denial["Resource"] == "arn:aws-cn:rds-db:*:111122223333:dbuser:*/analyst_*"
    assert [title for _, title in rest] == [
        "one: login off, sessions ended, gone: analyst_orders_read",
        "two: login off, sessions ended, gone: analyst_bills_write",
    ]


def test_each_server_that_has_a_user_of_it_is_left_with_everybody_elses() -> None:
    aws = Aws()
    done(revoke, aws)
    invoked = {call["FunctionName"]: json.loads(call["Payload"]) for call in aws.asked("Invoke")}
    assert invoked.keys() == {"function-one", "function-two"}
    event = invoked["function-one"]
    assert event["RequestType"] == "Update"
    assert users(event["OldResourceProperties"]["Databases"]) == {
        "analyst_orders_read", "shop_orders_own", "shop_payroll_own",
    }  # fmt: skip
    assert users(event["ResourceProperties"]["Databases"]) == {
        "shop_orders_own",
        "shop_payroll_own",
    }


@pytest.mark.parametrize(
    ("failing", "well"),
    [
        ({}, [True, True, True]),
        ({"GetRole": GONE}, [False, True, True]),
        ({"PutRolePolicy": DENIED}, [False, True, True]),
        ({"function-one": "orders is out of reach"}, [True, False, True]),
        ({"function-two": "bills is out of reach"}, [True, True, False]),
        ({"Invoke": DENIED}, [True, False, False]),
        ({"Invoke": AWAY}, [True, False, False]),
        ({"PutRolePolicy": AWAY, "Invoke": AWAY}, [False, False, False]),
    ],
)
def test_what_fails_keeps_nothing_else_from_being_done(
    failing: dict[str, str], well: list[bool]
) -> None:
    steps = [*revoke(Aws(failing=failing), FOUND, "analyst")]
    assert [not step.failure for step in steps] == well
    for step in steps:
        assert step.seconds >= 0
        for said in failing.values():
            if step.failure and said not in (AWAY, DENIED, GONE):
                assert said in step.failure


def test_access_is_given_back_in_the_other_order() -> None:
    aws = Aws()
    steps = done(restore, aws)
    assert [name for name, _ in aws.called] == ["Invoke", "Invoke", "DeleteRolePolicy"]
    assert steps[-1] == (True, "analyst is denied nothing any more")
    event = json.loads(aws.asked("Invoke")[0]["Payload"])
    assert event["ResourceProperties"]["Databases"] == [ORDERS, PAYROLL]
    assert "analyst_orders_read" not in users(event["OldResourceProperties"]["Databases"])


@pytest.mark.parametrize("server", ["function-one", "function-two"])
def test_a_denial_stays_while_a_server_is_not_what_it_was(server: str) -> None:
    aws = Aws(failing={server: "out of reach"})
    steps = [*restore(aws, FOUND, "analyst")]
    assert len(steps) == 2
    assert sum(bool(step.failure) for step in steps) == 1
    assert not aws.asked("DeleteRolePolicy")


@pytest.mark.parametrize(("code", "well"), [(GONE, True), (DENIED, False), (AWAY, False)])
def test_a_denial_that_is_not_there_is_lifted(code: str, well: bool) -> None:
    *_, lifted = done(restore, Aws(failing={"DeleteRolePolicy": code}))
    assert lifted[0] == well


@pytest.mark.parametrize("act", [revoke, restore])
def test_somebody_who_was_granted_nothing_is_refused_with_those_who_were(act: Act) -> None:
    aws = Aws()
    with pytest.raises(NotDeployedError, match=r"'analysts'.* access has analyst, shop"):
        done(act, aws, "analysts")
    assert aws.called == []


@pytest.mark.parametrize("act", [revoke, restore])
def test_an_identity_whose_role_is_not_known_is_refused(act: Act) -> None:
    unknown = Deployed(servers=FOUND.servers, roles={})
    with pytest.raises(NotDeployedError, match="which role 'analyst' has cannot be read"):
        list(act(Aws(), unknown, "analyst"))


@pytest.mark.parametrize("act", [revoke, restore])
def test_a_permission_set_has_no_role_to_deny_and_its_users_end_or_come_back(act: Act) -> None:
    aws = Aws()
    people = Deployed(servers=FOUND.servers, roles={"analyst": None})
    assert all(not step.failure for step in act(aws, people, "analyst"))
    assert [name for name, _ in aws.called] == ["Invoke", "Invoke"]
