"""What stays on a server that was there before."""

from typing import Any

from deployed.stack import DeployedStack
from removal.lived_in import left_behind

ORDERS = {"Name": "orders", "Owner": "o_owner", "Writer": "o_writer", "Reader": "o_reader"}


def stack(metadata: Any, **properties: Any) -> DeployedStack:
    users = {"Type": "Custom::DatabaseUsers", "Properties": properties, "Metadata": metadata}
    return DeployedStack(name="dev-access", template={"Resources": {"Users": users}}, resources=[])


LEDGER = {"ExistingServer": {"Name": "ledger", "Administrator": "platform"}}


def test_databases_group_roles_and_the_administrator_are_named() -> None:
    [said] = left_behind(stack(LEDGER, Databases=[ORDERS]))
    assert said.startswith(
        "On ledger, which was there before, the users are gone, and these stay: "
    )
    for name in ("databases orders", "o_owner, o_writer, o_reader", "administrator platform"):
        assert name in said


def test_nothing_is_said_of_one_that_was_observed_or_made_here() -> None:
    assert [*left_behind(stack(LEDGER, Databases=[ORDERS], Observed="true"))] == []
    assert [*left_behind(stack({}, Databases=[ORDERS]))] == []
