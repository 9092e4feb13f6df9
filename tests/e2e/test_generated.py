"""What the review reads from the templates, against what logins show, for generated declarations.

The servers stay and everything in them changes, from one declaration to the next.
"""

import os
from collections.abc import Generator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import Phase, given, settings

from proof import make
from proof.account import Account, started_account
from proof.declared import ALLOWED, Declared, Grant
from proof.environment import MASTER, Environment, stranger
from proof.steps.access_matrix import tried
from review.kept import review_again
from review.matrix.model import Row
from tests.declarations import PEOPLE, ROLES, SERVERS, declarations

EXAMPLES, PARTS = (10, 2) if os.environ.get("HYPOTHESIS_PROFILE") == "full" else (2, 1)
"""Each part has an account of its own, and several declarations in it, one after the other."""
MADE_ANEW = {"retain": False, "deletion_protection": False, "multi_az": False}


@dataclass
class Place:
    """An account in which one declaration after the other is deployed."""

    account: Account
    folder: Path
    deployed: list[str] = field(default_factory=list[str])

    def deploy(self, content: dict[str, Any]) -> list[Row]:
        """Deploy a declaration; the matrix that the review reads from its templates."""
        file = self.folder / "generated.yaml"
        file.write_text(yaml.safe_dump(content))
        targets = ("access",) if self.deployed else ("bootstrap", "deploy")
        log = self.folder / "make.log"
        make.run(self.account, *targets, environment=file, output=self.folder / "out", log=log)
        self.deployed.append(file.read_text())
        return [*review_again(self.folder / "out", today=date.today()).matrix.rows]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Generator[Place]:
    folder = tmp_path_factory.mktemp("generated")
    with started_account(
        folder / "state", account="111122223333", region="eu-central-1", log=folder / "aws.log"
    ) as account:
        for name in (*PEOPLE[1:], "stranger"):
            account.make_role(ROLES + name)
        yield Place(account, folder)
        assert len(place_servers(account)) == len(SERVERS)


def place_servers(account: Account) -> list[dict[str, Any]]:
    return account.client("rds").describe_db_instances()["DBInstances"]


def environment(place: Place, content: dict[str, Any], server: str) -> Environment:
    """One server of a declaration."""
    databases: dict[str, dict[str, list[str]]] = content["instances"][server]["databases"]
    declared = Declared(
        environment="generated",
        account=place.account.id,
        region=place.account.region,
        instance=server,
        identifier=f"generated-{server}",
        databases=tuple(databases),
        airflows={"airflow": "generated"},
        role_arns={name: one["role_arn"] for name, one in content["identities"].items()},
        grants=tuple(
            Grant(identity=identity, instance=server, database=database, level=level)
            for database, levels in databases.items()
            for level, identities in levels.items()
            for identity in identities
        ),
    )
    assert stranger(declared) == ROLES + "stranger"
    return Environment(account=place.account, declared=declared)


def generated() -> list[dict[str, Any]]:
    """The same declarations each time."""
    found: list[dict[str, Any]] = []

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
    )
    @given(declarations(servers=SERVERS, owner="shop"))
    def keep(content: dict[str, Any]) -> None:
        found.append(content)

    keep()
    return found


@pytest.mark.parametrize("part", range(PARTS))
def test_who_stands_in_the_matrix_gets_in_with_these_privileges_and_nobody_else_does(
    place: Place, part: int
) -> None:
    for content in generated()[part::PARTS]:
        for instance in content["instances"].values():
            instance |= MADE_ANEW
        rows = place.deploy(content)
        for server in SERVERS:
            there = environment(place, content, server)
            of_server = [
                row for row in rows if row.server == f"generated-{server}" and row.user != MASTER
            ]
            for row in of_server:
                if row.level == "own" and row.identity == "shop":
                    with there.identity("shop").log_in(row.user, row.database) as session:
                        session.execute("CREATE TABLE IF NOT EXISTS things (it int)")
            found = tried(there)
            assert {(row.identity, row.database, row.user) for row in of_server} == found.users
            assert {
                (row.identity, row.database, operation)
                for row in of_server
                for operation in ALLOWED[row.level]
            } == {
                (cell.identity, cell.database, cell.operation)
                for cell, allowed in found.found.items()
                if allowed
            }
