"""What was looked up and is another by now, such as after a restore, is told before a deploy."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from airflow_rds_iam.declaration.file import load
from airflow_rds_iam.declaration.lookups import FILE
from airflow_rds_iam.declaration.model import Declaration
from deployed.lookup import looked_up
from preflight.looked_up import changed
from proof.account import Account
from tests.declared import dev, written
from tests.emulator.conftest import ACCOUNT, REGION, Stacks, instance

NAME = "looked-at"


def declared(folder: Path, found: Mapping[str, Any]) -> Declaration:
    (folder / FILE).write_text(json.dumps({f"{ACCOUNT}/{REGION}": {NAME: found}}))
    server = {
        "existing": {"lookup": NAME, "administrator": "platform"},
        "databases": {"sales": {"own": ["shop"]}},
    }
    return load(written(dev({"instances.lake": server}), folder / "dev.yaml"))


@pytest.fixture(scope="module")
def found(stacks: Stacks, account: Account) -> dict[str, Any]:
    stacks.deploy(NAME, {"Server": instance(DBInstanceIdentifier=NAME)})
    return {**looked_up(account.client("rds"), NAME), "security_group": "sg-0a1b2c3d"}


def test_what_is_as_it_was_looked_up_is_not_told(
    account: Account, found: dict[str, Any], tmp_path: Path
) -> None:
    assert [*changed(account.client("rds"), declared(tmp_path, found))] == []


def test_another_resource_id_and_endpoint_are_told_with_both(
    account: Account, found: dict[str, Any], tmp_path: Path
) -> None:
    endpoint = f"{NAME}.abc.eu-central-1.rds.amazonaws.com"
    before = {**found, "resource_id": "db-BEFORE", "endpoint": endpoint}
    [said] = changed(account.client("rds"), declared(tmp_path, before))
    assert said == (
        f"instances.lake.existing.lookup: '{NAME}' is another than was looked up: endpoint was "
        f"{endpoint}, and is {found['endpoint']}, resource_id was db-BEFORE, and is "
        f"{found['resource_id']}; run make lookup, look at the difference, and commit {FILE}"
    )


def test_what_is_not_there_any_more_is_told(
    account: Account, stacks: Stacks, found: dict[str, Any], tmp_path: Path
) -> None:
    declaration = declared(tmp_path, found)
    assert stacks.delete(NAME) == "DELETE_COMPLETE"
    [said] = changed(account.client("rds"), declaration)
    assert said.endswith("RDS has no cluster and no instance of that identifier here")
