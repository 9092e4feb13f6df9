"""Several Airflows on the same databases, tried by real logins: two made, one that exists."""

import json
from collections.abc import Generator
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


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Generator[Account]:
    state = tmp_path_factory.mktemp("several")
    with started_account(
        state / "state", account="111122223333", region="eu-central-1", log=state / "aws.log"
    ) as account:
        for name in ("shop", "team-airflow", STRANGER):
            account.make_role(ROLES + name)
        yield account


def written(content: dict[str, Any], folder: Path) -> Path:
    file = folder / "several.yaml"
    file.write_text(yaml.safe_dump(content))
    return file


def test_each_logs_in_as_its_own_users_and_reads_its_own_connections_alone(
    account: Account, tmp_path: Path
) -> None:
    content = dev({
        "airflow": REMOVED,
        "airflows": {"airflow": {}, "ml": {}, "team": {"existing": EXISTING}},
        "instances.warehouse.databases.orders": {
            "own": ["shop"], "write": ["ml"], "read": ["airflow", "team"],
        },
    })  # fmt: skip
    file, output = written(content, tmp_path), tmp_path / "out"
    log = tmp_path / "make.log"
    make.run(account, "bootstrap", "deploy", environment=file, output=output, log=log)
    there = Environment(account=account, declared=read(file))
    found = tried(there)
    rows = [
        one for one in review_again(output, today=date.today()).matrix.rows if one.user != MASTER
    ]
    assert {(row.identity, row.database, row.user) for row in rows} == found.users
    assert {
        (row.identity, row.database, operation) for row in rows for operation in ALLOWED[row.level]
    } == {
        (cell.identity, cell.database, cell.operation)
        for cell, allowed in found.found.items()
        if allowed
    }
    for name in SECRETS:
        secrets = account.client("secretsmanager", there.identity(name).credentials)
        for whose, secret in SECRETS.items():
            if whose == name:
                told = secrets.get_secret_value(SecretId=secret)["SecretString"]
                assert json.loads(told)["login"].startswith(f"{name}_orders_")
            else:
                with pytest.raises(ClientError, match="AccessDenied"):
                    secrets.get_secret_value(SecretId=secret)


def test_without_an_airflow_people_are_let_in_as_before(account: Account, tmp_path: Path) -> None:
    databases = {"orders": {"own": ["shop"]}}
    content = dev({"airflow": REMOVED, "airflows": {}, "instances.warehouse.databases": databases})
    file, output = written(content, tmp_path), tmp_path / "out"
    make.run(account, "deploy", environment=file, output=output, log=tmp_path / "make.log")
    found = tried(Environment(account=account, declared=read(file)))
    assert found.users == {("shop", "orders", "shop_orders_own")}
