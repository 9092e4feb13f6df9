"""A name that is taken is told before anything is deployed."""

from typing import Any

import pytest

from preflight.names import taken
from proof.account import Account
from tests.emulator.conftest import StackFailedError, Stacks, cluster, instance, resource

KEPT = {"DeletionPolicy": "Retain"}
RESOURCES: dict[str, Any] = {
    "Server": instance(DBInstanceIdentifier="left-behind") | KEPT,
    "Cluster": cluster(DBClusterIdentifier="left-alone") | KEPT,
    "Logs": resource("Logs::LogGroup", LogGroupName="/left/behind") | KEPT,
    "Unnamed": resource("Logs::LogGroup"),
    "Free": resource("Logs::LogGroup", LogGroupName="/left/behi"),
}


def test_what_a_removal_left_is_told_and_not_what_the_stack_has(
    stacks: Stacks, account: Account
) -> None:
    template = {"Resources": RESOURCES}
    clients = account.client("rds"), account.client("logs")
    assert [*taken(*clients, template, {})] == []
    stacks.deploy("leaving", RESOURCES)
    assert [*taken(*clients, template, dict.fromkeys(RESOURCES, "id"))] == []
    assert stacks.delete("leaving") == "DELETE_COMPLETE"
    [said] = taken(*clients, template, {})
    assert "left-alone (RDS::DBCluster)" in said
    assert "left-behind (RDS::DBInstance)" in said
    assert "/left/behind (Logs::LogGroup); what stayed" in said
    with pytest.raises(StackFailedError, match="already exists"):
        stacks.deploy("leaving-again", RESOURCES)
