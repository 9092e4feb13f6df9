"""From one layout of policies to the other, step by step as CloudFormation orders them.

The local account refuses a policy beyond a role's quota, whatever the order.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aws_cdk import App, Environment, Stack
from aws_cdk import aws_iam as iam
from aws_cdk.assertions import Template

from airflow_rds_iam.access.login_policies import LoginPolicies
from airflow_rds_iam.declaration.databases import Level
from airflow_rds_iam.declaration.grants import Grant
from airflow_rds_iam.declaration.identities import Identity, Layout
from airflow_rds_iam.declaration.policies import login_policies
from airflow_rds_iam.servers.server import Server
from proof.account import Account
from tests.emulator.conftest import ACCOUNT, REGION, Stacks

pytestmark = pytest.mark.slow

QUOTA = 10
Users = frozenset[str]


@dataclass
class Role:
    """An existing role, and what it holds by the events of its stack."""

    stacks: Stacks
    name: str
    held: dict[str, Users] = field(default_factory=dict[str, Users])
    """The users that each policy lets in, by the policy's ARN."""
    seen: set[str] = field(default_factory=set[str])

    def deploy(
        self, layout: Layout, levels: Mapping[str, Level], *, anew: bool = False
    ) -> list[dict[str, Users]]:
        """What the role holds after each step of a deploy."""
        template = templated(self.name, layout, levels, anew=anew)
        self.stacks.deploy(self.name, template["Resources"])
        events: list[dict[str, Any]] = self.stacks.client.describe_stack_events(
            StackName=self.name
        )["StackEvents"]
        return [*self._steps(reversed(events), users(template))]

    def _steps(
        self, events: Iterator[dict[str, Any]], after: Mapping[str, Users]
    ) -> Iterator[dict[str, Users]]:
        for event in events:
            new = event["EventId"] not in self.seen
            self.seen.add(event["EventId"])
            arn, status = event.get("PhysicalResourceId", ""), event["ResourceStatus"]
            if not new or event["ResourceType"] != "AWS::IAM::ManagedPolicy":
                continue
            if status == "DELETE_COMPLETE":
                del self.held[arn]
                yield dict(self.held)
            elif status in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
                self.held[arn] = after[event["LogicalResourceId"]]
                yield dict(self.held)


def templated(
    name: str, layout: Layout, levels: Mapping[str, Level], *, anew: bool
) -> dict[str, Any]:
    """The template of the policies alone."""
    stack = Stack(App(), name, env=Environment(account=ACCOUNT, region=REGION))
    granted = [
        Grant(identity=name, instance="warehouse", database=database, level=level)
        for database, level in levels.items()
    ]
    identity = Identity(role_arn=f"arn:aws:iam::{ACCOUNT}:role/{name}", policies=layout)
    LoginPolicies(
        stack,
        "Logins",
        layout=login_policies(identity, granted),
        servers={"warehouse": cast("Server", SimpleNamespace(resource_id="db-ABC"))},
        description="it",
        role=iam.Role.from_role_name(stack, "Role", name),
        anew=anew,
    )
    return dict(Template.from_stack(stack).to_json())


def users(template: Mapping[str, Any]) -> dict[str, Users]:
    """Whom each policy lets in, by logical id."""
    return {
        name: frozenset(
            str(statement["Resource"]).rpartition("/")[2].rstrip("']}")
            for statement in policy["Properties"]["PolicyDocument"]["Statement"]
        )
        for name, policy in template["Resources"].items()
        if policy["Type"] == "AWS::IAM::ManagedPolicy"
    }


def everybody(held: Mapping[str, Users]) -> Users:
    return frozenset[str]().union(*held.values())


@pytest.mark.parametrize("count", [2, QUOTA])
def test_from_one_layout_to_the_other_and_back_nobody_waits_and_no_quota_is_passed(
    stacks: Stacks, account: Account, count: int
) -> None:
    role = Role(stacks, f"shop{count}")
    account.make_role(f"arn:aws:iam::{ACCOUNT}:role/{role.name}")
    levels: dict[str, Level] = {f"sales_{number}": "read" for number in range(count)}
    declared = frozenset(f"{role.name}_{database}_read" for database in levels)
    role.deploy("separate", levels)
    assert everybody(role.held) == declared
    assert len(role.held) == count
    for layout, policies in (("packed", 1), ("separate", count)):
        steps = role.deploy(cast("Layout", layout), levels)
        for held in steps:
            assert everybody(held) == declared
            assert len(held) <= QUOTA
        assert len(role.held) == policies
    attached = account.client("iam").list_attached_role_policies(RoleName=role.name)
    assert {one["PolicyArn"] for one in attached["AttachedPolicies"]} == role.held.keys()


def test_where_a_level_changes_both_users_are_let_in_until_all_else_is_done(
    stacks: Stacks, account: Account
) -> None:
    role = Role(stacks, "tasks")
    account.make_role(f"arn:aws:iam::{ACCOUNT}:role/{role.name}")
    role.deploy("packed", {"orders": "read", "reports": "read"}, anew=True)
    before = everybody(role.held)
    first, *rest = role.deploy("packed", {"orders": "write", "reports": "read"}, anew=True)
    assert everybody(first) == before | {"tasks_orders_write"}
    assert [everybody(one) for one in rest] == [{"tasks_orders_write", "tasks_reports_read"}]
