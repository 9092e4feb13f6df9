"""Several Airflows on the same databases, tried by real logins: two made, one that exists."""

import json
from collections.abc import Generator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from botocore.exceptions import ClientError

from proof import make
from proof.account import Account, started_account
from proof.declared import ALLOWED, read
from proof.environment import MASTER, STRANGER, Environment
from proof.steps.access_matrix import tried
from review.kept import review_again
from tests.declarations import ROLES
from tests.declared import REMOVED, dev

SECRETS = {
    "airflow": "airflow/several/connections/warehouse_orders",
    "ml": "airflow/several-ml/connections/warehouse_orders",
    "team": "team/connections/warehouse_orders",
}
EXISTING = {
    "role_arn": f"{ROLES}team-airflow",
    "ranges": ["10.40.0.0/24"],
    "connections_prefix": "team/connections",
    "authorities": "/opt/rds.pem",
}
AIRFLOWS: dict[str, dict[str, Any]] = {"airflow": {}, "ml": {}, "team": {"existing": EXISTING}}
READERS = {"airflow": "read", "ml": "write", "team": "read"}


@dataclass
class Place:
    """An account in which one declaration after the other is deployed."""

    account: Account
    folder: Path

    @property
    def output(self) -> Path:
        return self.folder / "out"

    @property
    def file(self) -> Path:
        return self.folder / "several.yaml"

    def declare(self, *airflows: str) -> None:
        """Declare these Airflows, each with its level on orders, and shop, which owns it."""
        orders: dict[str, list[str]] = {"own": ["shop"]}
        for name in airflows:
            orders.setdefault(READERS[name], []).append(name)
        content = dev({
            "airflow": REMOVED,
            "airflows": {name: AIRFLOWS[name] for name in airflows},
            "instances.warehouse.databases": {"orders": orders},
        })  # fmt: skip
        self.file.write_text(yaml.safe_dump(content))

    def make(self, *targets: str) -> str:
        """Run the targets; what they said. ProgramError if one fails."""
        log = self.folder / "make.log"
        log.unlink(missing_ok=True)
        make.run(self.account, *targets, environment=self.file, output=self.output, log=log)
        return log.read_text()

    @property
    def environment(self) -> Environment:
        return Environment(account=self.account, declared=read(self.file))

    def users(self) -> frozenset[tuple[str, str, str]]:
        """(identity, database, user) of each login that succeeds."""
        return tried(self.environment).users

    def groups(self) -> set[str]:
        """What the security groups in the network are for, as far as it is Airflow."""
        found = self.account.client("ec2").describe_security_groups()["SecurityGroups"]
        told = {one["Description"] for one in found}
        return told & {"Airflow", "Airflow ml", "VPC endpoints"}

    def stacks(self) -> set[str]:
        pages = self.account.client("cloudformation").get_paginator("describe_stacks").paginate()
        return {one["StackName"] for page in pages for one in page["Stacks"]}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Generator[Place]:
    folder = tmp_path_factory.mktemp("several")
    with started_account(
        folder / "state", account="111122223333", region="eu-central-1", log=folder / "aws.log"
    ) as account:
        for name in ("shop", "team-airflow", STRANGER):
            account.make_role(ROLES + name)
        place = Place(account, folder)
        place.declare("airflow")
        place.make("bootstrap", "deploy")
        yield place


def test_each_logs_in_as_its_own_users_and_reads_its_own_connections_alone(place: Place) -> None:
    place.declare(*AIRFLOWS)
    place.make("deploy")
    there = place.environment
    with there.identity("shop").log_in("shop_orders_own", "orders") as session:
        session.execute("CREATE TABLE things (it int)")
    found = tried(there)
    kept = review_again(place.output, today=date.today()).matrix.rows
    rows = [one for one in kept if one.user != MASTER]
    assert {(row.identity, row.database, row.user) for row in rows} == found.users
    assert found.users == {
        ("airflow", "orders", "airflow_orders_read"),
        ("ml", "orders", "ml_orders_write"),
        ("team", "orders", "team_orders_read"),
        ("shop", "orders", "shop_orders_own"),
    }
    assert {
        (row.identity, row.database, operation) for row in rows for operation in ALLOWED[row.level]
    } == {
        (cell.identity, cell.database, cell.operation)
        for cell, allowed in found.found.items()
        if allowed
    }
    for name in SECRETS:
        secrets = place.account.client("secretsmanager", there.identity(name).credentials)
        for whose, secret in SECRETS.items():
            if whose == name:
                told = secrets.get_secret_value(SecretId=secret)["SecretString"]
                assert json.loads(told)["login"].startswith(f"{name}_orders_")
            else:
                with pytest.raises(ClientError, match="AccessDenied"):
                    secrets.get_secret_value(SecretId=secret)


def test_one_is_taken_away_then_all_and_each_gives_back_what_it_stood_on(place: Place) -> None:
    place.declare("airflow", "ml")
    place.make("deploy")
    assert place.groups() == {"Airflow", "Airflow ml", "VPC endpoints"}

    place.declare("airflow")
    assert "several-network keeps for now what is not declared any more" in place.make("diff")
    said = place.make("deploy")
    assert "it is still used by several-airflow-ml, several-database-warehouse: " in said
    assert "make prune ENVIRONMENT=" in said
    shop = ("shop", "orders", "shop_orders_own")
    assert place.users() == {("airflow", "orders", "airflow_orders_read"), shop}
    # Until it is removed, nothing is taken away from under it.
    assert place.groups() == {"Airflow", "Airflow ml", "VPC endpoints"}
    assert "make deploy ENVIRONMENT=" in place.make("prune")
    assert "several-airflow-ml" not in place.stacks()
    assert "keeps for now" not in place.make("deploy")
    assert place.groups() == {"Airflow", "VPC endpoints"}

    place.declare()
    assert "several-network keeps for now" in place.make("deploy")
    assert place.users() == {shop}
    assert place.groups() == {"Airflow", "VPC endpoints"}
    place.make("prune", "deploy")
    assert place.stacks() == {
        "CDKToolkit",
        "several-network",
        "several-database-warehouse",
        "several-access",
    }
    assert place.groups() == set()
    assert place.users() == {shop}

    place.declare("ml")
    place.make("deploy")
    assert place.users() == {("ml", "orders", "ml_orders_write"), shop}
