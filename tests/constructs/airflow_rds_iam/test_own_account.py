"""To a role of another account nothing is attached, and nothing is left out in silence."""

from collections.abc import Callable

import pytest
from aws_cdk import App, Stack
from aws_cdk import aws_iam as iam

from airflow_rds_iam.access.login_policies import LoginPolicies
from airflow_rds_iam.airflow.connection import AirflowConnection
from airflow_rds_iam.declaration.grants import Grant
from airflow_rds_iam.servers.existing_instance import ExistingInstance
from tests.templates import properties, synthesized

Attach = Callable[[ExistingInstance, iam.IRole], object]


def packed(instance: ExistingInstance, role: iam.IRole) -> object:
    grant = Grant(identity="shop", instance="orders", database="orders", level="read")
    return LoginPolicies(
        Stack.of(instance),
        "Logins",
        layout={"": [grant]},
        servers={"orders": instance},
        description="it",
        role=role,
    )


def looked_up(instance: ExistingInstance, role: iam.IRole) -> object:
    made = AirflowConnection(
        Stack.of(instance), "C", name="a/b", description="it", content={}, looked_up_by="dev"
    )
    return made.grant_read(role)


WAYS: dict[str, Attach] = {
    "a login": lambda instance, role: instance.grant_connect(role, user="shop"),
    "packed logins": packed,
    "a connection's lookup": looked_up,
}


def given(stack: Stack, account: str, attach: Attach) -> None:
    instance = ExistingInstance(
        stack,
        "Instance",
        identifier="orders",
        host="orders.abc.eu-central-1.rds.amazonaws.com",
        port=5432,
        resource_id="db-ABC",
        security_group_id=None,
        administrator="iam_admin",
    )
    attach(
        instance, iam.Role.from_role_arn(stack, "Role", f"arn:aws:iam::{account}:role/team/shop")
    )


@pytest.mark.parametrize("attach", WAYS.values(), ids=WAYS)
def test_a_role_of_another_account_is_refused(
    attach: Attach, new_stack: Callable[[], Stack]
) -> None:
    with pytest.raises(ValueError, match=r"cannot be attached to a role of account 444455556666"):
        given(new_stack(), "444455556666", attach)


@pytest.mark.parametrize("attach", WAYS.values(), ids=WAYS)
def test_a_role_of_this_account_or_of_one_that_the_deploy_knows_is_taken(
    attach: Attach, new_stack: Callable[[], Stack]
) -> None:
    for stack, account in ((new_stack(), "111122223333"), (Stack(App(), "any"), "444455556666")):
        given(stack, account, attach)
        template = synthesized(stack)
        [policy] = [
            *properties(template, "AWS::IAM::Policy"),
            *properties(template, "AWS::IAM::ManagedPolicy"),
        ]
        assert policy["Roles"] == ["shop"]
